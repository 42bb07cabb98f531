"""Reading a file's bytes from its extents and its tail, without mapping anything."""

from __future__ import annotations

import os
from collections.abc import Iterator

from persistent import Persistent

from wendelin.core.bigdata.extents.extent_map import SegmentTable
from wendelin.core.bigdata.extents.page_size import PAGE, page_span
from wendelin.core.bigdata.extents.stores import store_of
from wendelin.core.bigdata.tail.tail import EXTENT, INLINE, Chunk, Tail
from wendelin.core.errors import BigDataError


def read_extent(handle: Persistent, offset: int, target: memoryview) -> None:
    """Fill ``target`` with an extent's bytes from ``offset`` on; beyond the extent's end there are zeros."""
    descriptor = os.open(store_of(handle).path(handle), os.O_RDONLY)
    try:
        done = 0
        while done < len(target):
            count = os.preadv(descriptor, [target[done:]], offset + done)
            if not count:
                if len(target) - done >= PAGE:
                    raise BigDataError(f"an extent ends {len(target) - done} bytes too early")
                target[done:] = bytes(len(target) - done)
                return
            done += count
    finally:
        os.close(descriptor)


def placed(tail: Tail) -> Iterator[tuple[int, Chunk]]:
    """Each chunk with its position in the file."""
    position = tail.start
    for chunk in tail.chunks:
        yield position, chunk
        position += chunk.length


def _ask_for_chunks(tail: Tail, start: int, stop: int) -> None:
    """Ask a remote engine for all chunks between two positions at once, instead of waiting for each in turn."""
    wanted = [
        chunk.source
        for position, chunk in placed(tail)
        if chunk.kind == INLINE
        and chunk.source._p_changed is None
        and position < stop
        and position + chunk.length > start
    ]
    if len(wanted) > 1:
        wanted[0]._p_jar.prefetch(wanted)


def read_tail(tail: Tail, offset: int, target: memoryview) -> None:
    """Fill ``target`` with the tail's bytes from position ``offset`` on; zeros beyond the end."""
    stop = offset + len(target)
    _ask_for_chunks(tail, offset, stop)
    for position, chunk in placed(tail):
        low, high = max(position, offset), min(position + chunk.length, stop)
        if low >= high:
            continue
        part, at = target[low - offset : high - offset], chunk.skip + low - position
        if chunk.kind == INLINE:
            part[:] = memoryview(chunk.source.data)[at : at + high - low]
        elif chunk.kind == EXTENT:
            read_extent(chunk.source, at, part)
        else:
            part[:] = bytes(high - low)
    if stop > tail.end:
        target[max(tail.end, offset) - offset :] = bytes(stop - max(tail.end, offset))


def read_file(tail: Tail, table: SegmentTable, offset: int, target: memoryview) -> None:
    """Fill ``target`` with a file's bytes from position ``offset`` on; the file must be that long."""
    stop = offset + len(target)
    mapped = min(stop, tail.start)
    if offset < mapped:
        _read_mapped(table, offset, target[: mapped - offset])
    if stop > tail.start:
        low = max(offset, tail.start)
        read_tail(tail, low, target[low - offset :])


def _read_mapped(table: SegmentTable, offset: int, target: memoryview) -> None:
    stop = offset + len(target)
    first, last = page_span(offset, len(target))
    extents = table.extents(first, last)
    target[:] = bytes(len(target))
    for page, count, number, at, _ in table.runs(first, last).tolist():
        low, high = max(page * PAGE, offset), min((page + count) * PAGE, stop)
        read_extent(extents[number], at * PAGE + low - page * PAGE, target[low - offset : high - offset])


def single_extent(tail: Tail, table: SegmentTable) -> str | None:
    """The path of the extent that is the whole file, when one is."""
    pages = tail.end // PAGE
    found = table.runs(0, pages).tolist() if pages and not tail.chunks else []
    if len(found) != 1 or found[0][:2] != (0, pages) or found[0][3]:
        return None
    handle = table.extents(0, pages)[found[0][2]]
    return store_of(handle).path(handle)
