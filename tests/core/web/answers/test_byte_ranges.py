"""The Range header: every answer is a set of spans inside the body, and the examples of RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.web.answers.byte_ranges import MAXIMUM_RANGES, ByteRange, UnsatisfiableRange, parse_ranges


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-499", [ByteRange(0, 500)]),
        ("bytes=500-999", [ByteRange(500, 1000)]),
        ("bytes=-500", [ByteRange(9500, 10000)]),
        ("bytes=9500-", [ByteRange(9500, 10000)]),
        ("bytes=0-0,-1", [ByteRange(0, 1), ByteRange(9999, 10000)]),
        ("bytes=0-99999", [ByteRange(0, 10000)]),
        ("bytes=-99999", [ByteRange(0, 10000)]),
        ("bytes= 0-1 , 5-6 ", [ByteRange(0, 2), ByteRange(5, 7)]),
        ("bytes=20000-,0-1", [ByteRange(0, 2)]),
        ("lines=0-5", None),
        ("bytes=5-1", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("bytes", None),
        ("bytes=0-10,5-20", None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 100, 2)), None),
    ],
)
def test_examples(header, expected):
    assert parse_ranges(header, 10000) == expected


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=20000-30000", "bytes=-0"])
def test_outside(header):
    with pytest.raises(UnsatisfiableRange):
        parse_ranges(header, 10000)


def test_nothing_in_an_empty_body():
    with pytest.raises(UnsatisfiableRange):
        parse_ranges("bytes=0-0", 0)


@given(st.text(alphabet="0123456789-, ", max_size=40), st.integers(0, 1000))
def test_spans_are_inside_the_body(text, size):
    try:
        found = parse_ranges("bytes=" + text, size)
    except UnsatisfiableRange:
        return
    for span in found or ():
        assert 0 <= span.start < span.end <= size
    assert found is None or len(found) <= MAXIMUM_RANGES


@pytest.mark.parametrize("digits", ["9" * 18, "9" * 19, "9" * 5000, "0" * 5000 + "7"])
def test_numbers_of_any_length_are_numbers(digits):
    assert parse_ranges(f"bytes=0-{digits}", 5) == [ByteRange(0, 5)]
    assert parse_ranges(f"bytes=-{digits}", 5) == [ByteRange(0, 5)]
    with pytest.raises(UnsatisfiableRange):
        parse_ranges(f"bytes={digits}-", 5)


@pytest.mark.parametrize("header", ["bytes=²-3", "bytes=٣-4", "bytes=1_0-20", "bytes=0-1\n"])
def test_only_plain_digits_are_numbers(header):
    assert parse_ranges(header, 50) in (None, [ByteRange(0, 2)])
