"""Which page of a long table is asked for: tables that show the newest rows first, a page at a time."""

from __future__ import annotations

from pyramid.request import Request

from wendelin.core.errors import BadRequest


def page_start(request: Request, lowest: int, highest: int) -> int:
    """The row that the page begins with, as ``?last=`` says; the highest without it, and never beyond either end.

    Raises `BadRequest` for what is no number.
    """
    text = request.GET.get("last")
    if text is None:
        return highest
    try:
        return min(max(int(text), lowest), highest)
    except ValueError as error:
        raise BadRequest(f"last: {text[:40]!r} is not the number of a row") from error
