"""The page, and the numbers that name extents: what a ZEO server imports to merge tails."""

from __future__ import annotations

import os

PAGE = 4096


def unique_number() -> int:
    """A number for an extent that no other process picks: 62 random bits, never 0."""
    return (int.from_bytes(os.urandom(8), "little") >> 2) | 1
