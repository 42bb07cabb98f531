"""BigFile: a file larger than memory inside the object database.

Bytes are kept in immutable extents (:mod:`~wendelin.core.bigdata.extents.blob_store`), found through an extent map
(:mod:`~wendelin.core.bigdata.extents.extent_map`); what was appended last waits in a tail
(:mod:`~wendelin.core.bigdata.tail.tail`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from persistent import Persistent

from wendelin.core.bigdata.compaction import Compacted, compact, fragments
from wendelin.core.bigdata.extents.blob_store import BLOBS, Buffer, store_for
from wendelin.core.bigdata.extents.extent_map import SegmentTable, page_span
from wendelin.core.bigdata.extents.file_parts import FilePart
from wendelin.core.bigdata.extents.joint_extents import can_join
from wendelin.core.bigdata.extents.page import PAGE, unique_number
from wendelin.core.bigdata.extents.runs import Runs, clip, runs
from wendelin.core.bigdata.memory import address_space
from wendelin.core.bigdata.memory.snapshot import FileSnapshot
from wendelin.core.bigdata.tail.appending import (
    append_extent,
    append_inline,
    append_stream,
    is_changed,
    own_inline_chunks,
)
from wendelin.core.bigdata.tail.reading import read_extent, read_file, single_extent
from wendelin.core.bigdata.tail.sealing import rehome, remember_as_ours, seal, sealing_is_due
from wendelin.core.bigdata.tail.tail import Tail
from wendelin.core.bigdata.transactions import joint_of, note_extent, view_of
from wendelin.core.errors import ReadOnlyView

SEAL_SIZE = 1 << 20  # inline bytes after which the tail is sealed into an extent
TAIL_CHUNKS = 64  # chunks of any kind after which it is sealed: every commit writes their list
SEAL_CHUNKS = 8  # extents appended after which they are entered in the map
DIRECT_SIZE = 256 << 10  # writes from this size on go to an extent, not through memory
BLOCK_SIZE = 1 << 20
_ADVICE = {"random": address_space.RANDOM, "sequential": address_space.SEQUENTIAL, "normal": address_space.NORMAL}


def bytes_of(data: Buffer) -> Any:
    """The bytes of a buffer, of whatever items and shape, in C order; a `FilePart` as it is."""
    if isinstance(data, FilePart):
        return data
    view = memoryview(data)
    return view.cast("B") if view.c_contiguous and view.nbytes else memoryview(view.tobytes())


class BigFile(Persistent):
    """A sequence of bytes with the transactions of the database.

    ``append`` never conflicts with other appends; ``write`` conflicts with writes to the same 4 KiB pages only;
    ``truncate`` and growing conflict with everything. Reading costs memory for what is asked, never for the file.
    """

    def __init__(self) -> None:
        self._tail = Tail()
        self._table = SegmentTable()

    # ---------------------------------------------------------------- reading

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._tail.end

    @property
    def revision(self) -> int:
        """A number that changes with every change of the bytes (now and then without one): an entity tag."""
        return self._tail.revision

    def __len__(self) -> int:
        return self._tail.end

    def __bool__(self) -> bool:
        return True

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """The bytes from ``offset`` on, ``size`` of them or to the end; fewer where the file ends."""
        offset = max(offset, 0)
        stop = self.size if size is None else min(offset + size, self.size)
        if stop <= offset:
            return b""
        buffer = bytearray(stop - offset)
        self.read_into(offset, buffer)
        return bytes(buffer)

    def read_into(self, offset: int, buffer: Buffer) -> int:
        """Fill a writable buffer with the bytes from ``offset`` on; gives their number."""
        target = memoryview(buffer).cast("B")
        count = max(min(len(target), self.size - offset), 0)
        view = view_of(self, existing=True)
        if view is not None and count:
            target[:count] = view.memory(offset, count)
        elif count:
            read_file(self._tail, self._table, offset, target[:count])
        return count

    def iterate(self, start: int = 0, end: int | None = None, block_size: int = BLOCK_SIZE) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` (to the end of the file when None) in blocks."""
        stop = self.size if end is None else min(end, self.size)
        for offset in range(max(start, 0), stop, block_size):
            yield self.read(offset, min(block_size, stop - offset))

    def open(self) -> Any:
        """A seekable, read-only binary file object over the transaction's state (``io.BufferedIOBase``)."""
        from wendelin.core.bigdata.fileobject import BigFileReader

        return BigFileReader(self)

    def snapshot(self) -> Any:
        """The file as it is now, read-only (:class:`FileSnapshot`; the file itself where memory cannot be mapped)."""
        self.settle()
        return FileSnapshot(self) if address_space.SUPPORTED else self

    @property
    def is_changed(self) -> bool:
        """Whether this transaction changed the file (writes through views show only once they are flushed)."""
        return is_changed(self._tail)

    @property
    def has_writes(self) -> bool:
        """Whether a view of this connection holds writes that are not flushed."""
        view = view_of(self, existing=True)
        return view is not None and bool(view.written())

    def settle(self) -> None:
        """Put what was written to views into extents, as a savepoint does."""
        view = view_of(self, existing=True)
        if view is not None:
            view.settle()

    def advise(self, pattern: str | None) -> None:
        """Tell the kernel how the file will be read: "random", "sequential", "normal", or None to judge by itself."""
        advice = None if pattern is None else _ADVICE[pattern]
        view = view_of(self)
        if view is not None:
            view.advise(advice)

    def single_extent(self) -> str | None:
        """The path of the one extent that holds the whole file from its beginning, when there is such a one."""
        self.settle()
        return single_extent(self._tail, self._table)

    # ---------------------------------------------------------------- upkeep

    @property
    def fragments(self) -> int:
        """How many runs the file is in: above a few thousand it is time to compact it."""
        return fragments(self)

    def compact(self) -> Compacted:
        """Join small runs into large extents, in a transaction of its own; readers and writers are not disturbed."""
        self._check_writable()
        return compact(self)

    # ---------------------------------------------------------------- writing

    def append(self, data: Buffer) -> int:
        """Add bytes at the end; gives the position they have in this transaction.

        Concurrent appends all succeed, in the order of their commits: the position is final once the transaction is
        committed and nobody else appended meanwhile.
        """
        self._check_writable()
        view = bytes_of(data)
        tail = self._tail
        self._settle_tail()
        self._seal_what_is_due()
        position = tail.end
        if not len(view):
            return position
        own = own_inline_chunks(tail)
        if sum(chunk.length for chunk in own) + len(view) < SEAL_SIZE:
            append_inline(tail, own, view)
        else:
            append_extent(tail, own, view, self._write_part)
        remember_as_ours(tail)
        return position

    def pin_down(self) -> None:
        """Make this transaction conflict with concurrent appends: what it appends stands where it was told to."""
        self._check_writable()
        self._tail.pin_down()

    def append_pieces(self, pieces: Iterable[Buffer]) -> int:
        """`append` the bytes of many buffers, or of files, as one extent, with few of them in memory at a time.

        For what is large: even a few bytes make a file of their own.
        """
        self._check_writable()
        tail = self._tail
        self._settle_tail()
        self._seal_what_is_due()
        position = tail.end
        append_stream(tail, own_inline_chunks(tail), map(bytes_of, pieces), self._write_whole)
        remember_as_ours(tail)
        return position

    def _settle_tail(self) -> None:
        view = view_of(self, existing=True)
        if view is not None:
            view.settle_tail()

    def _write_extent(self, buffers: Iterable[Buffer], skip: int = 0) -> Any:
        handle = store_for(self._p_jar).write(self._p_jar, buffers, skip)
        note_extent(self._p_jar, handle)
        return handle

    def _write_whole(self, buffers: Iterable[Buffer], skip: int) -> tuple[Any, int]:
        return self._write_extent(buffers, skip), skip

    def _write_part(self, buffers: Iterable[Buffer], skip: int) -> tuple[Any, int]:
        parts = list(buffers)
        shares = can_join(self._p_jar, store_for(self._p_jar), sum(map(len, parts)))
        joint = joint_of(self._p_jar) if shares else None
        return (joint.handle, joint.append(parts, skip)) if joint is not None else self._write_whole(parts, skip)

    def _seal_what_is_due(self) -> None:
        """Enter committed chunks in the map when there are many; what this transaction appended stays mergeable."""
        tail = self._tail
        all_committed = not is_changed(tail) or self._p_jar is None
        if all_committed and sealing_is_due(tail, SEAL_SIZE, SEAL_CHUNKS, TAIL_CHUNKS):
            self._seal(tail.end)

    def _seal(self, end: int) -> None:
        """Move the whole pages before ``end`` from the tail into the map."""
        seal(self._tail, self._table, end // PAGE * PAGE, self._write_extent)

    def write(self, offset: int, data: Buffer) -> None:
        """Replace the bytes from ``offset`` on; writing beyond the end makes the file longer."""
        self._check_writable()
        source = bytes_of(data)
        if offset > self.size:
            self.truncate(offset)
        inside = min(len(source), self.size - offset)
        if inside:
            self._overwrite(offset, source[:inside])
        if inside < len(source):
            self.append(source[inside:])

    def _overwrite(self, offset: int, data: memoryview) -> None:
        view = view_of(self, existing=len(data) >= DIRECT_SIZE)
        if view is not None and len(data) < DIRECT_SIZE:
            view.memory(offset, len(data))[:] = data
            return
        first, last = page_span(offset, len(data))
        head = self.read(first * PAGE, offset - first * PAGE)
        end = offset + len(data)
        rest = self.read(end, min(last * PAGE, self.size) - end)
        if view is not None:
            view.drop(first, last - first)
            view.settle_tail()
        self._store_pages(first, last - first, [head, data, rest])

    def _store_pages(self, first: int, count: int, buffers: list[Buffer]) -> None:
        """Pages ``first`` to ``first + count`` now hold ``buffers``."""
        handle = self._write_extent(buffers)
        number = unique_number()
        self.enter_pages(runs([(first, count, number, 0, 0)]), {number: handle})

    def enter_pages(self, new: Runs, extents: dict[int, Any]) -> None:
        """Lay written pages over the map; pages of the tail are sealed first."""
        tail = self._tail
        end = int(new["page"][-1] + new["count"][-1]) * PAGE
        if end > tail.start:
            self._seal(min(end, tail.end))
        whole = tail.start // PAGE
        beyond = clip(new, whole, whole + 1)
        self._table.put(clip(new, 0, whole), extents)
        if len(beyond):  # the file's last page, which is not whole, stays in the tail
            data = bytearray(tail.end - tail.start)
            read_extent(extents[int(beyond["extent"][0])], int(beyond["at"][0]) * PAGE, memoryview(data))
            tail.rewrite(tail.start, bytes(data))
            self._table.note_write(whole)
        tail.touch()

    def truncate(self, size: int) -> None:
        """Make the file ``size`` bytes long; what is added reads as zeros and costs nothing."""
        self._check_writable()
        if size < 0:
            raise ValueError("a file cannot have a negative size")
        view = view_of(self, existing=True)
        if view is not None:
            view.settle()
        if size > self.size:
            self._tail.grow(size)
            self._table.prepare(self._tail.start // PAGE)
        elif size < self.size:
            self._shorten(size)
        else:
            self._tail.pin_down()  # it stays as long as it is, whatever others append meanwhile
        if view is not None:
            view.refresh()

    def _shorten(self, size: int) -> None:
        tail = self._tail
        if size >= tail.start:
            tail.cut(size)
            return
        start = size // PAGE * PAGE
        rest = self.read(start, size - start)
        self._table.cut(start // PAGE)
        tail.rewrite(start, rest)

    def _check_writable(self) -> None:
        if self._p_jar is not None and self._p_jar.isReadOnly():
            raise ReadOnlyView("this connection is read-only (historical, or opened so): its files cannot be written")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.size} bytes>"

    def __copy__(self) -> BigFile:
        """Another file of the same database that shares the extents until one of the two is written: costs no data."""
        self.settle()
        other = type(self)()
        for number, segment in self._table.segments.items():
            other._table.adopt(number, segment)
        other._tail.__setstate__(self._tail.__getstate__())
        other._tail.touch()
        return other

    def __deepcopy__(self, memo: Any) -> BigFile:
        return self.__copy__()

    def __getstate__(self) -> Any:
        """The state to store; what was written to a file that is not stored yet goes to extents now."""
        view = self.__dict__.get("_v_view")
        if view is not None:
            view_of(self, existing=True)
            view.flush()
        store = store_for(self._p_jar)
        if store is not BLOBS:
            rehome(self._tail, self._table, lambda buffers: store.write(self._p_jar, buffers))
        return super().__getstate__()
