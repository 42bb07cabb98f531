"""An array grows along its first axis in C order and along its last in Fortran order; and where address space ends."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import ZODB

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray, RAMArray
from wendelin.core.bigdata.npy import read_npy
from wendelin.core.errors import BadRequest, TooLargeToMap, UnsupportedArray

KINDS = [BigArray, RAMArray]
HUGE = 1 << 50  # bytes: more than a process has addresses for


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", [(), (3,), (2, 3)])
@pytest.mark.parametrize("order", "CF")
def test_append_resize_len_and_blocks(kind: Any, row: tuple[int, ...], order: str, session: Session) -> None:
    def shape(rows: int) -> tuple[int, ...]:
        return (rows, *row) if order == "C" else (*row, rows)

    axis = 0 if order == "C" else -1
    array = kind(shape(0), "i4", order)
    if kind is BigArray:
        session.root["array"] = array
    rng = np.random.default_rng(1)
    plain = np.zeros(shape(0), "i4")
    for rows in (2, 1, 0, 5):
        values = rng.integers(0, 100, shape(rows)).astype("i4")
        array.append(values)
        plain = np.concatenate([plain, values], axis=axis)
    one = rng.integers(0, 100, row).astype("i4")
    array.append(one)
    plain = np.concatenate([plain, one[np.newaxis] if order == "C" else one[..., np.newaxis]], axis=axis)
    assert len(array) == 9 and array.shape == plain.shape
    np.testing.assert_array_equal(array[...], plain)
    assert array[...].flags[f"{order}_CONTIGUOUS"]
    blocks = list(array.blocks(4))
    np.testing.assert_array_equal(np.concatenate(blocks, axis=axis), plain)
    assert len(blocks) == 3
    array.resize(shape(4))
    array.resize(shape(6))
    part = (slice(4),) if order == "C" else (..., slice(4))
    np.testing.assert_array_equal(array[part], plain[part])
    assert len(array) == 6 and array[...].sum() == plain[part].sum()
    with pytest.raises(ValueError, match="do not fit"):
        array.append(np.zeros((7, 7, 7)))


@pytest.mark.parametrize("order", "CF")
def test_concurrent_appends_in_both_orders_succeed(order: str, session: Session, db: ZODB.DB) -> None:
    session.root["array"] = BigArray((0, 3) if order == "C" else (3, 0), "i4", order)
    session.commit()
    others = [Session(db) for _ in range(3)]
    for number, other in enumerate(others):
        other.root["array"].append([number] * 3)
    for other in others:
        other.commit()
    session.tm.begin()
    array = session.root["array"]
    assert len(array) == 3 and sorted(array[0, :] if order == "F" else array[:, 0]) == [0, 1, 2]


def test_an_array_in_fortran_order_from_before_grows(session: Session) -> None:
    array = session.root["array"] = BigArray((2, 3), "i4", "F")
    array[...] = plain = np.arange(6).reshape(2, 3)
    array._fixed, array._rest, array._row_size = (2, 3), (3,), None  # as its record was written
    session.commit()
    assert array.shape == (2, 3) and len(array) == 3
    array.append([7, 8])
    np.testing.assert_array_equal(array[...], np.column_stack([plain, [7, 8]]))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_without_elements_are_counted(kind: Any) -> None:
    for order, empty in (("C", (2, 0, 4)), ("F", (4, 0, 2))):
        array = kind(empty, "f4", order)
        array.append(np.empty(empty))
        assert len(array) == 4 and array[...].shape == array.shape
    with pytest.raises(UnsupportedArray):
        kind((), "f4").append(1)


def test_large_assignments_in_fortran_order_take_no_memory(session: Session) -> None:
    array = session.root["array"] = BigArray((1000, 200), "f8", "F")
    session.commit()
    values = np.random.default_rng(1).random((1000, 100))
    array[:, 50:150] = values
    assert not array.file.has_writes, "written to an extent, not to memory"
    np.testing.assert_array_equal(array[:, 50:150], values)
    array[:, 100:] = np.arange(1000).reshape(1000, 1)
    np.testing.assert_array_equal(array[:, 199], np.arange(1000))
    table = session.root["table"] = BigArray((100_000,), "i4,f8")
    table[:] = (1, 2.5)
    assert table[99_999].tolist() == (1, 2.5)


def test_more_than_the_address_space_is_assigned_in_parts(session: Session, db: ZODB.DB) -> None:
    array = session.root["array"] = BigArray((HUGE,), "u1")
    array[5:10] = 3
    array[HUGE - 20 : HUGE - 10 : 2] = [1, 2, 3, 4, 5]
    array[-1] = 9
    array[1 << 45 : (1 << 45) + (1 << 20)] = 7
    session.commit()
    array.append([4])
    session.commit()
    found = Session(db).root["array"]
    assert found.shape == (HUGE + 1,)
    assert found[4:11].tolist() == [0, 3, 3, 3, 3, 3, 0]
    assert found[-21:].tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0, *[0] * 8, 9, 4][-21:]
    assert found[(1 << 45) : (1 << 45) + 2].tolist() == [7, 7]
    for index in (slice(None), ..., slice(None, None, 1 << 40)):
        with pytest.raises(MemoryError, match="parts"):
            found[index]
    with pytest.raises(TooLargeToMap):
        np.asarray(found)
    assert found.snapshot()[5:7].tolist() == [3, 3]


def test_a_view_does_not_hinder_growing_past_the_address_space(session: Session, db: ZODB.DB) -> None:
    array = session.root["array"] = BigArray((10,), "u1")
    session.commit()
    view = array[:]
    view[3] = 1
    array.resize((HUGE,))
    array[HUGE - 1] = 2
    view[4] = 1
    session.commit()
    found = Session(db).root["array"]
    assert found[:6].tolist() == [0, 0, 0, 1, 1, 0] and found[HUGE - 1] == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1 << 63,), (1 << 31, 1 << 31), (0, 1 << 70), (1,) * 70, (-1,)])
def test_shapes_that_nobody_can_count_are_refused(kind: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadRequest):
        kind(shape, "f8")
    array = kind((1,), "f8")
    with pytest.raises(BadRequest):
        array.resize(shape)


def test_npy_in_fortran_order_is_appended(session: Session) -> None:
    stream = io.BytesIO()
    plain = np.asfortranarray(np.arange(6).reshape(2, 3))
    np.save(stream, plain)
    array = session.root["array"] = read_npy(io.BytesIO(stream.getvalue()))
    read_npy(io.BytesIO(stream.getvalue()), array)
    np.testing.assert_array_equal(array[...], np.concatenate([plain, plain], axis=1))
