"""The ``Range`` header of RFC 9110: which bytes of a body a client wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

MAXIMUM_RANGES = 32
_PART = re.compile(r"([0-9]*)-([0-9]*)")
_MOST_DIGITS = 18  # of a size that any file has; `int` itself refuses 4300


class UnsatisfiableRange(ValueError):
    """No part of the ranges lies inside of the body: 416."""


@dataclass(frozen=True)
class ByteRange:
    """Bytes ``start`` (included) to ``end`` (not included)."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start

    def content_range(self, size: int) -> str:
        """The header ``Content-Range`` of an answer with this part of ``size`` bytes."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_ranges(header: str, size: int) -> list[ByteRange] | None:
    """The ranges of a header, clipped to ``size``; None for a header that has to be ignored (another unit, bad syntax).

    Raises `UnsatisfiableRange` when none of them has a byte. Overlapping or many ranges are an attack rather than a
    wish: they are ignored, and so answered with the whole body.
    """
    unit, separator, text = header.partition("=")
    if not separator or unit.strip().lower() != "bytes":
        return None
    found: list[ByteRange] = []
    parts = text.split(",")
    if len(parts) > MAXIMUM_RANGES:
        return None
    for part in parts:
        match = _PART.fullmatch(part.strip())
        if match is None or match.group(0) == "-":
            return None
        span = _span(match.group(1), match.group(2), size)
        if span is None:
            return None
        if span.length > 0:
            found.append(span)
    if not found:
        raise UnsatisfiableRange(header)
    return None if _overlap(found) else found


def _span(first: str, last: str, size: int) -> ByteRange | None:
    """One ``first-last``; an empty span when it lies outside; None when it is nonsense (last before first)."""
    if not first:
        return ByteRange(max(0, size - _number(last)), size)
    start, end = _number(first), _number(last) + 1 if last else size
    if last and end <= start:
        return None
    return ByteRange(start, min(end, size)) if start < size else ByteRange(size, size)


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _overlap(ranges: list[ByteRange]) -> bool:
    ordered = sorted(ranges, key=lambda span: span.start)
    return any(before.end > after.start for before, after in pairwise(ordered))
