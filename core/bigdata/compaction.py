"""Compaction: many small runs become few large ones, and what is no longer named can be packed away.

The data does not change, so compaction never conflicts with what goes on elsewhere: a page that somebody wrote
meanwhile stays theirs (see ``kept`` in :mod:`~wendelin.core.bigdata.extents.runs`), and readers keep the old extents
mapped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from persistent import Persistent

from wendelin.core.bigdata.extents.extent_map import SEGMENT_PAGES, Segment
from wendelin.core.bigdata.extents.page_size import PAGE, unique_number
from wendelin.core.bigdata.extents.runs import Runs, runs, shift
from wendelin.core.bigdata.extents.stores import store_of
from wendelin.core.bigdata.tail.appending import is_changed
from wendelin.core.bigdata.tail.reading import read_extent
from wendelin.core.bigdata.transactions import view_of
from wendelin.core.errors import BigDataError

if TYPE_CHECKING:
    from wendelin.core.bigdata.bigfile import BigFile

SMALL_RUN = 512  # pages: runs below 2 MiB are joined
MOSTLY_DEAD = 0.5  # extents of which less than this is still named are rewritten
_BLOCK = 4 << 20


class Compacted(NamedTuple):
    """What a compaction did."""

    runs_before: int
    runs_after: int
    bytes_written: int


def compact(file: BigFile) -> Compacted:
    """Compact a file within the current transaction, which must not have changed it; commit afterwards."""
    file.settle()
    if file.is_changed or any(map(is_changed, file.extent_map.segments.values())):
        raise BigDataError("compact a big file in a transaction of its own: it has uncommitted changes")
    before = fragments(file)
    written = 0
    file._seal(file.tail.end)
    live = _live_pages(file)
    for number in sorted(file.extent_map.segments):
        written += _compact_segment(file, number, live)
    if written:
        file.tail.touch()
    view = view_of(file, existing=True)
    if view is not None:
        view.refresh()
    return Compacted(before, fragments(file), written)


def fragments(file: BigFile) -> int:
    """The number of runs of a file, its tail's chunks included: what a mapping of it costs."""
    return sum(len(segment.table) for segment in file.extent_map.segments.values()) + len(file.tail.chunks)


def _live_pages(file: BigFile) -> dict[int, int]:
    """How many pages of each extent the file still names."""
    live: dict[int, int] = {}
    for segment in file.extent_map.segments.values():
        for number, count in segment.table[["extent", "count"]].tolist():
            live[number] = live.get(number, 0) + count
    return live


def _compact_segment(file: BigFile, number: int, live: dict[int, int]) -> int:
    segment = file.extent_map.segments[number]
    chosen = segment.table[_worth_rewriting(segment, live)]
    if not len(chosen):
        return 0
    extent = unique_number()
    handle = file.write_extent(_data(segment, chosen))
    at = np.concatenate(([0], np.cumsum(chosen["count"])[:-1]))
    rows = zip(chosen["page"].tolist(), chosen["count"].tolist(), at.tolist(), strict=True)
    new = runs([(page, count, extent, position, 1) for page, count, position in rows])
    file.extent_map.put(shift(new, number * SEGMENT_PAGES), {extent: handle})
    return int(chosen["count"].sum()) * PAGE


def _worth_rewriting(segment: Segment, live: dict[int, int]) -> np.ndarray:
    """The runs to join: small ones next to each other, and those of extents that are mostly dead."""
    table = segment.table
    dead = {number for number, handle in segment.extents.items() if _is_mostly_dead(handle, live[number])}
    wasteful = np.isin(table["extent"], list(dead))
    small = (table["count"] < SMALL_RUN) | wasteful
    follows = np.zeros(len(table), bool)
    follows[1:] = table["page"][1:] == table["page"][:-1] + table["count"][:-1]
    joined = np.zeros(len(table), bool)
    joined[1:] |= follows[1:] & small[:-1] & small[1:]
    joined[:-1] |= joined[1:] & follows[1:]
    return (small & joined) | wasteful


def _is_mostly_dead(handle: Persistent, live: int) -> bool:
    return live * PAGE < MOSTLY_DEAD * os.stat(store_of(handle).path(handle)).st_size


def _data(segment: Segment, chosen: Runs) -> Iterator[bytearray]:
    for run in chosen:
        low, high = int(run["at"]) * PAGE, int(run["at"] + run["count"]) * PAGE
        for offset in range(low, high, _BLOCK):
            block = bytearray(min(_BLOCK, high - offset))
            read_extent(segment.extents[int(run["extent"])], offset, memoryview(block))
            yield block
