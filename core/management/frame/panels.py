"""Panels of the main page: what a plugin wants seen at once, such as sensors that have gone silent.

    config.add_main_page_panel("silent_streams", "my.plugin.panels:silent_streams")

    def silent_streams(site, request):
        return Panel("Silent data streams", [PanelEntry("Wind", url, "2 hours", "warning")])

The function is called whenever a user opens the main page: it must look at little, and show only what the user may see.
With nothing to say it returns None, and nothing is shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from pyramid.path import DottedNameResolver
from pyramid.request import Request

from wendelin.core.database import is_own_fault
from wendelin.core.model.objects.site import Site

log = logging.getLogger(__name__)

KIND = "main_page_panel"


@dataclass(frozen=True)
class PanelEntry:
    """A tile that leads somewhere; ``kind`` colours its badge: "", "good", "warning" or "danger"."""

    title: str
    url: str
    badge: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Panel:
    """Tiles under a heading, with a line of text behind them."""

    title: str
    entries: list[PanelEntry] = field(default_factory=list)
    note: str = ""


PanelFunction = Callable[[Site, Request], Panel | None]


def main_page_panels(site: Site, request: Request) -> list[Panel]:
    """The panels that have something to say. One that fails is left out and logged: the page has to stay usable."""
    panels = []
    for registration in request.registry["wendelin.registry"].get_list(KIND):
        function: PanelFunction = DottedNameResolver().maybe_resolve(registration.value)
        try:
            panel = function(site, request)
        except Exception as error:
            if not is_own_fault(error):
                raise
            log.exception("%s: the panel %r of %s failed", request.id, registration.name, registration.place)
            continue
        if panel is not None:
            panels.append(panel)
    return panels
