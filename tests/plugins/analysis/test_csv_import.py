"""CSV text of a Data Stream, chunk by chunk into a Data Array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wendelin.core.errors import BadRequest, NotFound

CSV = b"time,value\n" + b"".join(b"%d,%d.5\n" % (number, number * 2) for number in range(100))


@pytest.fixture
def stream(site: Any) -> Any:
    return site.data_stream_module.newContent(portal_type="Data Stream")


@pytest.fixture
def array(site: Any) -> Any:
    return site.data_array_module.newContent(portal_type="Data Array", reference="rows")


def copied(stream: Any, text: bytes, length: int) -> None:
    stream.appendData(text)
    offset = 0
    while offset < len(text):
        end = min(offset + length, len(text))
        used = stream.DataStream_copyCSVToDataArray(stream, stream.readChunkList(offset, end), offset, end, "rows")
        assert used[0] == offset and used[1] > offset
        offset = used[1]


@pytest.mark.parametrize("length", [7 * 4, 64, 10_000])
def test_values_stand_one_after_the_other(stream: Any, array: Any, length: int) -> None:
    copied(stream, CSV, length)
    expected = np.array([[number, number * 2 + 0.5] for number in range(100)])
    np.testing.assert_array_equal(array.getArray()[:], expected.reshape(-1))


def test_rows_of_any_length(stream: Any, array: Any) -> None:
    copied(stream, b"1,2,3\n4\n5,6\n\n7,,x,1_0,8\n", 1000)
    nan = np.nan
    np.testing.assert_array_equal(array.getArray()[:], [1, 2, 3, 4, 5, 6, 7, nan, nan, nan, 8])


@pytest.mark.parametrize("length", [64, 10_000])
def test_an_array_of_two_dimensions_gets_rows(stream: Any, array: Any, length: int) -> None:
    array.initArray((0, 2), "f4")
    copied(stream, CSV, length)
    assert array.getArray().shape == (100, 2) and array.getArray()[99].tolist() == [99, 198.5]


def test_csv_that_does_not_fit(stream: Any, array: Any) -> None:
    def copy(text: bytes, reference: str = "rows") -> None:
        stream.DataStream_copyCSVToDataArray(stream, [text], 0, len(text), reference)

    with pytest.raises(BadRequest, match="no CSV"):
        copy(b"1,2\n" + b"9" * 200_000)
    array.initArray((0, 2), "f8")
    for text in (b"1,2\n3\n", b"1\n"):
        with pytest.raises(BadRequest, match="values"):
            copy(text)
    array.initArray((0,), "i4,i4")
    with pytest.raises(NotFound):
        copy(b"1\n", "unknown")
    assert len(array.getArray()) == 0
