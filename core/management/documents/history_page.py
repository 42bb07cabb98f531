"""What happened to a document: decisions that its workflows recorded, and changes that the database kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from wendelin.core.database import Revision
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.lists.cells import format_value
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.history import Change, changes

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
    titles = {id: prop.label for id, prop in context.getTypeInfo().property_dict.items()} | {"categories": "Relations"}
    return [
        (revision, [_shown(change, titles) for change in found if change.name in titles])
        for revision, found in changes(context, SHOWN_REVISIONS)
    ]


def _shown(change: Change, titles: dict[str, str]) -> ShownChange:
    return ShownChange(titles.get(change.name, change.name), _cut(change.old), _cut(change.new))


def _cut(value: object) -> str:
    text = f"{len(value)} bytes" if isinstance(value, bytes) else format_value(value)
    return text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "..."
