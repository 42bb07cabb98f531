"""The axis along which an array grows: the first in C order, the last in Fortran order; its parts are called rows."""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from wendelin.core.bigdata.arrays.description import Shape
from wendelin.core.errors import BadRequest, UnsupportedArray


class Sliced(Protocol):
    """An array of which blocks of rows can be taken."""

    @property
    def order(self) -> str:
        """ "C" or "F"."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: tuple[slice] | tuple[EllipsisType, slice], /) -> np.ndarray: ...


def across(shape: Shape, order: str) -> Shape:
    """The shape of one row."""
    return shape[1:] if order == "C" else shape[:-1]


def rows_of(shape: Shape, order: str) -> int:
    """How many rows an array has; `TypeError` for one without dimensions."""
    if not shape:
        raise TypeError("len() of unsized object")
    return shape[0] if order == "C" else shape[-1]


def with_rows(shape: Shape, order: str, rows: int) -> Shape:
    """The shape with another number of rows."""
    return (rows, *shape[1:]) if order == "C" else (*shape[:-1], rows)


def blocks_of(array: Sliced, rows: int) -> Iterator[np.ndarray]:
    """An array in views of so many rows; the last one may have fewer."""
    if rows < 1:
        raise BadRequest(f"blocks of {rows} rows: at least 1")
    for start in range(0, len(array), rows):
        part = slice(start, start + rows)
        yield array[(part,) if array.order == "C" else (..., part)]


def rows_to_append(values: ArrayLike, dtype: DTypeLike, shape: Shape, order: str) -> np.ndarray:
    """The values as rows of an array of that shape, when they are one row or several."""
    if not shape:
        raise UnsupportedArray("an array without dimensions has no rows to add to")
    rows = np.asarray(values, dtype)
    wanted = across(shape, order)
    if rows.shape == wanted:
        rows = rows[np.newaxis] if order == "C" else rows[..., np.newaxis]
    if not rows.ndim or across(rows.shape, order) != wanted:
        raise BadRequest(f"values of shape {rows.shape} do not fit an array of rows of shape {wanted}")
    return rows
