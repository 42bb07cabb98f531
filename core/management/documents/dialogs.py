"""Dialogs of portal types: a page that asks for values and calls a method of the document with them."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from wendelin.core.errors import BadRequest, ValidationFailed, WorkflowError
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import DIALOG_PREFIX, field_of
from wendelin.core.management.frame.layout import TEMPLATES, without_changes
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.document import Document
from wendelin.core.security import require_permission
from wendelin.core.web.access.csrf import require_token
from wendelin.core.web.publishing import DialogPage
from wendelin.core.web.requests.urls import url


def show_dialog(context: DialogPage, request: Request) -> Response | dict[str, Any]:
    """GET shows it, with values from the address where it names fields; POST calls the method."""
    document, dialog = context.document, context.dialog
    require_permission(dialog.permission, document)
    require_token(request)
    form = FieldSet([field_of(prop) for prop in dialog.field], DIALOG_PREFIX)
    if request.method == "POST":
        response = submit(context, request, form)
        if response is not None:
            return response
        without_changes(request.response)
    else:
        form.fill(lambda field: request.GET.get(field.id, getattr(field.prop, "default", None)))
    return {
        "title": dialog.title or dialog.id,
        "help": dialog.label,
        "form": form,
        "action": url(request, document, dialog.id),
        "hidden": [],
        "submit_label": dialog.submit_label,
        "cancel_url": url(request, document, "view"),
    }


def submit(context: DialogPage, request: Request, form: FieldSet) -> Response | None:
    """Call the dialog's method; None, with the errors in the form, when it refuses the values."""
    values = form.read(request.POST)
    if form.has_errors:
        return None
    document, dialog = context.document, context.dialog
    try:
        result = getattr(document, dialog.method)(**values)
    except ValidationFailed as error:
        form.blame(error.message_list)
        return None
    except (BadRequest, WorkflowError) as error:
        form.blame([str(error)])
        return None
    if isinstance(result, Response):
        return result
    if dialog.message:
        say(request, dialog.message)
    return HTTPSeeOther(_next_url(request, document, result))


def _next_url(request: Request, document: Document, result: object) -> str:
    """The document that the method returned, else the one the dialog is about."""
    return url(request, result if isinstance(result, Document) else document, "view")


def includeme(config: Configurator) -> None:
    """One view for every dialog. The dialog itself names the permission that its page needs."""
    config.add_view(
        show_dialog,
        context=DialogPage,
        permission=NO_PERMISSION_REQUIRED,
        require_csrf=False,
        renderer=f"{TEMPLATES}/form.pt",
    )
