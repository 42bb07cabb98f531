"""BigArray: an n-dimensional array larger than memory inside the object database.

``A[index]`` with ints, slices, Ellipsis and newaxis is a real :class:`numpy.ndarray` that shows the database's bytes:
nothing is read until it is looked at, and what is written to it is part of the transaction.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from persistent import Persistent

from wendelin.core.bigdata.arrays.description import (
    Shape,
    ShapeLike,
    checked_dtype,
    checked_order,
    checked_shape,
    renamed,
)
from wendelin.core.bigdata.arrays.geometry import (
    Geometry,
    Index,
    Place,
    array_at,
    as_bytes,
    copy_of,
    geometry,
    is_basic,
    is_scalar,
)
from wendelin.core.bigdata.arrays.summary import LEAF_ROWS, Summary, SummaryTable, can_summarise, overview
from wendelin.core.bigdata.bigfile import BigFile
from wendelin.core.bigdata.handles import handle_of, open_handle
from wendelin.core.bigdata.memory.snapshot import ArraySnapshot
from wendelin.core.bigdata.memory.thread_locks import load
from wendelin.core.bigdata.transactions import view_of
from wendelin.core.bigdata.writing import DIRECT_SIZE
from wendelin.core.errors import ReadOnlyView, UnsupportedArray

_COPY_BLOCK = 64 << 20


class BigArray(Persistent):
    """An array of ``shape`` and ``dtype`` in the order "C" or "F", zeros at first (which cost nothing).

    The first dimension of a C-ordered array follows its file: concurrent appends all succeed.
    """

    _summary: SummaryTable | None = None

    def __init__(self, shape: ShapeLike, dtype: DTypeLike, order: str = "C") -> None:
        lengths = checked_shape(shape)
        self._order = checked_order(order)
        self._dtype = checked_dtype(dtype)
        self._file = BigFile()
        self._set_shape(lengths)
        self._file.truncate(math.prod(lengths) * self._dtype.itemsize)
        if self._fixed is None:
            self._summary = SummaryTable()  # from the beginning: two that append first must not both make it

    def _set_shape(self, shape: Shape) -> None:
        self._rest = shape[1:]
        row = math.prod(shape[1:]) * self._dtype.itemsize
        follows = bool(shape) and self._order == "C" and row > 0
        self._row_size = row if follows else None
        self._fixed = None if follows else shape

    # ---------------------------------------------------------------- description

    @property
    def shape(self) -> Shape:
        """Length of each dimension."""
        if self._fixed is not None:
            return self._fixed
        assert self._row_size is not None
        return (self._file.tail.end // self._row_size, *self._rest)  # not by way of `size`: every index comes here

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._dtype

    @property
    def order(self) -> str:
        """ "C" or "F"."""
        return self._order

    @property
    def strides(self) -> Shape:
        """Bytes from one element to the next, in each dimension."""
        return self._geometry().strides

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self._dtype.itemsize

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._dtype.itemsize

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def file(self) -> BigFile:
        """The bytes."""
        return self._file

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __bool__(self) -> bool:
        return True

    def _geometry(self) -> Geometry:
        return geometry(self.shape, self._dtype, self._order)

    # ---------------------------------------------------------------- reading

    def __getitem__(self, index: Index) -> Any:
        """The elements at ``index``: a view for ints, slices, Ellipsis and newaxis, else a copy (as in NumPy)."""
        if self._p_changed is not False:
            load(self)
        if (file := self._file)._p_changed is not False:
            load(file)
        if file.tail._p_changed is not False:
            load(file.tail)
        if not is_basic(index):
            return self._window(())[index]
        found = self._window(index)
        return found[()] if not found.shape and is_scalar(index) else found

    def _window(self, index: Index) -> np.ndarray:
        place = self._geometry().place(index)
        if not place.size:
            return np.empty(place.shape, self._dtype)
        view = view_of(self._file)
        if view is None:
            return copy_of(self._file, place)
        address = view.address(place.low, place.high - place.low)
        return array_at(view.lease(), address, place, view.writable)

    def __iter__(self) -> Iterator[Any]:
        for start in range(len(self)):
            yield self[start]

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """The array in views of ``rows`` rows along the first dimension."""
        for start in range(0, len(self), rows):
            yield self[start : start + rows]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        """The lazy view ``A[:]``; with another ``dtype`` or ``copy=True`` a copy of everything in memory."""
        view = self._window(())
        if dtype is not None and np.dtype(dtype) != self._dtype:
            if copy is False:
                raise ValueError(f"a view of dtype {self._dtype} as {np.dtype(dtype)} needs a copy")
            return view.astype(dtype)
        return view.copy() if copy else view

    def view(self, dtype: DTypeLike) -> np.ndarray:
        """The lazy view of the whole array, its bytes taken as another dtype."""
        return self._window(()).view(checked_dtype(dtype))

    def snapshot(self) -> ArraySnapshot:
        """The array as it is now, read-only, for readers: shared in the process, usable by any thread."""
        return ArraySnapshot(self)

    def advise(self, pattern: str | None) -> None:
        """Tell the kernel how the array will be read: "random", "sequential", "normal", or None to judge by itself."""
        self._file.advise(pattern)

    def overview(self, start: int = 0, stop: int | None = None, bins: int = 1000) -> np.ndarray:
        """Exact minima and maxima of ``bins`` equal parts of the rows, shape (bins, 2, ...): reads the summary."""
        self._file.settle()
        return overview(self, self._summary or SummaryTable(), start, len(self) if stop is None else stop, bins)

    def summarise(self) -> None:
        """Bring the summary up to date with all rows, in a transaction of its own (appending does the rest)."""
        if can_summarise(self):
            self._summary = SummaryTable()
            Summary(self, self._summary).extend(len(self))

    # ---------------------------------------------------------------- writing

    def __setitem__(self, index: Index, value: ArrayLike) -> None:
        """Assign, as NumPy does; long contiguous parts go straight to an extent, without private memory."""
        if self._p_jar is not None and self._p_jar.isReadOnly():
            raise ReadOnlyView("this connection is read-only (historical, or opened so): its arrays cannot be written")
        if is_basic(index):
            place = self._geometry().place(index)
            if place.contiguous and place.high - place.low >= DIRECT_SIZE:
                self._write_contiguous(place, value)
                return
        view = view_of(self._file)
        if view is None:
            target = copy_of(self._file, self._geometry().place(()), writable=True)
            target[index] = value
            self._file.write(0, as_bytes(target.T if self._order == "F" else target))
            return
        self._window(())[index] = value

    def _write_contiguous(self, place: Place, value: ArrayLike) -> None:
        source = np.broadcast_to(np.asarray(value), place.shape)
        if not place.shape:
            source = source.reshape(1)
        row = math.prod(source.shape[1:]) * self._dtype.itemsize
        rows = max(_COPY_BLOCK // row, 1)
        whole = source.dtype == self._dtype and source.flags.c_contiguous
        for start in range(0, len(source), len(source) if whole else rows):
            block = source[start:] if whole else np.ascontiguousarray(source[start : start + rows], self._dtype)
            self._file.write(place.low + start * row, as_bytes(block))

    def append(self, values: ArrayLike) -> None:
        """Add rows at the end of the first dimension; ``values`` is one row or an array of rows."""
        if self._fixed is not None:
            raise UnsupportedArray("only a C-ordered array with rows that have a size can be appended to")
        rows = np.asarray(values, self._dtype)
        if rows.shape == self._rest:
            rows = rows[np.newaxis]
        if rows.shape[1:] != self._rest:
            raise ValueError(f"rows of shape {rows.shape[1:]} do not fit an array of rows of shape {self._rest}")
        if rows.size:
            self._summarise_committed()
            self._file.append(as_bytes(np.ascontiguousarray(rows)))

    def _summarise_committed(self) -> None:
        """Rows whose place is final: those that were there when the transaction began."""
        if self._file.is_changed or len(self) < LEAF_ROWS or not can_summarise(self):
            return
        if self._summary is None:
            self._summary = SummaryTable()
        Summary(self, self._summary).extend(len(self))

    def resize(self, shape: ShapeLike) -> None:
        """Give the array another shape, in constant time; its bytes stay where they are, new ones are zeros."""
        lengths = checked_shape(shape)
        if self._summary is not None and (lengths[1:] != self._rest or lengths[0] < len(self)):
            self._summary = SummaryTable()
        self._file.truncate(math.prod(lengths) * self._dtype.itemsize)
        if self._fixed is not None or lengths[1:] != self._rest:
            self._set_shape(lengths)

    # ---------------------------------------------------------------- copying

    @property
    def grows(self) -> bool:
        """Whether rows can be appended."""
        return self._fixed is None

    def rename_fields(self, names: tuple[str, ...]) -> None:
        """Give the fields of a structured dtype other names; the elements stay as they are."""
        self._dtype = renamed(self._dtype, names)

    def copy(self) -> np.ndarray:
        """All elements in memory."""
        return self._window(()).copy()

    def __copy__(self) -> BigArray:
        """Another array of the same database that shares the extents until one of the two is written: costs no data."""
        other = type(self)(0, self._dtype, self._order)
        other._file = copy.copy(self._file)
        other._set_shape(self.shape)
        return other

    def __deepcopy__(self, memo: dict[int, object]) -> BigArray:
        return self.__copy__()

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Outside the database an array is pickled as a handle, opened as a snapshot."""
        return open_handle, handle_of(self)

    def __dask_tokenize__(self) -> Any:
        return handle_of(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape} dtype={self._dtype} order={self._order}>"
