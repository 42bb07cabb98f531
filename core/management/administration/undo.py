"""Undo: the last transactions, by whom and what; chosen ones are undone one after the other, the newest first."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.database import Revision
from wendelin.core.errors import BadRequest
from wendelin.core.management.administration.in_words import in_words
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.history import DEPTH, parse_tid, undo_log
from wendelin.core.model.objects.history import undo as undo_transaction
from wendelin.core.model.objects.site import Site
from wendelin.core.web.requests.table_pages import page_number
from wendelin.core.web.requests.urls import url

PAGE = 25


def undo_list(context: Site, request: Request) -> dict[str, Any]:
    """A page of the log, the newest first."""
    page = page_number(request)
    first = (page - 1) * PAGE
    log = undo_log(context, first, first + PAGE)
    return {
        "title": "Undo",
        "supported": request.database.supports_undo,
        "revisions": [(entry.tid.hex(), entry, in_words(context, entry.description)) for entry in log if entry.undo_id],
        "action": url(request, context, "undo_confirm"),
        "newer_url": url(request, context, "undo", page=page - 1) if page > 1 else "",
        "older_url": url(request, context, "undo", page=page + 1) if len(log) == PAGE else "",
    }


def _chosen(context: Site, request: Request) -> list[Revision]:
    """The ticked transactions, newest first: in this order they can be undone one after the other."""
    wanted = {parse_tid(text) for text in request.POST.getall("ids")}
    found = [entry for entry in undo_log(context, 0, DEPTH) if entry.tid in wanted]
    if len(found) != len(wanted):
        raise BadRequest("Some of these transactions cannot be undone any more.")
    return found


def undo_confirm(context: Site, request: Request) -> Any:
    """Ask once more."""
    chosen = _chosen(context, request)
    if not chosen:
        say(request, "Tick the boxes of some transactions first.", "warning")
        return HTTPSeeOther(url(request, context, "undo"))
    return {
        "title": "Undo",
        "question": f"Do you want to undo {len(chosen)} transaction{'s' * (len(chosen) != 1)}?",
        "details": [
            f"{entry.time:%Y-%m-%d %H:%M:%S} {entry.user}: {in_words(context, entry.description)}" for entry in chosen
        ],
        "submit_label": "Undo",
        "danger": True,
        "action": url(request, context, "undo"),
        "hidden": [("ids", entry.tid.hex()) for entry in chosen],
        "cancel_url": url(request, context, "undo"),
    }


def undo(context: Site, request: Request) -> HTTPSeeOther:
    """Undo, up to the first that cannot be: what later transactions changed again has to be chosen as well."""
    done, problem = 0, ""
    for entry in _chosen(context, request):
        try:
            undo_transaction(context, entry.tid)
        except BadRequest as error:
            problem = str(error)
            break
        done += 1
    if done or not problem:
        say(request, f"{done} transaction{'s' * (done != 1)} undone.")
    if problem:
        say(request, f"{problem}.", "warning")
    return HTTPSeeOther(url(request, context, "undo"))
