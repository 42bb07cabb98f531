"""Appending to a tail: a chunk in a database record when it is small, an extent when it is large.

What one transaction appends is put together, because every chunk costs the commit a little; chunks that are committed
are left alone, so that concurrent appends can be merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from persistent import Persistent

from wendelin.core.bigdata.extents.file_parts import FilePart
from wendelin.core.bigdata.extents.page_size import PAGE
from wendelin.core.bigdata.tail.tail import EXTENT, INLINE, Chunk, InlineChunk, Tail

#: Writes pieces, of which the first byte has that place within its page; gives the extent's handle, and where they
#: begin in it.
WriteExtent: TypeAlias = Callable[[Iterable[memoryview | FilePart], int], tuple[Persistent, int]]
JOIN_SIZE = 64 << 10  # up to which small appends of one transaction share a record


def is_unsaved(record: Persistent) -> bool:
    """Whether this transaction made the record. What is not loaded was stored before: its serial is not known yet."""
    return record._p_changed is not None and record._p_serial in (None, b"\0" * 8)


def is_changed(record: Persistent) -> bool:
    """Whether this transaction changed the record: also before a savepoint, of which the record says nothing."""
    stored = getattr(record._p_jar, "_savepoint_storage", None)
    return bool(record._p_changed) or (stored is not None and record._p_oid in stored.index)


def own_inline_chunks(tail: Tail) -> list[Chunk]:
    """The inline chunks at the end of the tail that are not in the database yet."""
    own: list[Chunk] = []
    for chunk in reversed(tail.chunks):
        if chunk.kind != INLINE or not is_unsaved(chunk.source) or chunk.skip:
            break
        own.insert(0, chunk)
    return own


def append_inline(tail: Tail, own: list[Chunk], data: memoryview) -> None:
    """Add a chunk of a few bytes, or lengthen the last one."""
    last = own[-1] if own else None
    if last is not None and last.length + len(data) <= JOIN_SIZE and last.length == len(last.source.data):
        tail.drop_last(1)
        last.source.data += bytes(data)
        tail.add(INLINE, last.source, 0, last.length + len(data), last.number)
    else:
        tail.add(INLINE, InlineChunk(bytes(data)), 0, len(data))


def append_stream(tail: Tail, own: list[Chunk], pieces: Iterable[memoryview | FilePart], write: WriteExtent) -> None:
    """Add one extent, in phase with the pages of the file, that takes the inline chunks in."""
    before = [memoryview(chunk.source.data)[: chunk.length] for chunk in own]
    skip = (tail.end - sum(map(len, before))) % PAGE
    lengths = [0]

    def counted() -> Iterator[memoryview | FilePart]:
        for piece in chain(before, pieces):
            lengths[0] += len(piece)
            yield piece

    handle, start = write(counted(), skip)
    tail.drop_last(len(own))
    tail.add(EXTENT, handle, start, lengths[0])
