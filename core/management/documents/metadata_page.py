"""The tab Metadata: what every document has, whatever its type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.forms.document_forms import document_form
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.saving import save, serial_of
from wendelin.core.management.frame.layout import render_page, without_changes
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.properties import in_utc
from wendelin.core.security import VIEW_HISTORY, check_permission
from wendelin.core.web.requests.urls import url

METADATA_FIELDS = ("id", "title", "short_title", "reference", "version", "language", "description")


def metadata(context: Document, request: Request) -> Response:
    """Id, titles, dates, owner, rights: what every document has."""
    known = [id for id in METADATA_FIELDS if id in context.getTypeInfo().property_dict]
    form = document_form(request, context, known) if known else FieldSet([], "")
    if request.method == "POST":
        if save(context, form, request):
            say(request, "Saved.")
            return HTTPSeeOther(url(request, context, "metadata"))
        return without_changes(_metadata_page(context, request, form))
    return _metadata_page(context, request, form)


def _metadata_page(context: Document, request: Request, form: FieldSet) -> Response:
    values = {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, "Metadata"),
        "form": form,
        "action": url(request, context, "metadata"),
        "serial": serial_of(context),
        "conflict": any(entry.other for entry in form),
        "facts": _facts(context, request),
    }
    return render_page(request, context, "metadata.pt", values)


def _facts(context: Document, request: Request) -> list[tuple[str, Any]]:
    knows_people = check_permission(VIEW_HISTORY, context)
    roles = [f"{user}: {', '.join(names)}" for user, names in sorted(context.getLocalRoles().items())]
    facts: list[tuple[str, Any]] = [
        ("Portal Type", context.getPortalType()),
        ("Address", request.host_url + url(request, context)),
        *([("Owner", context.getOwner() or "-")] if knows_people else []),
        ("Created", _utc(context.getCreationDate())),
        ("Last modified", _utc(context.getModificationDate())),
        ("Categories", "\n".join(context.getCategoryList()) or "-"),
    ]
    if knows_people:
        facts += [("Number in the catalog", str(context.getUid())), ("Roles here", "\n".join(roles) or "-")]
    return facts


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else in_utc(moment)
