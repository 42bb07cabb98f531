"""Where an index of an array stands in its file, and ndarrays over memory at an address."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, NamedTuple, Protocol, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: One part of an index. Numbers, slices, Ellipsis and newaxis (None) are basic: NumPy answers them with a view.
IndexPart: TypeAlias = SupportsIndex | slice | EllipsisType | NDArray[Any] | Sequence[int] | None
#: What NumPy takes between the brackets: also names of fields.
Index: TypeAlias = IndexPart | str | list[str] | tuple[IndexPart, ...]

_BASIC = (int, slice, type(None), type(Ellipsis), np.integer)


class Shaped(Protocol):
    """An array: its shape, the type of its elements, and their order."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each dimension."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""

    @property
    def order(self) -> str:
        """ "C" or "F"."""


class Readable(Protocol):
    """A file, or a snapshot of one."""

    def read(self, offset: int, size: int) -> bytes:
        """The bytes from ``offset`` on."""


class Keeper(Protocol):
    """What arrays keep alive, so that their memory stays mapped."""

    def track(self, array: np.ndarray) -> None:
        """Remember a writable array that was handed out."""


def is_basic(index: object) -> bool:
    """Whether NumPy answers an index with a view."""
    if type(index) is slice:
        return True
    if isinstance(index, tuple):
        return all(isinstance(part, _BASIC) and not isinstance(part, bool) for part in index)
    return isinstance(index, _BASIC) and not isinstance(index, bool)


def is_scalar(index: object) -> bool:
    """Whether an index that names one element means the element, as against an array of no dimensions."""
    return not (index is Ellipsis or (isinstance(index, tuple) and (Ellipsis in index or not index)))


class Place(NamedTuple):
    """A part of an array: bytes ``low`` to ``high`` of the file, the first element at byte ``first``."""

    low: int
    high: int
    first: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether the elements stand one after the other, in C order."""
        expected = self.dtype.itemsize
        for length, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if length != 1 and stride != expected:
                return False
            expected *= length
        return True

    @property
    def transposed(self) -> Place:
        """The same elements with the axes the other way round: contiguous where they stand in Fortran order."""
        return self._replace(shape=self.shape[::-1], strides=self.strides[::-1])


class _Interface:
    """An object that NumPy takes for an array at an address."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, owner: object, interface: dict[str, Any]) -> None:
        self.owner = owner
        self.__array_interface__ = interface


_NOWHERE = 1 << 40  # an address that is never looked at


class Geometry:
    """Shape, dtype and order: tells where an index stands, without any memory."""

    __slots__ = ("dtype", "shape", "strides")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], order: str) -> None:
        self.shape, self.dtype = shape, dtype
        strides, step = [], dtype.itemsize
        for length in shape if order == "F" else reversed(shape):
            strides.append(step)
            step *= max(length, 1)
        self.strides = tuple(strides if order == "F" else reversed(strides))

    def place(self, index: Index) -> Place:
        """Where a basic index stands."""
        if type(index) is slice and self.shape:
            start, stop, step = index.indices(self.shape[0])
            if step == 1:
                return self._rows(start, max(stop - start, 0))
        interface = {
            "version": 3,
            "typestr": f"|V{self.dtype.itemsize}",
            "data": (_NOWHERE, False),
            "shape": self.shape,
            "strides": self.strides,
        }
        imagined = np.asarray(_Interface(None, interface))
        part = imagined[index if isinstance(index, tuple) and Ellipsis in index else _with_ellipsis(index)]
        first = part.__array_interface__["data"][0] - _NOWHERE
        return self._place(first, part.shape, part.strides)

    def _rows(self, start: int, count: int) -> Place:
        """Rows of the first dimension: the index that is asked for most."""
        first, shape = start * self.strides[0], (count, *self.shape[1:])
        if len(shape) == 1:
            return Place(first, first + count * self.dtype.itemsize, first, shape, self.strides, self.dtype)
        return self._place(first, shape, self.strides)

    def _place(self, first: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Place:
        low = high = first
        for length, stride in zip(shape, strides, strict=True):
            reach = stride * (length - 1)
            low, high = (low + reach, high) if reach < 0 else (low, high + reach)
        return Place(low, high + self.dtype.itemsize, first, shape, strides, self.dtype)


#: The geometry of a shape, dtype and order; the same ones are asked for again and again.
geometry = functools.lru_cache(maxsize=256)(Geometry)


def _with_ellipsis(index: Index) -> tuple[Any, ...]:
    """The same index, answered by a view of no dimensions where it names one element."""
    if index is Ellipsis:
        return (Ellipsis,)
    return (*index, Ellipsis) if isinstance(index, tuple) else (index, Ellipsis)


@functools.lru_cache(maxsize=256)
def _type_of(dtype: np.dtype[Any]) -> tuple[bool, str]:
    """Whether the array interface can say the type, and what it says."""
    plain = dtype.fields is None and dtype.subdtype is None and dtype.kind != "V"
    return plain, dtype.str if plain else f"|V{dtype.itemsize}"


def array_at(lease: Keeper, low_address: int, place: Place, writable: bool) -> np.ndarray:
    """The ndarray of a place whose byte ``low`` is at ``low_address``; it keeps ``lease`` alive."""
    dtype = place.dtype
    plain, typestr = _type_of(dtype)
    interface = {
        "version": 3,
        "typestr": typestr,
        "data": (low_address + place.first - place.low, not writable),
        "shape": place.shape,
        "strides": place.strides,
    }
    array = np.asarray(_Interface(lease, interface))
    if not plain:
        array = array.view(dtype)
    if writable:
        lease.track(array)
    return array


def copy_of(file: Readable, place: Place) -> np.ndarray:
    """A copy of a place's bytes, where memory cannot be mapped; read-only, as a write would not be kept."""
    return array_in(file.read(place.low, place.high - place.low), place)


def array_in(buffer: bytes | bytearray, place: Place) -> np.ndarray:
    """The ndarray of a place in a buffer of its bytes ``low`` to ``high``."""
    return np.ndarray(place.shape, place.dtype, buffer, place.first - place.low, place.strides)


def as_bytes(array: np.ndarray) -> memoryview:
    """A contiguous array's bytes, not a copy (datetimes have no buffer protocol of their own)."""
    return array.reshape(-1).view(np.uint8).data
