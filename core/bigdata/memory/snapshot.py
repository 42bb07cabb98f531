"""Snapshots: read-only memory of one revision, for everything that only reads.

A snapshot is never scanned for writes and does not follow the connection. All snapshots of a process that look at the
same revision of a file share one mapping, whatever their connection or thread.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike
from ZODB import DB

from wendelin.core.bigdata.arrays.geometry import (
    Geometry,
    Index,
    Readable,
    Shaped,
    array_at,
    copy_of,
    is_basic,
    is_scalar,
)
from wendelin.core.bigdata.arrays.growing_axis import blocks_of, rows_of
from wendelin.core.bigdata.extents.extent_map import SegmentTable
from wendelin.core.bigdata.extents.page_size import page_span, pages_of
from wendelin.core.bigdata.extents.stores import keeps_local_files
from wendelin.core.bigdata.memory import address_space
from wendelin.core.bigdata.memory.address_space import SMALL_READ, advice_for
from wendelin.core.bigdata.memory.lease import Lease
from wendelin.core.bigdata.memory.mapping import Mapping, Scratch
from wendelin.core.bigdata.memory.page_source import PageSource
from wendelin.core.bigdata.memory.paged_file import PagedFile
from wendelin.core.bigdata.tail.tail import Tail


class SharedMapping:
    """One revision of a file in memory, shared by all who look at it."""

    def __init__(self, page_count: int) -> None:
        self.lock = threading.Lock()
        self.mapping = Mapping(page_count, address_space.READ)
        self.lease = Lease(self.mapping)
        self.scratch: Scratch | None = None


_shared: weakref.WeakValueDictionary[tuple[bytes | None, int], SharedMapping] = weakref.WeakValueDictionary()
_shared_lock = threading.Lock()


class _State:
    """A file's tail and segments as they are now, whatever becomes of the persistent objects."""

    def __init__(self, file: PagedFile) -> None:
        self.tail, self.extent_map = Tail(), SegmentTable()
        self.tail.__setstate__(file.tail.__getstate__())
        for number, segment in file.extent_map.segments.items():
            segment._p_activate()
            copy = type(segment)()
            copy.table, copy.extents = segment.table, segment.extents
            self.extent_map.segments[number] = copy


class FileSnapshot:
    """A file as it was at one revision, read-only; may be used by any thread.

    Where extents have to be fetched (ZEO without a shared folder) a part is fetched when it is first looked at,
    through the connection that the snapshot was taken in.
    """

    def __init__(self, file: PagedFile) -> None:
        self.size = file.size
        self.revision = file.revision
        self._state = _State(file)
        self._source = PageSource()
        self._shared = self._share((file.tail._p_oid, self.revision))
        if keeps_local_files(file._p_jar) and self.size:
            self._cover(0, self.size)

    def _share(self, key: tuple[bytes | None, int]) -> SharedMapping:
        with _shared_lock:
            found = _shared.get(key)
            if found is None:
                found = SharedMapping(pages_of(self.size))
                if self.revision:
                    _shared[key] = found
            return found

    def _cover(self, offset: int, size: int) -> None:
        first, last = page_span(offset, size)
        shared = self._shared
        with shared.lock:
            for low, high in shared.mapping.missing(first, last):
                self._source.scratch = shared.scratch
                wanted = self._source.find(self._state, low, high)
                shared.scratch = self._source.scratch
                shared.mapping.cover(low, high, wanted, self._source.path_of)
            shared.mapping.advise_once(advice_for(size, shared.mapping.advice))

    def address(self, offset: int, size: int) -> int:
        """The address of ``size`` bytes from ``offset`` on."""
        self._cover(offset, size)
        reservation = self._shared.mapping.reservation
        if size <= SMALL_READ:
            first, last = page_span(offset, size)
            reservation.populate(first, last - first)
        return reservation.address + offset

    @property
    def lease(self) -> Lease:
        """What keeps the memory alive."""
        return self._shared.lease

    def memory(self, offset: int, size: int) -> memoryview:
        """A read-only window on the bytes, without a copy."""
        size = max(min(size, self.size - offset), 0)
        if not size:
            return memoryview(b"")
        return address_space.window(self.lease, self.address(offset, size), size).toreadonly()

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """A copy of the bytes."""
        return bytes(self.memory(offset, self.size if size is None else size))


class SnapshotFile(Protocol):
    """A file that gives a snapshot of itself."""

    def snapshot(self) -> Readable:
        """The file as it is now: a `FileSnapshot`, or the file itself where memory cannot be mapped."""


class SnapshotArray(Shaped, Protocol):
    """What a snapshot needs of an array."""

    @property
    def file(self) -> SnapshotFile:
        """The bytes."""


class Origin(NamedTuple):
    """Where a snapshot was taken: the array's record, and the transaction that it shows."""

    database: DB
    oid: bytes
    tid: bytes


class ArraySnapshot:
    """An array as it was at one revision; basic indexing gives read-only views."""

    def __init__(self, array: SnapshotArray, origin: Origin | None = None) -> None:
        self.origin = origin
        self.shape, self.dtype, self.order = array.shape, array.dtype, array.order
        self._geometry = Geometry(self.shape, self.dtype, self.order)
        self._file = array.file.snapshot()
        self.ndim, self.size = len(self.shape), int(np.prod(self.shape, dtype=object))
        self.itemsize, self.nbytes = self.dtype.itemsize, self.size * self.dtype.itemsize
        self.strides = self._geometry.strides

    @property
    def file(self) -> Readable:
        """The bytes."""
        return self._file

    def __len__(self) -> int:
        return rows_of(self.shape, self.order)

    def __getitem__(self, index: Index) -> Any:
        if not is_basic(index):
            return self._window(())[index]
        found = self._window(index)
        return found[()] if not found.shape and is_scalar(index) else found

    def _window(self, index: Index) -> np.ndarray:
        place = self._geometry.place(index)
        if not place.size:
            return np.empty(place.shape, self.dtype)
        if not isinstance(self._file, FileSnapshot):
            return copy_of(self._file, place)
        address = self._file.address(place.low, place.high - place.low)
        return array_at(self._file.lease, address, place, writable=False)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        view = self._window(())
        if dtype is not None and np.dtype(dtype) != self.dtype:
            return view.astype(dtype)
        return view.copy() if copy else view

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """The array in views of ``rows`` rows."""
        return blocks_of(self, rows)

    def __repr__(self) -> str:
        return f"<ArraySnapshot shape={self.shape} dtype={self.dtype}>"
