"""A connection's view of one file: memory that follows the connection's transaction, and can be written.

Arrays are windows on a :class:`~wendelin.core.bigdata.memory.mapping.Mapping` and keep it alive through their
`Lease`. Writes are found by the dirty scan when a transaction commits; when it aborts they are dropped.
"""

from __future__ import annotations

import logging
import weakref

import numpy as np
from ZODB.POSException import ReadConflictError

from wendelin.core.bigdata.extents.extent_map import SEGMENT_PAGES
from wendelin.core.bigdata.extents.page_size import PAGE, page_span, pages_of, unique_number
from wendelin.core.bigdata.extents.runs import EMPTY, Runs, runs
from wendelin.core.bigdata.extents.stores import keeps_local_files
from wendelin.core.bigdata.memory import address_space, pagemap
from wendelin.core.bigdata.memory.address_space import advice_for
from wendelin.core.bigdata.memory.lease import Lease
from wendelin.core.bigdata.memory.mapping import Mapping
from wendelin.core.bigdata.memory.page_source import PageSource
from wendelin.core.bigdata.memory.paged_file import PagedFile
from wendelin.core.bigdata.memory.thread_locks import lock_of
from wendelin.core.errors import StaleView

logger = logging.getLogger(__name__)

_BEGIN_FIRST = "the file changed with the last transaction: begin the next one first"
_UNKNOWN, _LATE = -1, -2  # revisions of a view that has to be refreshed


