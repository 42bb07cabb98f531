"""Which page of a long table is asked for: by its number (`page_number`), or by its first row (`page_start`).

How long a page is, users choose in their preferences (`lines_per_page`).
"""

from __future__ import annotations

from pyramid.request import Request

from wendelin.core.errors import BadRequest

LARGEST_NUMBER = 10**15
DEFAULT_LINES = 20
#: Each line of a list costs time: more than this are several pages.
MOST_LINES = 200


def whole_number(text: str, default: int, largest: int = LARGEST_NUMBER) -> int:
    """The number that the digits mean, at most ``largest``; the default for what is none.

    Digits only: `int` takes spaces, underscores and other scripts too, and nothing with more than 4300 digits; and
    there are "digits", such as ², which it does not take.
    """
    if not (text.isascii() and text.isdigit()):
        return default
    return min(int(text), largest) if len(text) <= len(str(largest)) else largest


def page_number(request: Request, last: int | None = None) -> int:
    """The number that ``?page=`` says, from 1 to ``last``; what is no number means the first page."""
    return max(1, whole_number(request.GET.get("page", ""), 1, LARGEST_NUMBER if last is None else last))


def lines_per_page(request: Request) -> int:
    """What the user's preference "Lines per Page" says, or the site's; from 1 to `MOST_LINES`."""
    wanted = request.site.portal_preferences.getPreference("preferred_listbox_list_mode_line_count")
    return min(max(int(wanted or DEFAULT_LINES), 1), MOST_LINES)


def page_start(request: Request, lowest: int, highest: int) -> int:
    """The row that the page begins with, as ``?last=`` says; the highest without it, and never beyond either end.

    Raises `BadRequest` for what is no number.
    """
    text = request.GET.get("last")
    if text is None:
        return highest
    number = whole_number(text, -1)
    if number < 0:
        raise BadRequest(f"last: {text[:40]!r} is not the number of a row")
    return min(max(number, lowest), highest)
