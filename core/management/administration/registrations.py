"""What every plugin registered, with the file and line that did it."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from wendelin.core.model.objects.site import Site
from wendelin.core.registry import Registration, Registry


def registrations(context: Site, request: Request) -> dict[str, Any]:
    """All registrations of this process, by kind."""
    registry: Registry = request.registry["wendelin.registry"]
    kinds: dict[str, list[Registration]] = {}
    for registration in registry.all():
        kinds.setdefault(registration.kind, []).append(registration)
    return {"title": "Registered Plugins", "plugins": registry.plugin_list, "kinds": kinds, "place": place}


def place(registration: Registration) -> str:
    """``module/file.py:12``, from the package on: the folders above are no page's business."""
    parts = registration.file.replace("\\", "/").split("/")
    return f"{'/'.join(parts[-3:])}:{registration.line}"
