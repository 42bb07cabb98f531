"""Any range of an array's bytes is what NumPy says, whatever the shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest
from wendelin.plugins.analysis import array_bytes
from wendelin.plugins.analysis.array_bytes import ArrayBytes
from wendelin.plugins.analysis.csv_export import iterate_csv
from wendelin.plugins.analysis.index_text import parse_index, read_columns, read_slices


@given(
    st.lists(st.integers(1, 7), max_size=4),
    st.sampled_from([1, 7, 16, 64, 4096]),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_every_range_equals_numpys_bytes(shape, block, data):
    array = np.arange(int(np.prod(shape)), dtype="<u2").reshape(shape)
    if array.ndim and data.draw(st.booleans()):
        array = array[::-1]
    whole = array.tobytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    old, array_bytes.BLOCK = array_bytes.BLOCK, block
    try:
        reader = ArrayBytes(array)
        assert reader.size == len(whole)
        pieces = list(reader.iterate(start, end))
        assert b"".join(pieces) == whole[start:end]
        assert all(len(piece) <= max(block, 2) for piece in pieces)
    finally:
        array_bytes.BLOCK = old


def test_columns_of_a_structured_array():
    array = np.array([(1, 2.0, 3), (4, 5.0, 6)], [("a", "<i4"), ("b", "<f8"), ("c", "<i2")])
    reader = ArrayBytes(array, ["c", "a"])
    assert np.frombuffer(b"".join(reader.iterate(0, reader.size)), reader.dtype).tolist() == [(3, 1), (6, 4)]
    assert reader.shape == (2,)
    with pytest.raises(BadRequest, match="no column z"):
        ArrayBytes(array, ["z"])


def test_columns_of_a_table():
    array = np.arange(6).reshape(2, 3)
    reader = ArrayBytes(array, ["2", "-3"])
    assert np.frombuffer(b"".join(reader.iterate(0, reader.size)), int).tolist() == [2, 0, 5, 3]
    assert reader.shape == (2, 2)
    for columns in (["3"], ["x"]):
        with pytest.raises(BadRequest):
            ArrayBytes(array, columns)
    with pytest.raises(BadRequest):
        ArrayBytes(np.arange(3), ["0"])


def test_csv():
    array = np.array([(np.datetime64("2026-01-01", "ns"), 1.5)], [("date", "<M8[ns]"), ("value", "<f8")])
    assert b"".join(iterate_csv(array, [])) == b"date,value\r\n2026-01-01T00:00:00.000000000,1.5\r\n"
    assert b"".join(iterate_csv(np.arange(2), [])) == b"value\r\n0\r\n1\r\n"
    assert b"".join(iterate_csv(np.arange(4).reshape(2, 2), ["1"])) == b"1\r\n1\r\n3\r\n"
    with pytest.raises(BadRequest, match="one or two dimensions"):
        iterate_csv(np.zeros((1, 1, 1)), [])


def test_slices_of_an_address():
    parameters = [
        ("slice_index.start:records:int", "1"),
        ("slice_index.stop:records:int", "9"),
        ("slice_index.step:records:int", "2"),
        ("slice_index.start:records:int", "0"),
        ("slice_index.stop", "3"),
        ("list_index:list", "a"),
        ("list_index:list", "b"),
        ("_", "12345"),
    ]
    assert read_slices(parameters) == (slice(1, 9, 2), slice(0, 3, None))
    assert read_columns(parameters) == ["a", "b"]
    for bad in (("slice_index.start", "x"), ("slice_index.other", "1"), ("slice_index.step", "0")):
        with pytest.raises(BadRequest):
            read_slices([bad])


def test_index_text():
    assert parse_index("0:10, ..., -1") == (slice(0, 10, None), ..., -1)
    assert parse_index("::2") == slice(None, None, 2)
    assert parse_index("'a'") == "a" and parse_index("['a', 'b']") == ["a", "b"] and parse_index("None, 0") == (None, 0)
