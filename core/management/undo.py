"""Undo: the last transactions, by whom and what; chosen ones are undone together, as one new transaction."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.database import Revision
from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.management.page import say
from wendelin.core.security import MANAGE, check_permission
from wendelin.core.web.urls import url

PAGE = 25


def own_or_all(context: Any, request: Request, revisions: list[Revision]) -> list[Revision]:
    """Managers may undo everything, others what they did."""
    if check_permission(MANAGE, context):
        return revisions
    return [revision for revision in revisions if revision.user == request.user.id]


def undo_list(context: Any, request: Request) -> dict[str, Any]:
    """A page of the log, the newest first."""
    wanted = request.GET.get("page", "1")
    page_number = int(wanted) if wanted.isdigit() and int(wanted) else 1
    first = (page_number - 1) * PAGE
    log = request.database.undo_log(first, first + PAGE) if request.database.supports_undo else []
    return {
        "title": "Undo",
        "supported": request.database.supports_undo,
        "revisions": [
            (revision.undo_id.hex(), revision) for revision in own_or_all(context, request, log) if revision.undo_id
        ],
        "action": url(request, context, "undo_confirm"),
        "newer_url": url(request, context, "undo", page=page_number - 1) if page_number > 1 else "",
        "older_url": url(request, context, "undo", page=page_number + 1) if len(log) == PAGE else "",
    }


def _chosen(context: Any, request: Request) -> list[Revision]:
    """The ticked transactions, newest first: in this order they can be undone one after the other."""
    wanted = set(request.POST.getall("ids"))
    log = request.database.undo_log(0, 1000)
    found = [revision for revision in log if revision.undo_id and revision.undo_id.hex() in wanted]
    if len(found) != len(wanted):
        raise BadRequest("Some of these transactions cannot be undone any more.")
    if len(own_or_all(context, request, found)) != len(found):
        raise Unauthorized("You may undo your own transactions only.")
    return found


def undo_confirm(context: Any, request: Request) -> Any:
    """Ask once more."""
    chosen = _chosen(context, request)
    if not chosen:
        say(request, "Tick the boxes of some transactions first.", "warning")
        return HTTPSeeOther(url(request, context, "undo"))
    return {
        "title": "Undo",
        "question": f"Do you want to undo {len(chosen)} transaction{'s' * (len(chosen) != 1)}?",
        "details": [
            f"{revision.time:%Y-%m-%d %H:%M:%S} {revision.user}: {revision.description}" for revision in chosen
        ],
        "submit_label": "Undo",
        "danger": True,
        "action": url(request, context, "undo"),
        "hidden": [("ids", revision.undo_id.hex()) for revision in chosen],
        "cancel_url": url(request, context, "undo"),
    }


def undo(context: Any, request: Request) -> HTTPSeeOther:
    """Undo. What later transactions changed again cannot be undone; then nothing is."""
    chosen = _chosen(context, request)
    for revision in chosen:
        request.database.undo(revision.undo_id, request.tm)
    say(request, f"{len(chosen)} transaction{'s' * (len(chosen) != 1)} undone.")
    return HTTPSeeOther(url(request, context, "undo"))
