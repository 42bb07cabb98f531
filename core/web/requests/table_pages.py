"""Which page of a long table is asked for: by its number (`page_number`), or by its first row (`page_start`)."""

from __future__ import annotations

from pyramid.request import Request

from wendelin.core.errors import BadRequest


def page_number(request: Request, last: int | None = None) -> int:
    """The number that ``?page=`` says, from 1 to ``last``; what is no number means the first page."""
    text = request.GET.get("page", "")
    # Digits of other scripts would do for `int`, but there are "digits" such as ² which would not.
    wanted = max(1, int(text)) if text.isdecimal() else 1
    return wanted if last is None else min(wanted, last)


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
