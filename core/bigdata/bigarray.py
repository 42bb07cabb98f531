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
    array_in,
    as_bytes,
    copy_of,
    geometry,
    is_basic,
    is_scalar,
)
from wendelin.core.bigdata.arrays.growing_axis import across, blocks_of, rows_of, rows_to_append, with_rows
from wendelin.core.bigdata.arrays.summary import (
    LEAF_ROWS,
    Summary,
    SummaryTable,
    can_summarise,
    cost_of_overview,
    overview,
)
from wendelin.core.bigdata.bigfile import BigFile
from wendelin.core.bigdata.handles import handle_of, open_handle, origin_of
from wendelin.core.bigdata.memory.snapshot import ArraySnapshot
from wendelin.core.bigdata.memory.thread_locks import load
from wendelin.core.bigdata.transactions import view_of
from wendelin.core.bigdata.writing import DIRECT_SIZE, replace
from wendelin.core.errors import ReadOnlyView, TooLargeToMap

_COPY_BLOCK = 64 << 20
_SUMMARISED = 64 << 20  # bytes that an append reads at most to summarise them, unless it adds as much itself
_COPY_LIMIT = 1 << 30  # bytes of an array too large to be mapped that are copied for somebody who looks or assigns


class BigArray(Persistent):
    """An array of ``shape`` and ``dtype`` in the order "C" or "F", zeros at first (which cost nothing).

    It grows along the axis whose elements stand furthest apart: the first in C order, the last in Fortran order. What
    is said of rows below is meant along that axis. It follows the file: concurrent appends all succeed.
    """

    _summary: SummaryTable | None = None

    def __init__(self, shape: ShapeLike, dtype: DTypeLike, order: str = "C") -> None:
        self._order = checked_order(order)
        self._dtype = checked_dtype(dtype)
        lengths = checked_shape(shape, self._dtype)
        self._file = BigFile()
        self._set_shape(lengths)
        self._file.truncate(math.prod(lengths) * self._dtype.itemsize)
        if self._fixed is None and self._order == "C":
            self._summary = SummaryTable()  # from the beginning: two that append first must not both make it

    def _set_shape(self, shape: Shape) -> None:
        self._rest = across(shape, self._order)
        row = math.prod(self._rest) * self._dtype.itemsize
        follows = bool(shape) and row > 0
        self._row_size = row if follows else None
        self._fixed = None if follows else shape

    # ---------------------------------------------------------------- description

    @property
    def shape(self) -> Shape:
        """Length of each dimension."""
        if self._fixed is not None:
            return self._fixed
        assert self._row_size is not None
        rows = self._file.tail.end // self._row_size  # not by way of `size`: every index comes here
        return (rows, *self._rest) if self._order == "C" else (*self._rest, rows)

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
        return rows_of(self.shape, self._order)

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
        found = self._mapped(place)
        return copy_of(self._file, place) if found is None else found

    def _mapped(self, place: Place) -> np.ndarray | None:
        """A view of the place, or None where memory cannot be mapped and it is small enough to be copied."""
        try:
            view = view_of(self._file)
            if view is None:
                return None
            address = view.address(place.low, place.high - place.low)
        except TooLargeToMap:
            if place.high - place.low > _COPY_LIMIT:
                raise
            return None
        return array_at(view.lease(), address, place, view.writable)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        for start in range(self.shape[0]):
            yield self[start]

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """The array in views of ``rows`` rows."""
        return blocks_of(self, rows)

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
        return ArraySnapshot(self, origin_of(self))

    def advise(self, pattern: str | None) -> None:
        """Tell the kernel how the array will be read: "random", "sequential", "normal", or None to judge by itself."""
        self._file.advise(pattern)

    def overview(self, start: int = 0, stop: int | None = None, bins: int = 1000) -> np.ndarray:
        """Exact minima and maxima of ``bins`` equal parts of the rows, shape (bins, 2, ...): reads the summary."""
        self._file.settle()
        return overview(self, self._summary or SummaryTable(), start, len(self) if stop is None else stop, bins)

    @property
    def cost_of_overview(self) -> int:
        """About how many bytes of data :meth:`overview` has to read: many, when the array was not summarised."""
        return cost_of_overview(self, self._summary or SummaryTable())

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
        if not is_basic(index):
            self._assign(self._geometry().place(()), index, value)
            return
        place = self._geometry().place(index)
        if place.size and place.high - place.low >= DIRECT_SIZE and (place.contiguous or place.transposed.contiguous):
            self._write_contiguous(place, value)
        else:
            self._assign(place, (), value)

    def _assign(self, place: Place, index: Index, value: ArrayLike) -> None:
        """Assign to a part of a place: in memory, or where the file cannot be mapped to a copy that is written back."""
        if not place.size:
            np.empty(place.shape, self._dtype)[index] = value  # for what NumPy says of values that do not fit
            return
        found = self._mapped(place)
        if found is not None:
            found[index] = value
            return
        buffer = bytearray(self._file.read(place.low, place.high - place.low))
        array_in(buffer, place)[index] = value
        self._file.write(place.low, buffer)

    def _write_contiguous(self, place: Place, value: ArrayLike) -> None:
        given = np.asarray(value, None if isinstance(value, np.ndarray) or not self._dtype.names else self._dtype)
        while given.ndim > len(place.shape) and given.shape[0] == 1:
            given = given[0]
        source = np.broadcast_to(given, place.shape)
        if not place.contiguous:
            source, place = source.T, place.transposed
        if not place.shape:
            source = source.reshape(1)
        row = math.prod(source.shape[1:]) * self._dtype.itemsize
        rows = max(_COPY_BLOCK // row, 1)
        if source.dtype == self._dtype and source.flags.c_contiguous:
            rows = len(source)
        blocks = (source[start : start + rows] for start in range(0, len(source), rows))
        pieces = (as_bytes(np.ascontiguousarray(block, self._dtype)) for block in blocks)
        replace(self._file, place.low, place.high - place.low, pieces)

    def append(self, values: ArrayLike) -> None:
        """Add rows at the end; ``values`` is one row or an array of rows.

        In Fortran order the last axis grows, and a row is what stands at one index of it: a column of a matrix.
        """
        if self._fixed is not None and self._order == "F":
            self._set_shape(self._fixed)  # an array in Fortran order from before these could grow
        rows = rows_to_append(values, self._dtype, self.shape, self._order)
        if self._fixed is not None:  # rows without elements take no place in the file
            self._set_shape(with_rows(self._fixed, self._order, len(self) + rows_of(rows.shape, self._order)))
        elif rows.size:
            self._summarise_committed(max(_SUMMARISED, 2 * rows.nbytes))
            self._file.append(as_bytes(np.ascontiguousarray(rows.T if self._order == "F" else rows)))

    def _summarise_committed(self, most: int) -> None:
        """Rows whose place is final, those that were there when the transaction began: about ``most`` bytes of them."""
        if self._file.is_changed or len(self) < LEAF_ROWS or not can_summarise(self):
            return
        if self._summary is None:
            self._summary = SummaryTable()
        Summary(self, self._summary).extend(len(self), most)

    def resize(self, shape: ShapeLike) -> None:
        """Give the array another shape, in constant time; its bytes stay where they are, new ones are zeros."""
        lengths = checked_shape(shape, self._dtype)
        same_rows = bool(lengths) and across(lengths, self._order) == self._rest
        if self._summary is not None and not (same_rows and lengths[0] >= len(self)):
            self._summary = SummaryTable()
        self._file.truncate(math.prod(lengths) * self._dtype.itemsize)
        if self._fixed is not None or not same_rows:
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