class View:
    """The writable (or, on a read-only connection, readable) memory of one file in one connection."""

    def __init__(self, file: PagedFile, writable: bool) -> None:
        self.file, self.writable = file, writable
        self.touched = False  # handed out in this transaction: may have been written
        self.pending: pagemap.PageRanges | None = None
        self.revision = file.revision
        self.closed = False
        self.paused = False  # between explicit transactions: what was committed last cannot be loaded yet
        self.advice: int | None = None
        self.lock = lock_of(file)
        self._source = PageSource()
        self._mapping = self._new_mapping()
        self._retired: list[tuple[weakref.ref[Lease], Mapping]] = []
        self._lease: weakref.ref[Lease] | None = None

    def _new_mapping(self) -> Mapping:
        size = pages_of(self.file.size)
        return Mapping(size, address_space.READ_WRITE if self.writable else address_space.READ)

    # ---------------------------------------------------------------- handing out

    def lease(self) -> Lease:
        """The lease that arrays on the present mapping share."""
        lease = self._lease() if self._lease is not None else None
        if lease is None:
            lease = Lease(self._mapping)
            self._lease = weakref.ref(lease)
        return lease

    @property
    def leased(self) -> bool:
        """Whether somebody still holds an array."""
        return self._lease is not None and self._lease() is not None

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost with the view: nobody holds an array, also not one from before a move."""
        retired = any(ref() is not None for ref, _ in self._retired)
        return not (self.leased or self.touched or retired)

    def address(self, offset: int, size: int) -> int:
        """The address of ``size`` bytes from ``offset`` on, mapped."""
        if self.closed:
            raise StaleView("the connection of this view is closed")
        with self.lock:
            self.refresh()
            first, last = page_span(offset, size)
            if last > self._mapping.reservation.pages:
                self._move()
            self._cover(first, last)
            advice = self.advice if self.advice is not None else advice_for(size, self._mapping.advice)
            self._mapping.advise_once(advice)
            self.touched = True
            return self._mapping.reservation.address + offset

    def memory(self, offset: int, size: int) -> memoryview:
        """``size`` bytes from ``offset`` on, as writable memory."""
        address = self.address(offset, size)  # before the lease: the file may move to another reservation
        return address_space.window(self.lease(), address, size)

    def _cover(self, first: int, last: int) -> None:
        missing = self._mapping.missing(first, last)
        if missing and keeps_local_files(self.file._p_jar):
            end = pages_of(self.file.size)
            first = first // SEGMENT_PAGES * SEGMENT_PAGES
            last = max(last, min(-(-last // SEGMENT_PAGES) * SEGMENT_PAGES, end))
            missing = self._mapping.missing(first, last)
        try:
            for low, high in missing:
                self._mapping.cover(low, high, self._source.find(self.file, low, high), self._source.path_of)
        except ReadConflictError as error:
            if self.paused:
                raise StaleView(_BEGIN_FIRST) from error
            raise

    def advise(self, advice: int | None) -> None:
        """How the file will be read: address_space.RANDOM, SEQUENTIAL or NORMAL; None to judge by the size of each
        part.
        """
        self.advice = advice
        if advice is not None:
            self._mapping.advise_once(advice)

    def _move(self) -> None:
        """The file outgrew its reservation: arrays handed out stay on the old one, read-only from now on."""
        self.settle()
        mapping = self._new_mapping()
        lease = self._lease() if self._lease is not None else None
        if lease is not None:
            lease.freeze()
            self._retired.append((weakref.ref(lease), self._mapping))
        self._lease = None
        self._mapping = mapping

    # ---------------------------------------------------------------- following the file

    def refresh(self) -> None:
        """Show the file as the transaction sees it now; cheap when nothing changed."""
        revision = self.file.tail.revision
        if revision != self.revision or self._outdated:
            if self.paused:
                raise StaleView(_BEGIN_FIRST)
            source = PageSource()
            source.scratch = self._source.scratch
            wanted = [source.find(self.file, low, high) for low, high in self._mapping.covered]
            self._show(np.concatenate(wanted) if wanted else EMPTY, source)
            self.revision = revision

    def follow(self) -> None:
        """Refresh at a transaction's end or begin, where an error has no place: it is raised when the view is used."""
        try:
            self.refresh()
        except Exception:
            logger.exception("a view of %r could not be refreshed", self.file._p_oid)
            self.revision = _UNKNOWN

    def _show(self, wanted: Runs, source: PageSource) -> None:
        self._mapping.show(wanted, source.path_of)
        self._source = source

    @property
    def _outdated(self) -> bool:
        """Whether memory shows something else than at `revision` (which an undone write brings back)."""
        return self._mapping.stale or len(self._mapping.flushed) > 0

    def follow_change(self, first: int, last: int, before: tuple[int, int]) -> None:
        """The transaction changed pages ``first`` to ``last``; revision and the tail's start were ``before``.

        Arrays that somebody holds show it at once: a write to one of them takes the rest of its page along.
        """
        if not self.leased:
            return
        if (self.revision, self.file.tail.start) != before or self._outdated:
            self.refresh()
            return
        for covered, end in self._mapping.covered:
            low, high = max(covered, first), min(end, last)
            if low < high:
                wanted = self._source.find(self.file, low, high)
                self._mapping.show_part(low, high, wanted, self._source.path_of)
        self.revision = self.file.tail.revision

    def forget_revision(self) -> None:
        """Have the next use refresh the view."""
        self.revision = _LATE

    # ---------------------------------------------------------------- writes

    def written(self) -> pagemap.PageRanges:
        """The page ranges that were written and not yet flushed."""
        return self._mapping.written() if self.writable else []

    def drop(self, first: int, count: int) -> None:
        """Forget what was written to these pages: they are about to be replaced."""
        self._mapping.discard([(max(low, first), min(high, first + count)) for low, high in self.written()
                               if low < first + count and high > first], self._source.path_of)  # fmt: skip

    def discard(self) -> None:
        """Forget everything that was written."""
        self.pending = None
        if self.writable:
            self._mapping.discard_all(self._source.path_of)

    def flush(self) -> None:
        """Write the dirty pages as one extent and enter it in the file's map."""
        ranges = self.written() if self.pending is None else self.pending
        self.pending = None
        self._check_retired()
        if not ranges:
            return
        if self.revision == _UNKNOWN:
            raise StaleView("an array was written that could not be brought up to date: take A[...] again")
        self._check_end(ranges)
        memory = self._mapping.reservation.memory
        rows, at, number = [], 0, unique_number()
        for low, high in ranges:
            rows.append((low, high - low, number, at, 0))
            at += high - low
        handle = self.file.write_extent(memory(low, high - low) for low, high in ranges)
        self.file.enter_pages(runs(rows), {number: handle})
        self._mapping.note_flushed(ranges)

    def settle(self) -> None:
        """Flush in the middle of a transaction: the memory shows the new extents, and private copies are dropped."""
        self.flush()
        self.refresh()

    def settle_tail(self) -> None:
        """Before the tail changes: what was written to pages that are put together from it must be in extents."""
        first = self.file.tail.start // PAGE
        if self.writable and self._mapping.written(first):
            self.settle()

    def _check_end(self, ranges: pagemap.PageRanges) -> None:
        """A write behind the end of the file, to an array from before it was made shorter, cannot be kept."""
        size = self.file.size
        last, rest = ranges[-1][1] - 1, size % PAGE
        beyond = last * PAGE >= size
        if not beyond and rest and last == size // PAGE:
            beyond = any(self._mapping.reservation.memory(last, 1)[rest:])
        if beyond:
            raise StaleView("an array from before its file was made shorter was written behind the new end")

    def _check_retired(self) -> None:
        self._retired = [(ref, mapping) for ref, mapping in self._retired if ref() is not None]
        for _, mapping in self._retired:
            if mapping.written():
                raise StaleView(
                    "an array from before its file outgrew its address space was written: take A[...] again"
                )

    # ---------------------------------------------------------------- the end

    def detach(self) -> None:
        """The connection closes: arrays stay readable; a later write is in vain and is said so."""
        self.closed = True
        lease = self._lease() if self._lease is not None else None
        if lease is None:
            return
        lease.freeze()
        if self.writable:
            if self.written():
                logger.error("a connection was closed with unsaved writes to %r", self.file._p_oid)
                self.discard()
            lease.watch_late_writes(self.file._p_oid)
