"""The tail of a file: what was appended and not yet entered in the extent map, byte by byte, in order of commit.

A tail is a sequence of chunks; appending adds one. Concurrent appends merge by concatenation
(``_p_resolveConflict``), so that all of them succeed, in some order. Sealing consumes whole pages of chunks that were
committed before, and merges with appending and with another sealing. ``start`` is the position in bytes, always a
page multiple, at which the tail begins.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple, TypeAlias

from persistent import Persistent
from ZODB.POSException import ConflictError

from wendelin.core.bigdata.extents.page_size import PAGE, unique_number

HOLE, INLINE, EXTENT = 0, 1, 2
#: What a tail stores: start, end, chunks as bytes, their sources, revision, generation, pin.
TailState: TypeAlias = tuple[int, int, bytes, tuple[Any, ...], int, int, int]


class InlineChunk(Persistent):
    """A few bytes of the tail, kept in the database's own record."""

    def __init__(self, data: bytes) -> None:
        self.data = data


class Chunk(NamedTuple):
    """``length`` bytes that begin at byte ``skip`` of ``source``; a hole has no source and reads as zeros.

    ``source`` is an `InlineChunk`, or the handle that an extent store gave; while a conflict is resolved, a reference.
    """

    number: int
    kind: int
    source: Any
    skip: int
    length: int


def trim(chunks: tuple[Chunk, ...], size: int) -> tuple[Chunk, ...]:
    """The chunks without their first ``size`` bytes."""
    for index, chunk in enumerate(chunks):
        if size < chunk.length:
            head = chunk._replace(skip=chunk.skip + size, length=chunk.length - size)
            return (head, *chunks[index + 1 :])
        size -= chunk.length
    return ()


_LAYOUT = struct.Struct("<QQQB")


def _packed(chunks: tuple[Chunk, ...]) -> tuple[bytes, tuple[Any, ...]]:
    """Chunks as bytes and sources: pickling asks the database about every object in a state, numbers too."""
    numbers = b"".join(_LAYOUT.pack(chunk.number, chunk.skip, chunk.length, chunk.kind) for chunk in chunks)
    return numbers, tuple(chunk.source for chunk in chunks)


def _unpacked(packed: bytes, sources: tuple[Any, ...]) -> tuple[Chunk, ...]:
    rows = zip(_LAYOUT.iter_unpack(packed), sources, strict=True)
    return tuple(Chunk(number, kind, source, skip, length) for (number, skip, length, kind), source in rows)


class Tail(Persistent):
    """Where a file's map ends, and the chunks beyond it.

    Every change to a file, also to its mapped part, changes its tail's ``revision``: the tail's serial names the
    file's state. ``generation`` changes with what cannot be merged (truncating, rewriting the last part of a page);
    ``pin`` with an append that must stand where it was made.
    """

    def __init__(self) -> None:
        self.start = self.end = 0
        self.chunks: tuple[Chunk, ...] = ()
        self.revision = self.generation = self.pin = 0

    def touch(self) -> None:
        """Note that the file changed."""
        self.revision = unique_number()

    def pin_down(self) -> None:
        """Make this transaction conflict with any concurrent append."""
        self.pin = unique_number()

    def add(self, kind: int, source: Persistent | None, skip: int, length: int, number: int | None = None) -> None:
        """Append a chunk."""
        self.chunks = (*self.chunks, Chunk(number or unique_number(), kind, source, skip, length))
        self.end += length
        self.touch()

    def drop_last(self, count: int) -> None:
        """Take the last ``count`` chunks off again (this transaction's own)."""
        self.end -= sum(chunk.length for chunk in self.chunks[len(self.chunks) - count :])
        self.chunks = self.chunks[: len(self.chunks) - count]
        self.touch()

    def consume(self, position: int) -> None:
        """Everything up to ``position``, a page multiple, is in the map now."""
        self.chunks = trim(self.chunks, position - self.start)
        self.start = position
        self.end = max(self.end, position)
        self.touch()

    def rewrite(self, start: int, data: bytes) -> None:
        """The file is the map up to ``start`` and then ``data``: conflicts with whatever goes on."""
        self.start = self.end = start
        self.chunks = ()
        self.generation = unique_number()
        if data:
            self.add(INLINE, InlineChunk(data), 0, len(data))
        self.touch()

    def cut(self, size: int) -> None:
        """Make the file end at ``size``, within the tail."""
        kept, position = [], self.start
        for chunk in self.chunks:
            if position < size:
                kept.append(chunk._replace(length=min(chunk.length, size - position)))
            position += chunk.length
        self.chunks, self.end = tuple(kept), size
        self.generation = unique_number()
        self.touch()

    def grow(self, size: int) -> None:
        """Append a hole up to ``size``; where the tail is empty the map simply ends later."""
        if not self.chunks and self.start == self.end:
            self.start = self.end = size // PAGE * PAGE
        self.generation = unique_number()
        if size > self.end:
            self.add(HOLE, None, 0, size - self.end)
        self.touch()

    def __getstate__(self) -> TailState:
        return self.start, self.end, *_packed(self.chunks), self.revision, self.generation, self.pin

    def __setstate__(self, state: TailState) -> None:
        self.start, self.end, packed, sources, self.revision, self.generation, self.pin = state
        self.chunks = _unpacked(packed, sources)

    def _p_resolveConflict(self, old: TailState, saved: TailState, new: TailState) -> TailState:
        base_start, base_end, base_packed, base_sources, _, generation, pin = old
        start, end, their_packed, their_sources, their_revision, their_generation, their_pin = saved
        my_start, my_end, my_packed, my_sources, my_revision, my_generation, my_pin = new
        if not generation == their_generation == my_generation or my_pin != pin:
            raise ConflictError("a big file was rewritten or truncated while it was changed")
        if my_start < base_start or my_end < base_end or my_start > base_end:
            raise ConflictError("an append to a big file cannot be taken back once others followed")
        known = {chunk.number for chunk in _unpacked(base_packed, base_sources)}
        mine = tuple(chunk for chunk in _unpacked(my_packed, my_sources) if chunk.number not in known)
        merged_start = max(start, my_start)
        theirs = trim(_unpacked(their_packed, their_sources), merged_start - start)
        merged_end = end + sum(chunk.length for chunk in mine)
        revision = my_revision ^ their_revision ^ 1
        return merged_start, merged_end, *_packed((*theirs, *mine)), revision, generation, their_pin
