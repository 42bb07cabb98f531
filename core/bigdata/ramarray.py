"""RAMArray: the interface of a BigArray in plain memory, for temporary documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from wendelin.core.bigdata.arrays.description import ShapeLike, checked_dtype, checked_order, checked_shape, renamed
from wendelin.core.bigdata.arrays.geometry import Index
from wendelin.core.bigdata.arrays.growing_axis import blocks_of, rows_of, rows_to_append


class RAMArray:
    """An array that lives as long as the object: no database, no transactions, memory of its whole size."""

    def __init__(self, shape: ShapeLike, dtype: DTypeLike, order: str = "C") -> None:
        self.order = checked_order(order)
        self._numpy_order: Literal["C", "F"] = "F" if order == "F" else "C"
        found = checked_dtype(dtype)
        self._array = np.zeros(checked_shape(shape, found), found, self._numpy_order)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "dtype", "strides", "size", "nbytes", "itemsize", "ndim"):
            return getattr(self._array, name)
        raise AttributeError(name)

    def __len__(self) -> int:
        return rows_of(self._array.shape, self.order)

    def __getitem__(self, index: Index) -> Any:
        return self._array[index]

    def __setitem__(self, index: Index, value: ArrayLike) -> None:
        self._array[index] = value

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype, copy=copy)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._array)

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """The array in views of ``rows`` rows."""
        return blocks_of(self, rows)

    def rename_fields(self, names: tuple[str, ...]) -> None:
        """Give the fields of a structured dtype other names; the elements stay as they are."""
        self._array = self._array.view(renamed(self._array.dtype, names))

    def append(self, values: ArrayLike) -> None:
        """Add rows at the end."""
        rows = rows_to_append(values, self._array.dtype, self._array.shape, self.order)
        joined = np.concatenate([self._array, rows], axis=0 if self.order == "C" else -1)
        self._array = np.asarray(joined, order=self._numpy_order)

    def resize(self, shape: ShapeLike) -> None:
        """Give the array another shape; its elements stay in order, new ones are zeros."""
        lengths = checked_shape(shape, self._array.dtype)
        flat = np.zeros(int(np.prod(lengths)), self._array.dtype)
        old = np.ravel(self._array, order=self._numpy_order)
        count = min(len(flat), len(old))
        flat[:count] = old[:count]
        self._array = np.reshape(flat, lengths, order=self._numpy_order)

    def view(self, dtype: DTypeLike) -> np.ndarray:
        """The elements as another dtype."""
        view: np.ndarray = self._array.view(dtype)
        return view

    def snapshot(self) -> np.ndarray:
        """A read-only view."""
        view: np.ndarray = self._array.view()
        view.flags.writeable = False
        return view
