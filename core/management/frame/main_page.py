"""The start page: modules by business application, and what waits for the user."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.management.frame.layout import Page
from wendelin.core.management.frame.panels import main_page_panels
from wendelin.core.model.objects.site import Site
from wendelin.core.web.requests.urls import static_url, url


def main_page(context: Site, request: Request) -> dict[str, Any]:
    """Cards of modules; tools (``portal_*``) are not among them."""
    page = Page(request, context)
    return {
        "title": context.getTitle(),
        "groups": page.module_groups,
        "worklists": worklists(context, request),
        "panels": main_page_panels(context, request),
    }


def worklists(context: Site, request: Request) -> list[dict[str, Any]]:
    """What waits for this user, with counts; nothing for those who prefer not to see it (the access tab)."""
    if not context.portal_preferences.getPreference("preferred_html_style_access_tab"):
        return []
    return [
        {
            "title": entry.title,
            "count": entry.count,
            "url": url(request, context, "worklist", id=f"{entry.workflow_id}/{entry.id}"),
        }
        for entry in context.portal_workflow.listActions()
    ]


def favicon(context: object, request: Request) -> HTTPSeeOther:
    """Browsers ask for it when a page does not name one."""
    return HTTPSeeOther(static_url(request, "core", "mark.svg"))
