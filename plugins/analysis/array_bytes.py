"""An array as a sequence of bytes, of which any range can be read without reading the rest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import recfunctions

from wendelin.core.errors import BadRequest
from wendelin.plugins.analysis.array_types import Readable

BLOCK = 1 << 20


class ArrayBytes:
    """The elements of ``array`` (an ndarray view or a snapshot) in C order, as bytes; at most `BLOCK` at a time.
    ``columns`` are fields of a structured dtype, or column numbers of the last axis; `BadRequest` for others.
    """

    def __init__(self, array: Readable, columns: list[str] | None = None) -> None:
        self.array = array
        self.columns = columns or []
        self._axis = _blocked_axis(array.shape, array.dtype.itemsize)
        shape = array.shape
        self._rows = math.prod(shape[: self._axis + 1])
        self._length = shape[self._axis] if shape else 1
        sample = self._selected(np.empty((1, *shape[self._axis + 1 :]), array.dtype))
        self.dtype, self._row_size = sample.dtype, sample.nbytes
        inner = sample.shape[1:] if self._axis + 1 < len(shape) else ()
        self.shape = (*shape[: self._axis + 1], *inner) if shape else ()

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self._rows * self._row_size)

    def iterate(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` to before ``end``."""
        row, last = start // self._row_size, -(-end // self._row_size)
        step = max(1, BLOCK // self._row_size)
        while row < last:
            outer, inner = divmod(row, self._length)
            count = min(step, self._length - inner, last - row)
            data = np.ascontiguousarray(self._block(outer, inner, count)).reshape(-1).view(np.uint8).data
            low, high = row * self._row_size, (row + count) * self._row_size
            for at in range(max(start - low, 0), len(data) - max(high - end, 0), BLOCK):
                yield bytes(data[at : min(at + BLOCK, len(data) - max(high - end, 0))])
            row += count

    def _block(self, outer: int, start: int, count: int) -> npt.NDArray[Any]:
        shape = self.array.shape
        if not shape:
            return self._selected(np.asarray(self.array[...]).reshape(1))
        lead = np.unravel_index(outer, shape[: self._axis]) if self._axis else ()
        index = (*(int(position) for position in lead), slice(start, start + count))
        return self._selected(np.asarray(self.array[index]))

    def _selected(self, block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if not self.columns:
            return block
        names = block.dtype.names
        if names:
            unknown = [name for name in self.columns if name not in names]
            if unknown:
                raise BadRequest(
                    f"list_index: no column {', '.join(unknown)[:200]}; there are {', '.join(names)[:2000]}"
                )
            if len(set(self.columns)) < len(self.columns):
                raise BadRequest("list_index: a column is asked for twice, which an array of fields cannot have")
            packed: npt.NDArray[Any] = recfunctions.repack_fields(block[self.columns])
            return packed
        if block.ndim < 2:
            raise BadRequest("list_index: the array has no columns")
        return np.ascontiguousarray(block[..., [column_number(name, block.shape[-1]) for name in self.columns]])


def column_number(text: str, count: int) -> int:
    """The number of a column, written as text; negative ones count from the end. Raises `BadRequest`."""
    try:
        number = int(text)
    except ValueError as error:
        raise BadRequest(f"list_index: {text[:40]!r} is not the number of a column") from error
    if not -count <= number < count:
        raise BadRequest(f"list_index: there is no column {number}; there are {count}")
    return number


def _blocked_axis(shape: tuple[int, ...], itemsize: int) -> int:
    """The first axis along which one step is at most a block, so that pieces neither grow nor shrink without bound."""
    for axis in range(len(shape)):
        if math.prod(shape[axis + 1 :]) * itemsize <= BLOCK:
            return axis
    return max(len(shape) - 1, 0)
