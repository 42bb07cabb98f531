"""Numbers of pages and rows: whatever stands in the address, one of them is meant."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from pyramid.request import Request

from wendelin.core.errors import BadRequest
from wendelin.core.web.requests.table_pages import LARGEST_NUMBER, page_number, page_start, whole_number

NO_NUMBERS = ["", "²", "٣", "1_0", "1.5", "x", " "]


def request(**query: str) -> Request:
    return Request.blank("/?" + urlencode(query))


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_the_default(text: str) -> None:
    assert whole_number(text, 7) == 7
    assert page_number(request(page=text)) == 1


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("0012", 12), ("9" * 5000, LARGEST_NUMBER)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text, 7) == number


def test_pages_end_with_the_last() -> None:
    assert [page_number(request(page=text), 5) for text in ("0", "3", "6", "9" * 5000)] == [1, 3, 5, 5]


def test_rows_stay_inside() -> None:
    assert [page_start(request(last=text), 2, 9) for text in ("0", "5", "10", "9" * 5000)] == [2, 5, 9, 9]
    assert page_start(request(), 2, 9) == 9
    with pytest.raises(BadRequest):
        page_start(request(last="x"), 2, 9)
