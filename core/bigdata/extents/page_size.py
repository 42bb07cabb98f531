"""The page, and the numbers that name extents: all that a ZEO server needs of this room to merge tails."""

from __future__ import annotations

import os

PAGE = 4096


def unique_number() -> int:
    """A number for an extent that no other process picks: 62 random bits, never 0."""
    return (int.from_bytes(os.urandom(8), "little") >> 2) | 1


def pages_of(size: int) -> int:
    """Pages that ``size`` bytes fill, the last one perhaps in part."""
    return -(-size // PAGE)


def page_span(offset: int, size: int) -> tuple[int, int]:
    """The pages that bytes ``offset`` to ``offset + size`` touch: first, one past the last."""
    return offset // PAGE, -(-(offset + size) // PAGE)
