"""Arrays out and in: the NPY format as a stream, and anything with the buffer protocol."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import ArrayLike

from wendelin.core.bigdata.arrays.description import checked_dtype
from wendelin.core.bigdata.arrays.geometry import as_bytes
from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.bigdata.bigarray import BigArray
from wendelin.core.bigdata.memory.snapshot import ArraySnapshot
from wendelin.core.errors import UnsupportedArray

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


def npy_header(shape: tuple[int, ...], dtype: np.dtype[Any], order: str) -> bytes:
    """The header of an ``.npy`` file."""
    buffer = io.BytesIO()
    description = {"descr": npy_format.dtype_to_descr(dtype), "fortran_order": order == "F", "shape": shape}
    npy_format.write_array_header_2_0(buffer, description)
    return buffer.getvalue()


def read_npy(source: BinaryIO, array: BigArray | None = None) -> BigArray:
    """Import an ``.npy`` stream block by block: a new array, or rows appended to ``array`` of the same dtype."""
    version = npy_format.read_magic(source)
    read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    with parsing_alone():
        shape, fortran, dtype = read_header(source)
    order = "F" if fortran and len(shape) > 1 else "C"
    if array is not None and (array.dtype != dtype or array.shape[1:] != shape[1:] or order != array.order):
        raise UnsupportedArray(f"rows of {dtype} and shape {shape[1:]} do not fit {array!r}")
    target = (
        array if array is not None else BigArray((0, *shape[1:]) if order == "C" and shape else shape, dtype, order)
    )
    size = int(np.prod(shape, dtype=object)) * checked_dtype(dtype).itemsize
    start = target.file.size if target.grows else 0
    for offset in range(0, size, BLOCK_SIZE):
        block = source.read(min(BLOCK_SIZE, size - offset))
        if len(block) < min(BLOCK_SIZE, size - offset):
            raise EOFError(f"an .npy stream ends {size - offset - len(block)} bytes too early")
        target.file.write(start + offset, block)
    return target


def read_buffer(source: ArrayLike, order: str = "C") -> BigArray:
    """A new array from any object with the buffer or the array protocol (which holds it in memory)."""
    values = np.asarray(source)
    array = BigArray(values.shape, values.dtype, order)
    if values.size and order == "C":
        array.file.write(0, as_bytes(np.ascontiguousarray(values)))
    elif values.size:
        array[...] = values
    return array
