"""Search the whole site, and suggestions for relation fields."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from wendelin.core.management.lists.cells import column_value, format_value
from wendelin.core.model.catalog import OrQuery, Query
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.requests.table_pages import lines_per_page, page_number
from wendelin.core.web.requests.urls import url

SUGGESTIONS = 15
WORKLIST = 200
#: A text that stands in a title; what is typed behind that is not looked at.
LONGEST_PATTERN = 500


def search_site(context: Site, request: Request) -> dict[str, Any]:
    """Documents whose text has all the words; ``title:"%x%"`` and other columns work too."""
    text = request.GET.get("text", "").strip()
    page, lines = page_number(request), lines_per_page(request)
    count, results = 0, []
    if text:
        query = {"SearchableText": text}
        count = int(context.portal_catalog.countResults(**query)[0][0])
        found = context.portal_catalog(**query, limit=((page - 1) * lines, lines))
        results = [_result(request, document) for document in found.documents()]
    return {
        "title": "Search",
        "text": text,
        "count": count,
        "results": results,
        "problem": context.portal_catalog.problem_of(text) if text else "",
        "previous_url": url(request, context, "search", text=text, page=page - 1) if page > 1 else "",
        "next_url": url(request, context, "search", text=text, page=page + 1) if page * lines < count else "",
    }


def _result(request: Request, document: Document) -> dict[str, str]:
    place = document.__parent__
    return {
        "title": str(column_value(document, "title")),
        "url": url(request, document, "view"),
        "kind": document.getPortalTypeName(),
        "place": str(column_value(place, "title")) if check_permission(VIEW, place) else "",
        "modified": format_value(document.getModificationDate()),
    }


def worklist(context: Site, request: Request) -> dict[str, Any]:
    """The documents of one worklist, oldest first."""
    wanted = request.GET.get("id", "")
    for entry in context.portal_workflow.listActions():
        if wanted == f"{entry.workflow_id}/{entry.id}":
            found = context.portal_catalog(**entry.query, sort_on=[("modification_date", "ascending")], limit=WORKLIST)
            results = [_result(request, document) for document in found.documents()]
            return {"title": entry.title, "count": entry.count, "results": results}
    return {"title": "Worklist", "count": 0, "results": []}


def relation_items(context: Site, request: Request) -> dict[str, Any]:
    """``{"items": [{"value": relative URL, "title": ..., "label": ...}]}`` for what a relation field may lead to."""
    text = request.GET.get("text", "").strip()
    portal_types = [name for name in request.GET.getall("portal_type") if name]
    return {"items": [item_of(document) for document in find_related(context, text, portal_types)]}


def find_related(site: Site, text: str, portal_types: list[str]) -> list[Document]:
    """Documents of those portal types (any when none is given) with the text in their title or reference."""
    query: dict[str, Any] = {"portal_type": portal_types} if portal_types else {}
    if text:
        pattern = {"query": text[:LONGEST_PATTERN], "key": "Keyword"}
        query["query"] = OrQuery(Query(title=pattern), Query(reference=pattern))
    found = site.portal_catalog(**query, sort_on=[("title", "ascending")], limit=SUGGESTIONS)
    return list(found.documents())


def item_of(document: Document) -> dict[str, str]:
    """What a relation field needs of a document that it may lead to: the value, and two ways to show it."""
    title = str(column_value(document, "title"))
    return {
        "value": document.getRelativeUrl(),
        "title": title,
        "label": f"{title} ({document.getPortalTypeName()}, {document.getRelativeUrl()})",
    }
