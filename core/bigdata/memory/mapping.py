"""A file's pages in memory: a reservation that shows one table of runs, and can be made to show another.

Runs are mapped; only when there are very many are the small ones copied in, because the kernel allows a process
65,530 mappings. Parts of a tail that have to be put together are written to a scratch file in memory and mapped from
there, so that the dirty scan sees them as what they are: not written.

Where the kernel does not tell which pages were written, everything is mapped a second time, read-only, and the two are
compared.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator

import numpy as np

from wendelin.core.bigdata.extents.page_size import PAGE, unique_number
from wendelin.core.bigdata.extents.runs import EMPTY, Runs, changes, clip, holes, overlay, parted, ranges, runs
from wendelin.core.bigdata.memory import address_space, pagemap
from wendelin.core.errors import BigDataError, TooLargeToMap

MANY_RUNS = 16_384  # in one mapping, or half of all, of 65,530 that the kernel allows; past it small ones are copied in
SMALL_RUN = 8  # pages
_MIN_PAGES = 1 << 20  # 4 GiB
_HUGE = 1 << 30  # 4 TiB: a quarter more must do, of 128 TiB in all
_OPEN_FILES = 256
_COMPARED = 256  # pages at a time, so that they stay in the processor's cache
_NOT_SHOWN = -2  # an extent that no table names
_END = 1 << 52  # behind every page


class Scratch:
    """A file for pages that no extent holds as they are; a page keeps its place while its bytes do.

    In memory when it is small, else a temporary file on disk.
    """

    def __init__(self, on_disk: bool) -> None:
        self.number, self.on_disk = unique_number(), on_disk
        self.descriptor = _temporary_file() if on_disk else os.memfd_create("wendelin-tail", os.MFD_CLOEXEC)
        self.slots: dict[int, tuple[int, bytes]] = {}
        self.used = 0

    def __del__(self) -> None:
        os.close(self.descriptor)

    def place(self, page: int, data: bytes) -> int:
        """The scratch file's page that holds ``data`` for logical page ``page``."""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        slot = self.slots.get(page)
        if slot is not None and slot[1] == digest:
            return slot[0]
        os.pwrite(self.descriptor, data, self.used * PAGE)
        self.slots[page] = (self.used, digest)
        self.used += 1
        return self.used - 1

    def forget_before(self, page: int) -> None:
        """Pages before this one are in the map now."""
        for sealed in [known for known in self.slots if known < page]:
            del self.slots[sealed]


def _temporary_file() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Files:
    """Open descriptors of extents while a mapping is changed."""

    def __init__(self, path_of: Callable[[int], str]) -> None:
        self._path_of = path_of
        self._open: dict[int, tuple[int, int]] = {}

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor, _size in self._open.values():
            os.close(descriptor)

    def open(self, number: int, pages_needed: int) -> int:
        """A descriptor of an extent that has that many pages (a page beyond a file's end would be SIGBUS)."""
        if number not in self._open:
            if len(self._open) >= _OPEN_FILES:
                os.close(self._open.pop(next(iter(self._open)))[0])
            descriptor = os.open(self._path_of(number), os.O_RDONLY | os.O_CLOEXEC)
            self._open[number] = descriptor, os.fstat(descriptor).st_size
        descriptor, size = self._open[number]
        if (pages_needed - 1) * PAGE >= size:
            raise BigDataError(f"an extent file of {size} bytes is shorter than the {pages_needed} pages named of it")
        return descriptor


_mappings: weakref.WeakSet[Mapping] = weakref.WeakSet()


