"""Where an index stands in a file, beside what NumPy says of the same index of an array in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.array_utils import byte_bounds

from wendelin.core.bigdata.arrays.geometry import Geometry, array_at, as_bytes, copy_of, is_basic, is_scalar

DTYPES = [np.dtype(name) for name in ("u1", "<i4", ">f8", "S5", "M8[s]", "V3")] + [np.dtype("u1, <i4")]


class Memory:
    """Bytes that are all different from their neighbours, as a file, and what keeps their arrays alive."""

    def __init__(self, size: int) -> None:
        self.data = np.arange(size, dtype=np.uint64).astype(np.uint8)
        self.tracked: list[np.ndarray] = []

    def read(self, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size].tobytes()

    def track(self, array: np.ndarray) -> None:
        self.tracked.append(array)


@st.composite
def indexed(draw: st.DrawFn) -> tuple[tuple[int, ...], np.dtype[Any], str, Any]:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=5))
    index = draw(hnp.basic_indices(shape, allow_newaxis=True))
    return shape, draw(st.sampled_from(DTYPES)), draw(st.sampled_from("CF")), index


@given(indexed())
def test_a_place_is_what_numpy_would_view(case: tuple[tuple[int, ...], np.dtype[Any], str, Any]) -> None:
    shape, dtype, order, index = case
    memory = Memory(int(np.prod(shape)) * dtype.itemsize)
    whole = np.ndarray(shape, dtype, memory.data, order=order)  # type: ignore[call-overload]
    geometry = Geometry(shape, dtype, order)
    assert geometry.strides == whole.strides
    wanted = whole[(*index, ...) if isinstance(index, tuple) and ... not in index else index]
    if not isinstance(wanted, np.ndarray) or wanted.dtype != dtype:
        wanted = whole[index, ...]
    place = geometry.place(index)
    assert (place.shape, place.dtype, place.size) == (wanted.shape, dtype, wanted.size)
    if not wanted.size:
        return
    base = memory.data.ctypes.data
    assert (place.low, place.high) == tuple(bound - base for bound in byte_bounds(wanted))
    assert place.first == wanted.__array_interface__["data"][0] - base
    assert place.contiguous == wanted.flags.c_contiguous
    copy = copy_of(memory, place)
    assert copy.tobytes() == wanted.tobytes() and not copy.flags.writeable
    assert place.transposed.contiguous == wanted.T.flags.c_contiguous
    for writable in (False, True):
        view = array_at(memory, base + place.low, place, writable)
        assert view.dtype == dtype and view.shape == wanted.shape and view.tobytes() == wanted.tobytes()
        assert view.flags.writeable is writable and np.shares_memory(view, memory.data)
        assert len(memory.tracked) == writable


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_strides_of_arrays_without_elements(shape: tuple[int, ...], order: str) -> None:
    geometry = Geometry(shape, np.dtype("<i4"), order)
    assert geometry.place(slice(None)).size == 0
    assert all(stride >= 4 for stride in geometry.strides)


@pytest.mark.parametrize("rows", [slice(3, 1), slice(5, 9), slice(2, 2)])
def test_no_rows_are_no_bytes(rows: slice) -> None:
    place = Geometry((4,), np.dtype("<i4"), "C").place(rows)
    assert place.shape == (0,) and place.low == place.high == place.first


@pytest.mark.parametrize(
    ("index", "basic", "scalar"),
    [
        (3, True, True),
        (np.int64(3), True, True),
        (slice(1, 2), True, True),
        (None, True, True),
        (..., True, False),
        ((), True, False),
        ((1, ...), True, False),
        ((1, slice(2), None, np.int8(1)), True, True),
        (True, False, True),
        ((1, True), False, True),
        ([1, 2], False, True),
        ((1, [2]), False, True),
        ("field", False, True),
    ],
)
def test_kinds_of_index(index: Any, basic: bool, scalar: bool) -> None:
    assert is_basic(index) is basic
    assert is_scalar(index) is scalar


def test_bytes_of_an_array_are_not_a_copy() -> None:
    array = np.array([["2001-01-01", "2002-02-02"]], "M8[D]")
    data = as_bytes(array)
    assert bytes(data) == array.tobytes()
    data[:8] = bytes(8)
    assert array[0, 0] == np.datetime64("1970-01-01")
