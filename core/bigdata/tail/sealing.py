"""From tail to map: which pages of a tail can be used where they stand, and which have to be put together.

A chunk that is an extent and stands in phase (the same position within a page, in the file and in the extent) gives its
whole pages as runs, without a copy. Holes give nothing. All other pages are composed from the chunks' bytes.

Of several processes that append to one file the one whose chunk made the tail long enough seals it. The others leave
it alone, because composing takes everybody's chunks from the server; they seal when it has waited too long.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from persistent import Persistent

from wendelin.core.bigdata.extents.blob_store import BLOBS
from wendelin.core.bigdata.extents.extent_files import Piece
from wendelin.core.bigdata.extents.extent_map import Extents, SegmentTable
from wendelin.core.bigdata.extents.page_size import PAGE, unique_number
from wendelin.core.bigdata.extents.runs import Runs, clip, holes, overlay, runs
from wendelin.core.bigdata.extents.stores import store_of
from wendelin.core.bigdata.tail.reading import placed, read_extent, read_tail
from wendelin.core.bigdata.tail.tail import EXTENT, HOLE, INLINE, Chunk, Tail

_BLOCK = 4 << 20
_ours: deque[int] = deque(maxlen=1024)  # numbers of the chunks that this process appended last


def remember_as_ours(tail: Tail) -> None:
    """The tail's last chunk is of this process."""
    _ours.append(tail.chunks[-1].number)


def sealing_is_due(tail: Tail, inline_bytes: int, extents: int, chunks: int) -> bool:
    """Whether this process should seal: the tail passed one of the limits, with a chunk of ours or long ago."""
    passed: Chunk | None = None
    inline = extent_count = 0
    fullness = 0.0
    for count, chunk in enumerate(tail.chunks, 1):
        inline += chunk.length if chunk.kind == INLINE else 0
        extent_count += chunk.kind == EXTENT
        fullness = max(inline / inline_bytes, extent_count / extents, count / chunks)
        if passed is None and fullness >= 1:
            passed = chunk
    if passed is None:
        return False
    return passed.number in _ours or fullness >= 2 + (os.getpid() % 3) / 2


def plan(tail: Tail, first: int, last: int) -> tuple[Runs, Extents, list[tuple[int, int]]]:
    """How pages ``first`` to ``last`` of the tail can be had: runs, their extents, and the page ranges to compose."""
    rows: list[tuple[int, int, int, int, int]] = []
    extents: Extents = {}
    ready: list[tuple[int, int, int, int, int]] = []
    for position, chunk in placed(tail):
        low = max(-(-position // PAGE), first)
        whole = (
            -(-(position + chunk.length) // PAGE)
            if chunk.kind == HOLE and position + chunk.length == tail.end
            else None
        )
        high = min((position + chunk.length) // PAGE if whole is None else whole, last)
        if low >= high:
            continue
        if chunk.kind == HOLE:
            ready.append((low, high - low, 1, low, 0))
        elif chunk.kind == EXTENT and (position - chunk.skip) % PAGE == 0:
            rows.append((low, high - low, chunk.number, (chunk.skip + low * PAGE - position) // PAGE, 1))
            extents[chunk.number] = chunk.source
    table = runs(rows)
    return table, extents, holes(overlay(table, runs(ready)), first, last)


def compose(tail: Tail, ranges: Iterable[tuple[int, int]]) -> Iterator[bytearray]:
    """The bytes of page ranges, in blocks."""
    for first, last in ranges:
        for offset in range(first * PAGE, last * PAGE, _BLOCK):
            block = bytearray(min(_BLOCK, last * PAGE - offset))
            read_tail(tail, offset, memoryview(block))
            yield block


def seal(tail: Tail, table: SegmentTable, end: int, write: Callable[[Iterable[Piece]], Persistent]) -> None:
    """Move the tail's pages before position ``end`` into the map; ``write`` makes an extent of buffers."""
    first, last = tail.start // PAGE, end // PAGE
    if first >= last:
        return
    ready, extents, ranges = plan(tail, first, last)
    if ranges:
        number = unique_number()
        extents[number] = write(compose(tail, ranges))
        rows, at = [], 0
        for low, high in ranges:
            rows.append((low, high - low, number, at, 1))
            at += high - low
        ready = overlay(ready, runs(rows))
    table.put(ready, extents)
    table.prepare_next(last)
    tail.consume(end)


def enter_pages(
    tail: Tail, table: SegmentTable, new: Runs, extents: Extents, seal_before: Callable[[int], None]
) -> None:
    """Lay written pages over the map; pages of the tail are sealed first, by ``seal_before`` their end.

    The file's last page, when it is not whole, stays in the tail.
    """
    end = int(new["page"][-1] + new["count"][-1]) * PAGE
    if end > tail.start:
        seal_before(min(end, tail.end))
    whole = tail.start // PAGE
    beyond = clip(new, whole, whole + 1)
    table.put(clip(new, 0, whole), extents)
    if len(beyond):
        data = bytearray(tail.end - tail.start)
        read_extent(extents[int(beyond["extent"][0])], int(beyond["at"][0]) * PAGE, memoryview(data))
        tail.rewrite(tail.start, bytes(data))
        table.note_write(whole)
    tail.touch()


def rehome(tail: Tail, table: SegmentTable, write: Callable[[Iterable[Piece]], Persistent]) -> None:
    """Give extents that were made before the file had a database to the store of that database."""
    for segment in table.segments.values():
        if any(store_of(handle) is BLOBS for handle in segment.extents.values()):
            segment.extents = {number: _moved(handle, write) for number, handle in segment.extents.items()}
    if any(chunk.kind == EXTENT and store_of(chunk.source) is BLOBS for chunk in tail.chunks):
        tail.chunks = tuple(
            chunk._replace(source=_moved(chunk.source, write)) if chunk.kind == EXTENT else chunk
            for chunk in tail.chunks
        )


def _moved(handle: Persistent, write: Callable[[Iterable[Piece]], Persistent]) -> Persistent:
    if store_of(handle) is not BLOBS:
        return handle
    with open(BLOBS.path(handle), "rb") as source:
        return write(iter(lambda: source.read(_BLOCK), b""))