class Mapping:
    """Shows runs in a reservation; ``covered`` says which page ranges are mapped at all."""

    def __init__(self, wanted_pages: int, protection: int) -> None:
        self.reservation = _reservation(wanted_pages, protection)
        self._pristine: address_space.Reservation | None = None
        if protection != address_space.READ and not pagemap.readable():
            self._pristine = address_space.Reservation(self.reservation.pages, address_space.READ)
        self.shown: Runs = EMPTY
        self.copied: Runs = EMPTY
        self.covered: list[tuple[int, int]] = []
        self.advice = address_space.NORMAL
        self.stale = False  # part of what is shown could not be restored: show the file's state again
        self.flushed: Runs = EMPTY  # pages of which memory still holds private copies that are in an extent
        self._digests: dict[int, bytes] = {}
        _mappings.add(self)

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """The ranges within pages ``first`` to ``last`` that are not mapped yet."""
        if len(self.covered) == 1 and self.covered[0][0] <= first and last <= self.covered[0][1]:
            return []
        return holes(ranges(self.covered), first, last)

    def cover(self, first: int, last: int, wanted: Runs, path_of: Callable[[int], str]) -> None:
        """Map a range that was not mapped before."""
        for reservation in self._reservations():
            reservation.map_zeros(first, last - first)
        self._change(EMPTY, wanted, path_of)
        self.shown = overlay(self.shown, wanted)
        self.covered = _united([*self.covered, (first, last)])

    def show(self, wanted: Runs, path_of: Callable[[int], str]) -> None:
        """Make every covered page show what ``wanted`` says; private copies of changed pages are dropped."""
        self._change(overlay(self.shown, self.flushed), wanted, path_of)
        self.shown, self.flushed, self.stale = wanted, EMPTY, False

    def show_part(self, first: int, last: int, wanted: Runs, path_of: Callable[[int], str]) -> None:
        """Make pages ``first`` to ``last``, which are covered, show what ``wanted`` says of them."""
        self._change(clip(self.shown, first, last), wanted, path_of)
        self.shown = np.concatenate([clip(self.shown, 0, first), wanted, clip(self.shown, last, _END)])

    def note_flushed(self, pages: pagemap.PageRanges) -> None:
        """What was written to these pages is in an extent: it does not count as written, and the next `show` drops it.

        Comparing places is not enough for that: the file may give the extent up before anybody looks (truncated,
        undone), the pages are where they were before, and what was written would come back.
        """
        self.flushed = overlay(self.flushed, runs([(low, high - low, _NOT_SHOWN, 0, 0) for low, high in pages]))

    def _note_unknown(self, rows: np.ndarray) -> None:
        """Nobody can tell what these pages show: the next `show` maps them again."""
        unknown = [(page, count, _NOT_SHOWN, 0, 0) for page, count in rows[:, :2].tolist()]
        self.shown, self.stale = overlay(self.shown, runs(unknown)), True

    def _reservations(self) -> list[address_space.Reservation]:
        """What arrays see, and what it is compared with, if that is needed."""
        return [self.reservation] if self._pristine is None else [self.reservation, self._pristine]

    def _change(self, old: Runs, new: Runs, path_of: Callable[[int], str]) -> None:
        start, stop, extent, at = changes(old, new)
        if not len(start):
            return
        many = max(len(new), sum(len(mapping.shown) for mapping in _mappings) // 2) > MANY_RUNS
        copying = (stop - start <= SMALL_RUN) & (extent != 0) & many
        rows = np.column_stack([start, stop - start, extent, at, np.zeros_like(start)])
        try:
            self._map(rows, copying, path_of)
        except BaseException:  # some of it shows the new state already
            self._note_unknown(rows)
            raise
        self._note_copies(rows, copying)
        if self.advice != address_space.NORMAL:
            self.advise(self.advice)

    def _map(self, rows: np.ndarray, copying: np.ndarray, path_of: Callable[[int], str]) -> None:
        with Files(path_of) as files:
            for (page, count, number, position, _), copy in zip(rows.tolist(), copying.tolist(), strict=True):
                for reservation in self._reservations():
                    if not number:
                        reservation.map_zeros(page, count)
                    elif copy:
                        _copy_in(reservation, page, count, files.open(number, position + count), position)
                    else:
                        reservation.map_file(page, count, files.open(number, position + count), position)

    def _note_copies(self, rows: np.ndarray, copying: np.ndarray) -> None:
        """Remember what was copied in, page by page: a copy looks written, and its file may be out of reach later."""
        if len(self.copied):
            mapped = ranges([(page, page + count) for page, count in rows[~copying, :2].tolist()])
            gone, self.copied = parted(self.copied, mapped)
            for page in _pages_of(gone):
                del self._digests[page]
        if copying.any():
            fresh = runs([tuple(row) for row in rows[copying].tolist()])
            self.copied = overlay(self.copied, fresh)
            self._digests.update((page, self._digest(page)) for page in _pages_of(fresh))

    def _digest(self, page: int) -> bytes:
        return hashlib.blake2b(self.reservation.memory(page, 1), digest_size=16).digest()

    def advise(self, advice: int) -> None:
        """Advice to the kernel for everything mapped."""
        self.advice = advice
        for first, last in self.covered:
            self.reservation.advise(first, last - first, advice)

    def advise_once(self, advice: int) -> None:
        """Advice, unless it is what was given last."""
        if advice != self.advice:
            self.advise(advice)

    def written(self, from_page: int = 0) -> pagemap.PageRanges:
        """The ranges of pages, from ``from_page`` on, that hold something else than what is shown."""
        found: pagemap.PageRanges = []
        for low, last in self.covered:
            first = max(low, from_page)
            if first >= last:
                continue
            if self._pristine is not None:
                found.extend(self._different(self._pristine, first, last))
                continue
            pairs = pagemap.written(self.reservation.address + first * PAGE, last - first)
            found.extend((low + first, high + first) for low, high in pairs)
        if not found:
            return found
        written = parted(ranges(found), self.flushed)[1]
        if len(self.copied):
            written = parted(written, self._unchanged_copies())[1]
        full, holes_written = parted(written, self.shown)
        written = np.concatenate([full, parted(holes_written, self._zeros(holes_written))[1]])
        bounds = np.column_stack([written["page"], written["page"] + written["count"]])
        return [(low, high) for low, high in bounds[np.argsort(bounds[:, 0])].tolist()]

    def _different(self, pristine: address_space.Reservation, first: int, last: int) -> pagemap.PageRanges:
        """The pages that hold something else than what was mapped: 0.1 to 0.3 s per GiB, and it reads all of it."""
        found: pagemap.PageRanges = []
        for page in range(first, last, _COMPARED):
            count = min(_COMPARED, last - page)
            ours, theirs = self._memory(page, count), _words(pristine, page, count)
            if not np.array_equal(ours, theirs):
                found.extend((page + i, page + i + 1) for i in np.flatnonzero((ours != theirs).any(axis=1)).tolist())
        return _united(found)

    def _memory(self, page: int, count: int) -> np.ndarray:
        return _words(self.reservation, page, count)

    def _unchanged_copies(self) -> Runs:
        """Pages that were copied in and hold what they held then."""
        same = [page for page, digest in self._digests.items() if self._digest(page) == digest]
        return ranges([(page, page + 1) for page in same])

    def _zeros(self, written: Runs) -> Runs:
        """A hole that holds zeros is a hole (and plain pagemap cannot tell a hole that was read)."""
        zeros: pagemap.PageRanges = []
        for page, count in written[["page", "count"]].tolist():
            empty = np.flatnonzero(~self._memory(page, count).any(axis=1)).tolist()
            zeros.extend((page + i, page + i + 1) for i in empty)
        return ranges(zeros)

    def discard_all(self, path_of: Callable[[int], str]) -> None:
        """Drop everything that was written."""
        flushed = self.flushed[["page", "count"]].tolist()
        self.discard([*self.written(), *((page, page + count) for page, count in flushed)], path_of)
        self.flushed = EMPTY

    def discard(self, written: pagemap.PageRanges, path_of: Callable[[int], str]) -> None:
        """Drop what was written to these pages: they show what is mapped."""
        for low, high in written:
            self.reservation.discard(low, high - low)
            for page, count, number, at, _ in clip(self.copied, low, high).tolist():
                self._copy_again(page, count, number, at, path_of)

    def _copy_again(self, page: int, count: int, number: int, at: int, path_of: Callable[[int], str]) -> None:
        try:
            with Files(path_of) as files:
                _copy_in(self.reservation, page, count, files.open(number, at + count), at)
        except (
            OSError,
            KeyError,
            BigDataError,
        ):  # an extent of an aborted savepoint is gone: the file's own state has to be shown
            self._note_unknown(np.array([(page, count)]))


def _reservation(wanted_pages: int, protection: int) -> address_space.Reservation:
    """Room for a file to grow in; only for what it has now where there is no more."""
    room = 4 * wanted_pages if wanted_pages < _HUGE else wanted_pages * 5 // 4
    try:
        return address_space.Reservation(max(room, _MIN_PAGES), protection)
    except TooLargeToMap:
        return address_space.Reservation(max(wanted_pages, 1), protection)


def _copy_in(reservation: address_space.Reservation, page: int, count: int, descriptor: int, at: int) -> None:
    os.preadv(descriptor, [reservation.writable(page, count)], at * PAGE)


def _words(reservation: address_space.Reservation, page: int, count: int) -> np.ndarray:
    """Pages as rows of 64-bit words."""
    return np.frombuffer(reservation.memory(page, count), np.uint64).reshape(count, -1)


def _pages_of(table: Runs) -> Iterator[int]:
    for page, count in table[["page", "count"]].tolist():
        yield from range(page, page + count)


def _united(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if united and low <= united[-1][1]:
            united[-1] = united[-1][0], max(united[-1][1], high)
        else:
            united.append((low, high))
    return united
