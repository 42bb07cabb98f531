"""What happened to a document: decisions that its workflows recorded, and changes that the database kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from wendelin.core.database import Revision
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.lists.cells import format_value
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.history import Change, changes
from wendelin.core.model.objects.properties import CategoryProperty
from wendelin.core.security import VIEW, check_permission, require_permission

SHOWN_REVISIONS = 20
SHOWN_LENGTH = 120


@dataclass(frozen=True)
class ShownChange:
    """One property in one transaction, cut to a line."""

    name: str
    old: str
    new: str


def history(context: Document, request: Request) -> dict[str, Any]:
    """The History tab, the newest first."""
    require_permission(VIEW, context)
    return {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, "History"),
        "entries": request.site.portal_workflow.getHistoryList(context),
        "revisions": revisions_of(context, request),
    }


def revisions_of(context: Document, request: Request) -> list[tuple[Revision, list[ShownChange]]] | None:
    """The kept states of the document's own record, with the properties and relations that each changed.

    None where the engine keeps none. What else a record holds (numbers, caches, contents) tells a person nothing.
    """
    if not request.database.supports_undo or getattr(context, "_p_oid", None) is None:
        return None
    title_of = _titles(context)
    return [
        (revision, [_shown(change, title) for change in found if (title := title_of(change.name))])
        for revision, found in changes(context, SHOWN_REVISIONS)
    ]


def _titles(context: Document) -> Callable[[str], str | None]:
    """The title of what the user may read; None for other names.

    Properties and relations have rights of their own; what is neither (numbers, caches) tells a person nothing.
    """
    properties = context.getTypeInfo().property_dict
    relations = [prop for prop in properties.values() if isinstance(prop, CategoryProperty)]

    def title_of(name: str) -> str | None:
        prop = properties.get(name)
        if prop is not None:
            return prop.label if check_permission(prop.read_permission, context) else None
        is_readable = name == "categories" and all(
            check_permission(prop.read_permission, context) for prop in relations
        )
        return "Relations" if is_readable else None

    return title_of


def _shown(change: Change, title: str) -> ShownChange:
    return ShownChange(title, _cut(change.old), _cut(change.new))


def _cut(value: object) -> str:
    text = f"{len(value)} bytes" if isinstance(value, bytes) else format_value(value)
    return text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "..."
