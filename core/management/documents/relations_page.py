"""The tab Relations: what a document leads to, and what leads to it, as links both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.lists.cells import column_value
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.relations import resolve
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.requests.urls import url

#: Of each kind of relation, so many documents are shown.
SHOWN = 50


@dataclass(frozen=True)
class Related:
    """A document at the other end; without an address when it is gone, or not for this user to see."""

    title: str
    kind: str
    url: str


@dataclass(frozen=True)
class RelatedGroup:
    """The documents of one kind of relation; ``more`` of them are not shown."""

    title: str
    documents: list[Related]
    more: int = 0


def relations(context: Document, request: Request) -> dict[str, Any]:
    """Both directions, by kind of relation."""
    return {
        "title": column_value(context, "title"),
        "head": DocumentHead(request, context, "Relations"),
        "forward": leads_to(context, request),
        "backward": led_to_by(context, request),
    }


def leads_to(context: Document, request: Request) -> list[RelatedGroup]:
    """The documents and categories that the document names."""
    paths: dict[str, list[str]] = {}
    for category in context.getCategoryList():
        base, _, path = category.partition("/")
        paths.setdefault(base, []).append(path)
    return [
        RelatedGroup(
            base_title(request, base),
            [_named(request, context, base, path) for path in found[:SHOWN]],
            max(len(found) - SHOWN, 0),
        )
        for base, found in sorted(paths.items())
    ]


def led_to_by(context: Document, request: Request) -> list[RelatedGroup]:
    """The documents that name this one, as far as the user may see them; the catalog knows."""
    catalog, groups = request.site.portal_catalog, []
    for base in sorted(request.site.portal_categories.objectIds()):
        query: dict[str, Any] = {f"strict_{base}_uid": context.getUid()}
        found = catalog(**query, sort_on=[("modification_date", "descending")], limit=SHOWN + 1).documents()
        shown = [_shown(request, document) for document in found if document is not context]
        if shown:
            more = int(catalog.countResults(**query)[0][0]) - SHOWN if len(shown) > SHOWN else 0
            groups.append(RelatedGroup(base_title(request, base), shown[:SHOWN], more))
    return groups


def base_title(request: Request, base: str) -> str:
    """What people call a kind of relation."""
    document = request.site.portal_categories.get_child(base)
    title = document.getTitle() if document is not None else base
    return title.replace("_", " ").capitalize() if title == base else title


def _named(request: Request, context: Document, base: str, path: str) -> Related:
    value = resolve(context, base, path)
    if value is None:
        return Related(f"{path} (gone)", "", "")
    return _shown(request, value) if check_permission(VIEW, value) else Related("A document of others", "", "")


def _shown(request: Request, document: Document) -> Related:
    return Related(str(column_value(document, "title")), document.getPortalTypeName(), url(request, document, "view"))
