"""A document's own pages: its list or form, further forms as tabs; clone, delete, add."""

from __future__ import annotations

import re
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.errors import Unauthorized
from wendelin.core.management.documents.content import content_of
from wendelin.core.management.documents.deletion import delete_documents, require_deletable
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.documents.script_pages import code_problems
from wendelin.core.management.forms.code_editor import add_editor
from wendelin.core.management.forms.document_forms import document_form, find_form
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.saving import save, serial_of
from wendelin.core.management.frame.layout import render_page, without_changes
from wendelin.core.management.frame.messages import say
from wendelin.core.management.lists.listing import Listing, make_listing
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ADD, COPY, require_permission
from wendelin.core.web.requests.urls import url


def view_document(context: Document, request: Request) -> Response:
    """The first page of a document: what the skins make of it, else its list (modules, tools), else its form."""
    form_id = request.GET.get("form")
    if form_id:
        return show_form(context, request, form_id)
    custom = skin_page(context, request)
    if custom is not None:
        return custom
    head = DocumentHead(request, context)
    if head.is_top and isinstance(context, Folder):
        return render_page(request, context, "list_page.pt", list_values(context, request))
    return show_form(context, request, "")


def list_values(context: Folder, request: Request) -> dict[str, Any]:
    """What the page of a module's list shows."""
    return {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, "List"),
        "listing": make_listing(request, context),
        "help": context.getTypeInfo().description,
    }


def skin_page(context: Document, request: Request) -> Response | None:
    """What ``<Type>_view`` of the skins shows: a whole page as it is, a part of one inside of this site's page."""
    method = context.getTypeBasedMethod("view")
    if method is None:
        return None
    result = method()
    if isinstance(result, Response):
        return result
    text = str(result)
    if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        return Response(text, content_type="text/html", charset="utf-8")
    values = {"title": context.getTitle(), "head": DocumentHead(request, context), "body": text}
    return render_page(request, context, "skin_page.pt", values)


def show_form(context: Document, request: Request, form_id: str, form: FieldSet | None = None) -> Response:
    """The default form, or the further form (tab) of that id; ``form`` is one that could not be saved."""
    further = find_form(context, form_id) if form_id else None
    ids = further.field_list if further else ()
    tab = (further.title or further.id) if further else "View"
    form = form or document_form(request, context, ids)
    values = {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, tab),
        "form": form,
        "editor": add_editor(request, context, form),
        "content": None if further else content_of(context, request),
        "action": url(request, context, "view", form=form_id or None),
        "serial": serial_of(context),
        "conflict": any(entry.other for entry in form),
        "help": further.description if further else context.getTypeInfo().description,
        "code_problems": code_problems(context),
        "listing": None if further else contents_of(context, request),
    }
    return render_page(request, context, "document.pt", values)


def contents_of(context: Document, request: Request) -> Listing | None:
    """The list of the documents inside of one that may hold some."""
    if not isinstance(context, Folder):
        return None
    if not context.getTypeInfo().allowed_content_type_list and not context.hasContent():
        return None
    return make_listing(request, context)


def save_document(context: Document, request: Request) -> Response:
    """Save the form, then show it as it is now kept."""
    form_id = request.GET.get("form", "")
    further = find_form(context, form_id) if form_id else None
    form = document_form(request, context, further.field_list if further else ())
    if not save(context, form, request):
        return without_changes(show_form(context, request, form_id, form))
    say(request, "Saved.")
    return HTTPSeeOther(url(request, context, "view", form=form_id or None))


def clone(context: Document, request: Request) -> HTTPSeeOther:
    """Make a copy beside the document and open it."""
    require_permission(ADD, context.__parent__)
    require_permission(COPY, context)
    copy = context.Base_createCloneDocument()
    say(request, f"This is a copy of {context.getTitle()}: change its id, title or reference as needed.")
    return HTTPSeeOther(url(request, copy, "view"))


def ask_delete(context: Document, request: Request) -> dict[str, Any]:
    """Say what would be lost."""
    require_deletable(context)
    count = len(context) if isinstance(context, Folder) else 0
    inside = f" and the {count} document{'s' * (count != 1)} in it" if count else ""
    return {
        "title": f"Delete {context.getTitle()}",
        "question": f"Do you want to delete {context.getTitle()!r}{inside}?",
        "details": [url(request, context)],
        "submit_label": "Delete",
        "danger": True,
        "action": url(request, context, "delete"),
        "hidden": [],
        "cancel_url": url(request, context, "view"),
    }


def delete(context: Document, request: Request) -> HTTPSeeOther:
    """Delete, once confirmed."""
    require_deletable(context)
    if "confirmed" not in request.POST:
        return HTTPSeeOther(url(request, context, "delete"))
    container, title = context.__parent__, context.getTitle()
    delete_documents(container, [context])
    say(request, f"{title} is deleted.")
    return HTTPSeeOther(url(request, container, "view"))


def add_content(context: Folder, request: Request) -> HTTPSeeOther:
    """The Add menu: make a document and open its form."""
    portal_type = request.POST.get("portal_type", "")
    if portal_type not in context.getVisibleAllowedContentTypeList():
        raise Unauthorized(f"{request.user.id!r} may not add {portal_type!r} to {context.getPath()}")
    document = context.newContent(portal_type=portal_type)
    say(request, f"{portal_type} created: fill in its form.")
    return HTTPSeeOther(url(request, document, "view"))
