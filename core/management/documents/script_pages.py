"""Editing scripts and templates in the site: what is wrong with the code, and customising what a plugin brought."""

from __future__ import annotations

import re
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.skin_items import SkinItem
from wendelin.core.model.scripting.skins import CUSTOM
from wendelin.core.web.requests.urls import url

CONTEXT_LINES = 2
_LINE = re.compile(r"\bline (\d+)")


def code_problems(document: Document) -> list[dict[str, Any]]:
    """What keeps a script or template from running: ``[{"message": text, "lines": [(number, text, is bad), ...]}]``."""
    if not isinstance(document, SkinItem) or not hasattr(type(document), "checkConsistency"):
        return []
    source = str(getattr(document, "body", None) or getattr(document, "text", None) or "").splitlines()
    return [{"message": message, "lines": _around(message, source)} for message in document.checkConsistency()]


def _around(message: str, source: list[str]) -> list[tuple[int, str, bool]]:
    match = _LINE.search(message)
    if match is None:
        return []
    bad = int(match.group(1))
    first = max(1, bad - CONTEXT_LINES)
    return [
        (number, source[number - 1], number == bad)
        for number in range(first, min(len(source), bad + CONTEXT_LINES) + 1)
    ]


def ask_customise(context: SkinItem, request: Request) -> dict[str, Any]:
    """What a plugin brought is not changed in its place: the copy in ``custom`` answers first."""
    return {
        "title": f"Customise {context.getId()}",
        "question": f"Do you want to copy {context.getId()} into the layer {CUSTOM!r}? "
        "The copy answers instead of this one, until it is deleted.",
        "details": [],
        "submit_label": "Customise",
        "danger": False,
        "action": url(request, context, "customise"),
        "hidden": [],
        "cancel_url": url(request, context, "view"),
    }


def customise(context: SkinItem, request: Request) -> HTTPSeeOther:
    """Copy, and open the copy."""
    copy = request.site.portal_skins.customise(context.getId())
    say(request, "This is your copy: it answers from now on.")
    return HTTPSeeOther(url(request, copy, "view"))
