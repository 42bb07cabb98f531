"""What describes an array, dtype and shape: checked, where somebody asks for a new one."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from wendelin.core.errors import BadRequest, UnsupportedArray

Shape: TypeAlias = tuple[int, ...]
#: What NumPy takes for a shape: one length, or several.
ShapeLike: TypeAlias = int | np.integer[Any] | Iterable[SupportsIndex]


MAX_DIMENSIONS = 32 if np.lib.NumpyVersion(np.__version__) < "2.0.0" else 64
MAX_SIZE = 1 << 62  # bytes, without the axes that are empty: NumPy counts them in 63 bits


def checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """The dtype, unless its elements are Python objects or have no size (`UnsupportedArray`)."""
    found: np.dtype[Any] = np.dtype(dtype)
    if found.hasobject:
        raise UnsupportedArray(f"dtype {found} holds Python objects: a big array holds plain bytes")
    if found.itemsize == 0:
        raise UnsupportedArray(f"dtype {found} has no size: say how long, for example 'S16'")
    if found.subdtype is not None:
        raise UnsupportedArray(f"dtype {found} is an array of its own: give its lengths to the shape")
    return found


def checked_order(order: str) -> str:
    """The order, if it is "C" or "F" (else `BadRequest`, a `ValueError` as in NumPy)."""
    if order not in ("C", "F"):
        raise BadRequest(f"order {order!r}: 'C' (rows together) or 'F' (columns together)")
    return order


def checked_shape(shape: ShapeLike, dtype: np.dtype[Any]) -> Shape:
    """The shape as a tuple of non-negative ints; `BadRequest` for a negative length, too many or too large ones."""
    lengths = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    found = tuple(operator.index(length) for length in lengths)
    if any(length < 0 for length in found):
        raise BadRequest(f"negative dimensions are not allowed: {found}")
    if len(found) > MAX_DIMENSIONS:
        raise BadRequest(f"{len(found)} dimensions: an array can have at most {MAX_DIMENSIONS}")
    if math.prod(max(length, 1) for length in found) * dtype.itemsize > MAX_SIZE:
        raise BadRequest(f"an array of shape {found} and {dtype} is too big: at most {MAX_SIZE:,} bytes")
    return found


def renamed(dtype: np.dtype[Any], names: tuple[str, ...]) -> np.dtype[Any]:
    """A structured dtype with other names for its fields, in order."""
    if not dtype.names or len(names) != len(dtype.names) or len(set(names)) != len(names):
        raise UnsupportedArray(f"{len(dtype.names or ())} different names are needed for the fields of {dtype}")
    found: np.dtype[Any] = copy.deepcopy(dtype)
    found.names = tuple(names)
    return found
