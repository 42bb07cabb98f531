"""BigFile: a file larger than memory inside the object database.

Bytes are kept in immutable extents (:mod:`~wendelin.core.bigdata.extents.stores`), found through an extent map
(:mod:`~wendelin.core.bigdata.extents.extent_map`); what was appended last waits in a tail
(:mod:`~wendelin.core.bigdata.tail.tail`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from persistent import Persistent
from persistent.timestamp import TimeStamp

from wendelin.core.bigdata.arrays.description import MAX_SIZE
from wendelin.core.bigdata.compaction import Compacted, compact, fragments
from wendelin.core.bigdata.extents.blob_store import BLOBS
from wendelin.core.bigdata.extents.extent_files import Piece, bytes_of, piece_of
from wendelin.core.bigdata.extents.extent_map import Extents, SegmentTable
from wendelin.core.bigdata.extents.page_size import PAGE, pages_of
from wendelin.core.bigdata.extents.runs import Runs
from wendelin.core.bigdata.extents.stores import store_for
from wendelin.core.bigdata.fileobject import BigFileReader
from wendelin.core.bigdata.memory import address_space
from wendelin.core.bigdata.memory.snapshot import FileSnapshot
from wendelin.core.bigdata.memory.view import View
from wendelin.core.bigdata.tail.appending import append_inline, append_stream, is_changed, is_unsaved, own_inline_chunks
from wendelin.core.bigdata.tail.reading import read_file, single_extent
from wendelin.core.bigdata.tail.sealing import enter_pages, rehome, remember_as_ours, seal, sealing_is_due
from wendelin.core.bigdata.tail.tail import Tail
from wendelin.core.bigdata.transactions import view_of
from wendelin.core.bigdata.writing import ExtentWriter, overwrite, shorten
from wendelin.core.errors import BadRequest, ReadOnlyView, TooLargeToMap

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

SEAL_SIZE = 1 << 20  # inline bytes after which the tail is sealed into an extent
TAIL_CHUNKS = 64  # chunks of any kind after which it is sealed: every commit writes their list
SEAL_CHUNKS = 8  # extents appended after which they are entered in the map
BLOCK_SIZE = 1 << 20


class BigFile(Persistent):
    """A sequence of bytes with the transactions of the database.

    ``append`` never conflicts with other appends; ``write`` conflicts with writes to the same 4 KiB pages only;
    ``truncate`` and growing conflict with everything. Reading costs memory for what is asked, never for the file.

    ``extent_map`` says which page stands in which extent, ``tail`` what was appended and is not in the map yet. Other
    rooms read both; they are changed by the methods only.
    """

    _v_view: View  # of a file that is in no database yet

    def __init__(self) -> None:
        self.tail = Tail()
        self.extent_map = SegmentTable()

    # ---------------------------------------------------------------- reading

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.tail.end

    @property
    def revision(self) -> int:
        """A number that changes with every change of the bytes (now and then without one): an entity tag."""
        return self.tail.revision

    def changed_at(self) -> float | None:
        """When the content was changed last, in seconds since 1970; None before the first commit."""
        tail = self.tail  # every change of a file writes this record
        tail._p_activate()
        return None if is_unsaved(tail) else TimeStamp(tail._p_serial).timeTime()

    def __len__(self) -> int:
        return self.tail.end

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

    def read_into(self, offset: int, buffer: WriteableBuffer) -> int:
        """Fill a writable buffer with the bytes from ``offset`` on; gives their number."""
        target = memoryview(buffer).cast("B")
        count = max(min(len(target), self.size - offset), 0)
        view = view_of(self, existing=True)
        if view is not None and count:
            try:
                target[:count] = view.memory(offset, count)
                return count
            except TooLargeToMap:
                view.settle()
        if count:
            read_file(self.tail, self.extent_map, offset, target[:count])
        return count

    def iterate(self, start: int = 0, end: int | None = None, block_size: int = BLOCK_SIZE) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` (to the end of the file when None) in blocks."""
        stop = self.size if end is None else min(end, self.size)
        for offset in range(max(start, 0), stop, block_size):
            yield self.read(offset, min(block_size, stop - offset))

    def open(self) -> BigFileReader:
        """A seekable, read-only binary file object over the transaction's state (``io.BufferedIOBase``)."""
        return BigFileReader(self)

    def snapshot(self) -> FileSnapshot | BigFile:
        """The file as it is now, read-only (:class:`FileSnapshot`; the file itself where memory cannot be mapped)."""
        self.settle()
        try:
            return FileSnapshot(self) if address_space.SUPPORTED else self
        except TooLargeToMap:
            return self

    @property
    def is_changed(self) -> bool:
        """Whether this transaction changed the file (writes through views show only once they are flushed)."""
        return is_changed(self.tail)

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
        advice = None if pattern is None else address_space.PATTERNS[pattern]
        view = view_of(self)
        if view is not None:
            view.advise(advice)

    def single_extent(self) -> str | None:
        """The path of the one extent that holds the whole file from its beginning, when there is such a one."""
        self.settle()
        return single_extent(self.tail, self.extent_map)

    # ---------------------------------------------------------------- compaction

    @property
    def fragments(self) -> int:
        """How many runs the file is in: above a few thousand it is time to compact it."""
        return fragments(self)

    def compact(self) -> Compacted:
        """Join small runs into large extents, in a transaction of its own; readers and writers are not disturbed."""
        self._check_writable()
        return compact(self)

    # ---------------------------------------------------------------- writing

    def append(self, data: ReadableBuffer) -> int:
        """Add bytes at the end; gives the position they have in this transaction.

        Concurrent appends all succeed, in the order of their commits: the position is final once the transaction is
        committed and nobody else appended meanwhile.
        """
        self._check_writable()
        view = bytes_of(data)
        with self._appending() as tail:
            position = tail.end
            if not len(view):
                return position
            own = own_inline_chunks(tail)
            if sum(chunk.length for chunk in own) + len(view) < SEAL_SIZE:
                append_inline(tail, own, view)
            else:
                append_stream(tail, own, [view], ExtentWriter(self._p_jar).write_part)
            remember_as_ours(tail)
        return position

    def pin_down(self) -> None:
        """Make this transaction conflict with concurrent appends: what it appends stands where it was told to."""
        self._check_writable()
        self.tail.pin_down()

    def append_pieces(self, pieces: Iterable[Piece]) -> int:
        """`append` the bytes of many buffers, or of files, as one extent, with few of them in memory at a time.

        For what is large: even a few bytes make a file of their own.
        """
        self._check_writable()
        with self._appending() as tail:
            position = tail.end
            append_stream(tail, own_inline_chunks(tail), map(piece_of, pieces), ExtentWriter(self._p_jar).write_whole)
            remember_as_ours(tail)
        return position

    @contextmanager
    def _appending(self) -> Iterator[Tail]:
        """What was written to the tail's pages is kept before, and arrays that somebody holds follow after."""
        tail = self.tail
        view = view_of(self, existing=True)
        if view is not None:
            view.settle_tail()
        before, page = (tail.revision, tail.start), tail.end // PAGE
        self._seal_what_is_due()
        yield tail
        if view is not None:
            view.follow_change(page, pages_of(tail.end), before)

    def write_extent(self, pieces: Iterable[Piece], skip: int = 0) -> Persistent:
        """Write bytes for :meth:`enter_pages` to name, durable when the transaction commits; gives their handle."""
        return ExtentWriter(self._p_jar).write(pieces, skip)

    def _seal_what_is_due(self) -> None:
        """Enter committed chunks in the map when there are many; what this transaction appended stays mergeable."""
        tail = self.tail
        all_committed = not is_changed(tail) or self._p_jar is None
        if all_committed and sealing_is_due(tail, SEAL_SIZE, SEAL_CHUNKS, TAIL_CHUNKS):
            self._seal(tail.end)

    def _seal(self, end: int) -> None:
        """Move the whole pages before ``end`` from the tail into the map."""
        seal(self.tail, self.extent_map, end // PAGE * PAGE, self.write_extent)

    def write(self, offset: int, data: ReadableBuffer) -> None:
        """Replace the bytes from ``offset`` on; writing beyond the end makes the file longer."""
        self._check_writable()
        source = bytes_of(data)
        if offset > self.size:
            self.truncate(offset)
        inside = min(len(source), self.size - offset)
        if inside:
            overwrite(self, offset, source[:inside])
        if inside < len(source):
            self.append(source[inside:])

    def enter_pages(self, new: Runs, extents: Extents) -> None:
        """Lay written pages over the map; pages of the tail are sealed first."""
        enter_pages(self.tail, self.extent_map, new, extents, self._seal)

    def truncate(self, size: int) -> None:
        """Make the file ``size`` bytes long; what is added reads as zeros and costs nothing."""
        self._check_writable()
        if size < 0:
            raise ValueError("a file cannot have a negative size")
        if size > MAX_SIZE:
            raise BadRequest(f"{size:,} bytes: a big file can have at most {MAX_SIZE:,}")
        view = view_of(self, existing=True)
        if view is not None:
            view.settle()
        if size > self.size:
            self.tail.grow(size)
            self.extent_map.prepare(self.tail.start // PAGE)
        elif size < self.size:
            shorten(self, size)
        else:
            self.tail.pin_down()  # it stays as long as it is, whatever others append meanwhile
        if view is not None:
            view.refresh()

    def _check_writable(self) -> None:
        if self._p_jar is not None and self._p_jar.isReadOnly():
            raise ReadOnlyView("this connection is read-only (historical, or opened so): its files cannot be written")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.size} bytes>"

    def __copy__(self) -> BigFile:
        """Another file of the same database that shares the extents until one of the two is written: costs no data."""
        self.settle()
        other = type(self)()
        for number, segment in self.extent_map.segments.items():
            other.extent_map.adopt(number, segment)
        other.tail.__setstate__(self.tail.__getstate__())
        other.tail.touch()
        return other

    def __deepcopy__(self, memo: dict[int, object]) -> BigFile:
        return self.__copy__()

    def __getstate__(self) -> Any:
        """The state to store; what was written to a file that is not stored yet goes to extents now."""
        view = self.__dict__.get("_v_view")
        if view is not None:
            view_of(self, existing=True)
            view.settle()
        store = store_for(self._p_jar)
        if store is not BLOBS:
            rehome(self.tail, self.extent_map, lambda buffers: store.write(self._p_jar, buffers))
        return super().__getstate__()
