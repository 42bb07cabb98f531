"""The panel of the main page that names the documents of which something cannot be read."""

from __future__ import annotations

from pyramid.request import Request

from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.management.lists.cells import column_value
from wendelin.core.model.catalog.indexing import PROBLEM
from wendelin.core.model.objects.site import Site
from wendelin.core.security import MANAGE, check_permission
from wendelin.core.web.requests.urls import url

SHOWN = 8
EVERY = f'{PROBLEM}:"%"'


def panel(site: Site, request: Request) -> Panel | None:
    """For managers: what the catalog could not read, and where; None when it could read everything."""
    if not check_permission(MANAGE, site):
        return None
    found = site.portal_catalog(**{PROBLEM: "%"}, limit=SHOWN)
    entries = [
        PanelEntry(str(column_value(document, "title")), url(request, document, "view"), brain[PROBLEM][:80], "warning")
        for brain in found
        if (document := brain.getObject()) is not None
    ]
    if not entries:
        return None
    note = f"All of them: search for {EVERY}. Once the reason is gone, saving a document makes its entry right."
    return Panel("Documents that cannot be read whole", entries, note)
