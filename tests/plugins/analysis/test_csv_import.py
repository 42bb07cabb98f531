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


@pytest.mark.parametrize("length", [7 * 4, 64, 10_000])
def test_csv_chunk_by_chunk(stream: Any, array: Any, length: int) -> None:
    stream.appendData(CSV)
    offset = 0
    while offset < len(CSV):
        end = min(offset + length, len(CSV))
        used = stream.DataStream_copyCSVToDataArray(stream, stream.readChunkList(offset, end), offset, end, "rows")
        assert used[0] == offset and used[1] > offset
        offset = used[1]
    expected = np.array([[number, number * 2 + 0.5] for number in range(100)])
    np.testing.assert_array_equal(array.getArray()[:], expected)


def test_csv_that_does_not_fit(stream: Any, array: Any) -> None:
    for text in (b"1,2\n3\n",):
        with pytest.raises(BadRequest, match="2 values"):
            stream.DataStream_copyCSVToDataArray(stream, [text], 0, len(text), "rows")
    with pytest.raises(NotFound):
        stream.DataStream_copyCSVToDataArray(stream, [b"1\n"], 0, 2, "unknown")
