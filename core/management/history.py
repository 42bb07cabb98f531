"""What happened to a document: decisions that its workflows recorded, and transactions that the database kept."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from wendelin.core.database import Revision
from wendelin.core.document import Document
from wendelin.core.management.document_head import DocumentHead

SHOWN_REVISIONS = 20


def history(context: Document, request: Request) -> dict[str, Any]:
    """The History tab, the newest first."""
    return {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, "History"),
        "entries": request.site.portal_workflow.getHistoryList(context),
        "revisions": revisions_of(context, request),
    }


def revisions_of(context: Document, request: Request) -> list[Revision] | None:
    """The kept states of the document's record; None where the engine keeps no history."""
    oid = getattr(context, "_p_oid", None)
    if oid is None or not request.database.supports_undo:
        return None
    return request.database.history(oid, SHOWN_REVISIONS)
