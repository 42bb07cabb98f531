"""The queue of activities: what waits, what failed and why; restart or cancel. Failures stand on the main page."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.errors import BadRequest
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.frame.messages import say
from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.model.activities.message import State
from wendelin.core.model.activities.queue import ActivityTool
from wendelin.core.model.objects.site import Site
from wendelin.core.security import MANAGE, check_permission
from wendelin.core.web.requests.urls import url

SHOWN = 200
#: The main page looks at the messages that come first, which have waited longest, and names a few failures.
LOOKED_AT, NAMED = 500, 4


def activity_list(context: ActivityTool, request: Request) -> dict[str, Any]:
    """The first of what is to be done, failures in front."""
    first = list(islice(context.messages(), SHOWN))
    return {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, "List"),
        "messages": sorted(first, key=lambda message: message.state != State.FAILED),
        "limit": SHOWN,
        "action": url(request, context, "change_activities"),
    }


def change_activities(context: ActivityTool, request: Request) -> HTTPSeeOther:
    """Restart or cancel the chosen ones."""
    actions = {"restart": (context.restart, "restarted"), "cancel": (context.cancel, "cancelled")}
    wanted = request.POST.get("action", "")
    if wanted not in actions:
        raise BadRequest(f"activities have no action {wanted!r}")
    change, word = actions[wanted]
    ids = request.POST.getall("ids")
    for id in ids:
        change(id)
    say(request, f"{len(ids)} {word}." if ids else "Tick the boxes of some activities first.", "" if ids else "warning")
    return HTTPSeeOther(url(request, context, "view"))


def failed_panel(site: Site, request: Request) -> Panel | None:
    """The panel of the main page that names activities which failed, for those who can restart or cancel them."""
    tool: ActivityTool = site.portal_activities
    if not check_permission(MANAGE, tool):
        return None
    failed = [message for message in islice(tool.messages(), LOOKED_AT) if message.state == State.FAILED]
    if not failed:
        return None
    address = url(request, tool, "view")
    entries = [
        PanelEntry(f"{message.method_id} of {message.path or site.getId()}", address, "failed", "danger")
        for message in failed[:NAMED]
    ]
    more = f"{len(failed) - NAMED} more failed. " if len(failed) > NAMED else ""
    return Panel(
        "Failed activities", entries, f"{more}A failed activity does nothing until it is restarted or cancelled."
    )
