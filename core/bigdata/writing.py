"""Writing a file's extents within a transaction, and replacing bytes that are there already."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from persistent import Persistent
from ZODB.Connection import Connection

from wendelin.core.bigdata.extents.extent_files import Piece
from wendelin.core.bigdata.extents.file_parts import FilePart
from wendelin.core.bigdata.extents.joint_extents import can_join
from wendelin.core.bigdata.extents.page_size import PAGE, page_span, unique_number
from wendelin.core.bigdata.extents.runs import runs
from wendelin.core.bigdata.extents.stores import store_for
from wendelin.core.bigdata.transactions import joint_of, note_extent, view_of
from wendelin.core.errors import TooLargeToMap

if TYPE_CHECKING:
    from wendelin.core.bigdata.bigfile import BigFile

DIRECT_SIZE = 256 << 10  # bytes; writes from this size on go to an extent, not through memory


class ExtentWriter:
    """Writes extents of one connection; they are durable when its transaction commits."""

    def __init__(self, jar: Connection | None) -> None:
        self.jar = jar

    def write(self, pieces: Iterable[Piece], skip: int = 0) -> Persistent:
        """Write the pieces, after ``skip`` bytes of zeros, as an extent of their own; gives its handle."""
        handle: Persistent = store_for(self.jar).write(self.jar, pieces, skip)
        note_extent(self.jar, handle)
        return handle

    def write_whole(self, pieces: Iterable[Piece], skip: int) -> tuple[Persistent, int]:
        """Like :meth:`write`; gives also where the pieces begin in the extent."""
        return self.write(pieces, skip), skip

    def write_part(self, pieces: Iterable[memoryview | FilePart], skip: int) -> tuple[Persistent, int]:
        """Write the pieces to the extent that this transaction's small appends share, or to one of their own."""
        parts = list(pieces)
        shares = can_join(self.jar, store_for(self.jar), sum(map(len, parts)))
        joint = joint_of(self.jar) if shares else None
        return (joint.handle, joint.append(parts, skip)) if joint is not None else self.write_whole(parts, skip)


def overwrite(file: BigFile, offset: int, data: memoryview) -> None:
    """Replace bytes of a file, all of them before its end: in memory, or where they are many by new pages."""
    if len(data) >= DIRECT_SIZE or not _write_to_memory(file, offset, data):
        replace(file, offset, len(data), [data])


def replace(file: BigFile, offset: int, size: int, pieces: Iterable[Piece]) -> None:
    """Replace ``size`` bytes of a file, all before its end, by new pages; nothing changes until all is written."""
    first, last = page_span(offset, size)
    head = file.read(first * PAGE, offset - first * PAGE)
    end = offset + size
    rest = file.read(end, min(last * PAGE, file.size) - end)
    number = unique_number()
    handle = file.write_extent(chain([head], pieces, [rest]))
    view = view_of(file, existing=True)
    if view is not None:
        view.drop(first, last - first)
        view.settle_tail()
    before = file.tail.revision, file.tail.start
    file.enter_pages(runs([(first, last - first, number, 0, 0)]), {number: handle})
    if view is not None:
        view.follow_change(first, last, before)


def _write_to_memory(file: BigFile, offset: int, data: memoryview) -> bool:
    """Whether the file could be mapped, and the bytes are in memory now."""
    try:
        view = view_of(file)
        if view is not None:
            view.memory(offset, len(data))[:] = data
    except TooLargeToMap:
        return False
    return view is not None


def shorten(file: BigFile, size: int) -> None:
    """Make a file end at ``size``, which is before its end."""
    tail = file.tail
    if size >= tail.start:
        tail.cut(size)
        return
    start = size // PAGE * PAGE
    rest = file.read(start, size - start)
    file.extent_map.cut(start // PAGE)
    tail.rewrite(start, rest)
