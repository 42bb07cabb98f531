"""The queue of activities: what waits, what failed and why; restart or cancel."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.errors import BadRequest
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.frame.messages import say
from wendelin.core.model.activities.queue import ActivityTool
from wendelin.core.web.requests.urls import url

SHOWN = 200


def activity_list(context: ActivityTool, request: Request) -> dict[str, Any]:
    """The first of what is to be done, failures included."""
    return {
        "title": context.getTitle(),
        "head": DocumentHead(request, context, "List"),
        "messages": list(islice(context.messages(), SHOWN)),
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
