"""The extent map: which page of a file stands in which extent, kept so that disjoint writers never conflict.

``SegmentTable`` holds one ``Segment`` per GiB; a segment holds the runs of its pages and the extents that they name.
Both merge concurrent changes page by page (``_p_resolveConflict``), where a BTree would conflict on every split. The
merging runs where the commit is decided: on the ZEO server, which must be able to import this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from persistent import Persistent
from ZODB.POSException import ConflictError

from wendelin.core.bigdata.extents.page_size import unique_number
from wendelin.core.bigdata.extents.runs import EMPTY, RUN, PageConflict, Runs, clip, distinct, merge, overlay, shift

SEGMENT_PAGES = 1 << 18  # 1 GiB of 4 KiB pages
REGION_PAGES = 1 << 12  # writes are counted per 16 MiB
PREPARED_SEGMENTS = 16  # empty segments made ahead by a resize, for concurrent first writers
_PACKED = np.dtype([("page", "<u4"), ("count", "<u4"), ("extent", "<u4"), ("at", "<u4"), ("kept", "<u4")])


#: Extents by number: the handles that a store gave, or the references that stand for them while a conflict is resolved.
Extents: TypeAlias = dict[int, Any]
#: What a segment stores: epoch, packed runs, extents, writes.
SegmentState: TypeAlias = tuple[int, bytes, Extents, dict[int, int]]


class Segment(Persistent):
    """The runs of one GiB, pages counted from the segment's start, with the extents that they name.

    ``writes`` tells an array's summary what is out of date: a number per 16 MiB region that changes with every write
    there, and not with appending, sealing or compaction.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.table: Runs = EMPTY
        self.extents: Extents = {}
        self.writes: dict[int, int] = {}

    def put(self, new: Runs, extents: Extents) -> None:
        """Lay ``new`` over the runs; ``extents`` are the handles of the numbers it names."""
        self._replace(overlay(self.table, new), {**self.extents, **extents})
        self._count_writes(new)

    def cut(self, page: int) -> None:
        """Drop everything from ``page`` on."""
        self._replace(clip(self.table, 0, page), self.extents)

    def note_write(self, page: int) -> None:
        """Count a write to ``page`` without a run."""
        self.writes = {**self.writes, page // REGION_PAGES: unique_number()}

    def _replace(self, table: Runs, extents: Extents) -> None:
        if not self._p_changed:  # an epoch is a transaction, not a change
            self.epoch += 1
        self.table = table
        self.extents = {int(number): extents[int(number)] for number in distinct(table["extent"])}

    def _count_writes(self, new: Runs) -> None:
        written = new[new["kept"] == 0]
        first, last = written["page"] // REGION_PAGES, (written["page"] + written["count"] - 1) // REGION_PAGES
        touched = {int(r) for a, b in zip(first, last, strict=True) for r in range(a, b + 1)}
        if touched:
            self.writes = {**self.writes, **{region: unique_number() for region in touched}}

    def __getstate__(self) -> SegmentState:
        return pack_state(self.epoch, self.table, self.extents, self.writes)

    def __setstate__(self, state: SegmentState) -> None:
        self.epoch, self.table, self.extents, self.writes = unpack_state(state)

    def _p_resolveConflict(self, old: SegmentState, saved: SegmentState, new: SegmentState) -> SegmentState:
        epoch, base, _, base_writes = unpack_state(old)
        their_epoch, theirs, their_extents, their_writes = unpack_state(saved)
        my_epoch, mine, my_extents, my_writes = unpack_state(new)
        # Marks speak of one transaction: theirs if nothing came between, mine unless this is an undo (an older epoch).
        try:
            table = merge(base, theirs, mine, their_epoch == epoch + 1, my_epoch > epoch)
        except PageConflict as error:
            raise ConflictError("two transactions wrote the same page of a big file") from error
        extents = {**my_extents, **their_extents}
        named = {int(number): extents[int(number)] for number in distinct(table["extent"])}
        writes = merge_writes(base_writes, their_writes, my_writes)
        return pack_state(max(their_epoch, my_epoch) + 1, table, named, writes)


def merge_writes(base: dict[int, int], theirs: dict[int, int], mine: dict[int, int]) -> dict[int, int]:
    """Regions that either side wrote get a number that neither had."""
    merged = dict(theirs)
    for region, number in mine.items():
        if number != base.get(region):
            both = theirs.get(region) != base.get(region)
            merged[region] = number ^ theirs[region] if both and region in theirs else number
    return merged


def pack_state(epoch: int, table: Runs, extents: Extents, writes: dict[int, int]) -> SegmentState:
    """A segment's state: runs as 20 bytes each, extents by index."""
    numbers = np.array(sorted(extents), np.int64)
    packed = np.empty(len(table), _PACKED)
    for field in ("page", "count", "at", "kept"):
        packed[field] = table[field]
    packed["extent"] = np.searchsorted(numbers, table["extent"])
    return epoch, packed.tobytes(), {int(number): extents[int(number)] for number in numbers}, writes


def unpack_state(state: SegmentState) -> tuple[int, Runs, Extents, dict[int, int]]:
    """The reverse of :func:`pack_state`."""
    epoch, data, extents, writes = state
    packed = np.frombuffer(data, _PACKED)
    table = np.empty(len(packed), RUN)
    for field in ("page", "count", "at", "kept"):
        table[field] = packed[field]
    if len(packed):
        table["extent"] = np.array(sorted(extents), np.int64)[packed["extent"]]
    return epoch, table, extents, writes


class SegmentTable(Persistent):
    """``{segment number: Segment}``, merging concurrent additions."""

    def __init__(self) -> None:
        self.segments: dict[int, Segment] = {0: Segment()}
        self.prepared: frozenset[int] = frozenset()  # segments made ahead, empty as far as their maker knows

    def prepare(self, pages: int) -> None:
        """Make the empty segments of a file of ``pages`` pages, and the next one; only up to a few.

        Two transactions that each put pages into a segment that they made would conflict; two that prepared it do not.
        """
        wanted = range(min(pages // SEGMENT_PAGES + 2, PREPARED_SEGMENTS) if pages >= SEGMENT_PAGES // 2 else 1)
        missing = [number for number in wanted if number not in self.segments]
        if missing:
            self.segments = {**self.segments, **{number: Segment() for number in missing}}
            self.prepared |= frozenset(missing)

    def prepare_next(self, page: int) -> None:
        """Make the segment after the one of ``page``, when that is half full."""
        number, rest = divmod(page, SEGMENT_PAGES)
        if rest >= SEGMENT_PAGES // 2 and number + 1 not in self.segments:
            self.segments = {**self.segments, number + 1: Segment()}
            self.prepared |= {number + 1}

    def _segment(self, number: int) -> Segment:
        if number not in self.segments:
            self.segments = {**self.segments, number: Segment()}
        if number in self.prepared:
            self.prepared -= {number}
        return self.segments[number]

    def put(self, new: Runs, extents: Extents) -> None:
        """Lay runs (pages of the whole file) over the map."""
        if not len(new):
            return
        last = int(new["page"][-1] + new["count"][-1] - 1) // SEGMENT_PAGES
        first = int(new["page"][0]) // SEGMENT_PAGES
        touched = range(first, last + 1) if last - first < 64 else self._touched(new)
        for number in touched:
            start = number * SEGMENT_PAGES
            part = clip(new, start, start + SEGMENT_PAGES)
            if len(part):
                named = {int(n): extents[int(n)] for n in distinct(part["extent"])}
                self._segment(number).put(shift(part, -start), named)

    @staticmethod
    def _touched(new: Runs) -> list[int]:
        low, high = new["page"] // SEGMENT_PAGES, (new["page"] + new["count"] - 1) // SEGMENT_PAGES
        return sorted({n for a, b in zip(low.tolist(), high.tolist(), strict=True) for n in range(a, b + 1)})

    def adopt(self, number: int, segment: Segment) -> None:
        """A copy of another file's segment: the extents are shared."""
        own = Segment()
        own.__setstate__(segment.__getstate__())
        self.segments = {**self.segments, number: own}

    def note_write(self, page: int) -> None:
        """A page that is not in the map (the last, not whole one) was written."""
        self._segment(page // SEGMENT_PAGES).note_write(page % SEGMENT_PAGES)

    def cut(self, page: int) -> None:
        """Drop everything from ``page`` on."""
        number, rest = divmod(page, SEGMENT_PAGES)
        kept = {n: s for n, s in self.segments.items() if n < number or (n == number and rest)}
        if len(kept) < len(self.segments):
            self.segments = kept
        if rest and number in kept:
            kept[number].cut(rest)

    def within(self, start: int, stop: int) -> Iterator[tuple[int, Segment]]:
        """``(first page, segment)`` of the segments that touch pages ``start`` to ``stop``, in order."""
        first, last = start // SEGMENT_PAGES, -(-stop // SEGMENT_PAGES)
        numbers = range(first, last) if last - first < len(self.segments) else sorted(self.segments)
        for number in numbers:
            if first <= number < last and number in self.segments:
                yield number * SEGMENT_PAGES, self.segments[number]

    def runs(self, start: int, stop: int) -> Runs:
        """The runs of pages ``start`` to ``stop``."""
        parts = [clip(shift(s.table, at), start, stop) for at, s in self.within(start, stop)]
        return np.concatenate(parts) if parts else EMPTY

    def extents(self, start: int, stop: int) -> Extents:
        """The extents that pages ``start`` to ``stop`` may name, by number."""
        return {number: e for _, s in self.within(start, stop) for number, e in s.extents.items()}

    def writes(self, start: int, stop: int) -> int:
        """A number that changes when a page from ``start`` to ``stop`` (within 16 MiB) is written."""
        signature = 0
        for at, segment in self.within(start, stop):
            low = max(start - at, 0) // REGION_PAGES
            high = -(-(min(stop - at, SEGMENT_PAGES)) // REGION_PAGES)
            for region in range(low, high):
                signature ^= segment.writes.get(region, 0)
        return signature

    def _p_resolveConflict(self, old: dict[str, Any], saved: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        base, theirs, mine = (state["segments"] for state in (old, saved, new))
        gone = not (base.keys() <= mine.keys() and base.keys() <= theirs.keys())
        added = {n: s for n, s in mine.items() if n not in theirs}
        both = [n for n in mine if n in theirs and n not in base]
        if gone or any(n not in new["prepared"] for n in both):
            raise ConflictError("two transactions changed the same GiB of a big file")
        prepared = saved["prepared"] | (new["prepared"] & added.keys())
        return {**saved, "segments": {**theirs, **added}, "prepared": prepared}
