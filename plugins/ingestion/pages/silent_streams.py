"""The panel of the main page that names the streams which went silent."""

from __future__ import annotations

import time

from pyramid.request import Request

from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.model.objects.site import Site
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.documents.silence import find_noted

SHOWN = 8


def panel(site: Site, request: Request) -> Panel | None:
    """The silent streams that the user may see, those that went silent last first; None when there is none."""
    silent = [(seconds, stream) for seconds, stream in find_noted(site, time.time()) if check_permission(VIEW, stream)]
    if not silent:
        return None
    silent.sort(key=lambda pair: pair[0])
    entries = [
        PanelEntry(stream.getTitle(), url(request, stream, "preview"), f"silent for {duration(seconds)}", "warning")
        for seconds, stream in silent[:SHOWN]
    ]
    more = f"{len(silent) - SHOWN} more are silent." if len(silent) > SHOWN else ""
    return Panel("Data streams that went silent", entries, more)


def duration(seconds: float) -> str:
    """``12 min``, ``3 h``, ``2 days``."""
    if seconds < 2 * 3600:
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3600)} h" if seconds < 2 * 86400 else f"{int(seconds // 86400)} days"
