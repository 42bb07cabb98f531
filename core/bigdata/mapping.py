"""A file's pages in memory: a reservation that shows one table of runs, and can be made to show another.

Runs are mapped; only when there are very many are the small ones copied in, because the kernel allows a process
65,530 mappings. Parts of a tail that have to be put together are written to a scratch file in memory and mapped from there, so that
the dirty scan sees them as what they are: not written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from wendelin.core.bigdata import pagemap, pages
from wendelin.core.bigdata.extents import unique_number
from wendelin.core.bigdata.runs import EMPTY, PAGE, Runs, changes, clip, holes, overlay, runs
from wendelin.core.errors import BigDataError

MANY_RUNS = 2048  # in one mapping; past it runs of up to SMALL_RUN pages are copied in
SMALL_RUN = 8
_MIN_PAGES = 1 << 22  # 16 GiB
_HUGE = 1 << 30  # 4 TiB: a quarter more must do, of 128 TiB in all
_OPEN_FILES = 256


class Scratch:
    """A file in memory for pages that no extent holds as they are; a page keeps its place while its bytes stay the same."""

    def __init__(self) -> None:
        self.number = unique_number()
        self.descriptor = os.memfd_create("wendelin-tail", os.MFD_CLOEXEC)
        self.slots: dict[int, tuple[int, bytes]] = {}
        self.used = 0

    def __del__(self) -> None:
        os.close(self.descriptor)

    def place(self, page: int, data: bytes) -> int:
        """The scratch file's page that holds ``data`` for logical page ``page``."""
        slot = self.slots.get(page)
        if slot is not None and slot[1] == data:
            return slot[0]
        os.pwrite(self.descriptor, data, self.used * PAGE)
        self.slots[page] = (self.used, data)
        self.used += 1
        return self.used - 1


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


