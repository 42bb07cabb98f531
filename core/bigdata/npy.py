"""Arrays out and in: the NPY format as a stream, and anything with the buffer protocol."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike

from wendelin.core.bigdata.arrays.geometry import as_bytes
from wendelin.core.bigdata.arrays.growing_axis import across, with_rows
from wendelin.core.bigdata.bigarray import BigArray
from wendelin.core.bigdata.memory.snapshot import ArraySnapshot
from wendelin.core.bigdata.npy_headers import npy_header, read_fully, read_npy_header
from wendelin.core.errors import BadRequest, UnsupportedArray

BLOCK_SIZE = 4 << 20


class NpyStream:
    """An array as the bytes of an ``.npy`` file: read by range, never as a whole.

    ``source`` is a BigArray or, better for a download, its snapshot.
    """

    def __init__(self, source: BigArray | ArraySnapshot) -> None:
        self.header = npy_header(source.shape, source.dtype, source.order)
        self._flat = Flat(source)
        self.size = len(self.header) + self._flat.size

    def read(self, offset: int, size: int) -> bytes:
        """The bytes from ``offset`` on, fewer where the stream ends."""
        head = self.header[offset : offset + size]
        rest = size - len(head)
        return head + self._flat.read(max(offset - len(self.header), 0), rest) if rest > 0 else head

    def iterate(self, start: int = 0, stop: int | None = None, block_size: int = BLOCK_SIZE) -> Iterator[bytes]:
        """The bytes from ``start`` to ``stop`` in blocks."""
        end = self.size if stop is None else min(stop, self.size)
        for offset in range(start, end, block_size):
            yield self.read(offset, min(block_size, end - offset))


class Flat:
    """An array's bytes in its own order."""

    def __init__(self, source: BigArray | ArraySnapshot) -> None:
        self._file = source.file
        self.size = source.nbytes

    def read(self, offset: int, size: int) -> bytes:
        """The bytes from ``offset`` on."""
        size = max(min(size, self.size - offset), 0)
        return self._file.read(offset, size) if size else b""


def read_npy(source: BinaryIO, array: BigArray | None = None) -> BigArray:
    """Import an ``.npy`` stream block by block: a new array, or rows appended to ``array`` of the same dtype.

    `BadRequest` for a stream that is none, is damaged or ends too early; ``array`` is then as it was.
    """
    shape, dtype, order = read_npy_header(source)
    if array is not None and (
        array.dtype != dtype or order != array.order or not shape or across(array.shape, order) != across(shape, order)
    ):
        raise UnsupportedArray(f"an array of {dtype} and shape {shape} does not fit as rows of {array!r}")
    size = math.prod(shape) * dtype.itemsize
    if array is None:
        target = BigArray(with_rows(shape, order, 0) if size and shape else shape, dtype, order)
    else:
        target = array
        if not size:
            target.append(np.empty(shape, dtype))
    _read_elements(source, target, size)
    return target


def _read_elements(source: BinaryIO, target: BigArray, size: int) -> None:
    start = target.file.size if target.grows else 0
    for offset in range(0, size, BLOCK_SIZE):
        wanted = min(BLOCK_SIZE, size - offset)
        block = read_fully(source, wanted)
        if len(block) < wanted:
            if offset and target.grows:
                target.file.truncate(start)
            raise BadRequest(f"the NPY file ends {size - offset - len(block):,} bytes too early")
        target.file.write(start + offset, block)


def array_of_npy(content: bytes) -> np.ndarray:
    """The array of an ``.npy`` file that is in memory; `BadRequest` when it is none, damaged, or not all there."""
    source = io.BytesIO(content)
    shape, dtype, order = read_npy_header(source)
    start, count = source.tell(), math.prod(shape)
    if len(content) - start < count * dtype.itemsize:
        raise BadRequest(f"the NPY file ends {count * dtype.itemsize - (len(content) - start):,} bytes too early")
    flat = np.frombuffer(content, np.uint8, count * dtype.itemsize, start).copy()
    return np.ndarray(shape, dtype, flat.data, order="F" if order == "F" else "C")


def read_buffer(source: ArrayLike, order: str = "C") -> BigArray:
    """A new array from any object with the buffer or the array protocol (which holds it in memory)."""
    values = np.asarray(source)
    array = BigArray(values.shape, values.dtype, order)
    if values.size and order == "C":
        array.file.write(0, as_bytes(np.ascontiguousarray(values)))
    elif values.size:
        array[...] = values
    return array