class Mapping:
    """Shows runs in a reservation; ``covered`` says which page ranges are mapped at all."""

    def __init__(self, wanted_pages: int, protection: int) -> None:
        room = 4 * wanted_pages if wanted_pages < _HUGE else wanted_pages * 5 // 4
        self.reservation = pages.Reservation(max(room, _MIN_PAGES), protection)
        self.shown: Runs = EMPTY
        self.copied: Runs = EMPTY
        self.covered: list[tuple[int, int]] = []
        self.advice = pages.NORMAL

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """The ranges within pages ``first`` to ``last`` that are not mapped yet."""
        if len(self.covered) == 1 and self.covered[0][0] <= first and last <= self.covered[0][1]:
            return []
        rows = [(low, high - low, 1, low, 0) for low, high in self.covered]
        return holes(runs(rows), first, last)

    def cover(self, first: int, last: int, wanted: Runs, path_of: Callable[[int], str]) -> None:
        """Map a range that was not mapped before."""
        self.reservation.map_zeros(first, last - first)
        self._change(EMPTY, wanted, path_of)
        self.shown = overlay(self.shown, wanted)
        self.covered = _united([*self.covered, (first, last)])

    def show(self, wanted: Runs, path_of: Callable[[int], str]) -> None:
        """Make every covered page show what ``wanted`` says; private copies of changed pages are dropped."""
        self._change(self.shown, wanted, path_of)
        self.shown = wanted

    def _change(self, old: Runs, new: Runs, path_of: Callable[[int], str]) -> None:
        start, stop, extent, at = changes(old, new)
        if not len(start):
            return
        copying = (stop - start <= SMALL_RUN) & (extent != 0) if len(new) > MANY_RUNS else np.zeros(len(start), bool)
        rows = np.column_stack([start, stop - start, extent, at, np.zeros_like(start)])
        with Files(path_of) as files:
            for (page, count, number, position, _), copy in zip(rows.tolist(), copying.tolist(), strict=True):
                if not number:
                    self.reservation.map_zeros(page, count)
                elif copy:
                    self._copy_in(page, count, files.open(number, position + count), position)
                else:
                    self.reservation.map_file(page, count, files.open(number, position + count), position)
        self._note_copies(rows, copying)
        if self.advice != pages.NORMAL:
            self.advise(self.advice)

    def _copy_in(self, page: int, count: int, descriptor: int, at: int) -> None:
        os.preadv(descriptor, [self.reservation.writable(page, count)], at * PAGE)

    def _note_copies(self, rows: np.ndarray, copying: np.ndarray) -> None:
        if not len(self.copied) and not copying.any():
            return
        known = self.copied
        for page, count in rows[~copying, :2].tolist() if len(known) else ():
            known = np.concatenate([clip(known, 0, page), clip(known, page + count, 1 << 60)])
        fresh = runs([tuple(row) for row in rows[copying].tolist()])
        self.copied = overlay(known, fresh)

    def advise(self, advice: int) -> None:
        """Advice to the kernel for everything mapped."""
        self.advice = advice
        for first, last in self.covered:
            self.reservation.advise(first, last - first, advice)

    def advise_once(self, advice: int) -> None:
        """Advice, unless it is what was given last."""
        if advice != self.advice:
            self.advise(advice)

    def written(self, path_of: Callable[[int], str], from_page: int = 0) -> pagemap.PageRanges:
        """The ranges of pages, from ``from_page`` on, that hold something else than what is shown."""
        found: pagemap.PageRanges = []
        for low, last in self.covered:
            first = max(low, from_page)
            if first >= last:
                continue
            ranges = pagemap.written(self.reservation.address + first * PAGE, last - first)
            found.extend((low + first, high + first) for low, high in ranges)
        if len(self.copied) and found:
            found = self._without_copies(found, path_of)
        return [part for low, high in found for part in self._without_zeros(low, high)]

    def _without_copies(self, found: pagemap.PageRanges, path_of: Callable[[int], str]) -> pagemap.PageRanges:
        """Pages that were copied in look written: compare them with where they came from."""
        same: list[tuple[int, int, int, int, int]] = []
        with Files(path_of) as files:
            for page, count, number, at, _ in self.copied.tolist():
                data = os.pread(files.open(number, at + count), count * PAGE, at * PAGE)
                memory = self.reservation.memory(page, count)
                for index in range(count):
                    part = slice(index * PAGE, (index + 1) * PAGE)
                    if memory[part] == data[part].ljust(PAGE, b"\0"):
                        same.append((page + index, 1, 1, page + index, 0))
        clean = runs(same)
        return [part for low, high in found for part in holes(clean, low, high)]

    def _without_zeros(self, low: int, high: int) -> pagemap.PageRanges:
        """A hole that holds zeros is a hole (and plain pagemap cannot tell a hole that was read)."""
        if holes(self.shown, low, high) != [(low, high)]:
            return [(low, high)]
        memory = np.frombuffer(self.reservation.memory(low, high - low), np.uint64).reshape(high - low, -1)
        full = memory.any(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], full.view(np.int8), [0]))))
        return [(low + int(a), low + int(b)) for a, b in edges.reshape(-1, 2)]

    def discard(self, ranges: pagemap.PageRanges, path_of: Callable[[int], str]) -> None:
        """Drop what was written to these pages."""
        for low, high in ranges:
            self.reservation.discard(low, high - low)
        if len(self.copied):
            with Files(path_of) as files:
                for low, high in ranges:
                    for page, count, number, at, _ in clip(self.copied, low, high).tolist():
                        self._copy_in(page, count, files.open(number, at + count), at)


def _united(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if united and low <= united[-1][1]:
            united[-1] = united[-1][0], max(united[-1][1], high)
        else:
            united.append((low, high))
    return united


def restrict(table: Runs, covered: list[tuple[int, int]]) -> Runs:
    """The part of a table within the covered ranges."""
    if len(covered) == 1:
        return clip(table, *covered[0])
    parts: list[Any] = [clip(table, low, high) for low, high in covered]
    return np.concatenate(parts) if parts else EMPTY
