"""Arrays of any type as tables, CSV and downloads: in bounds, and with an answer before anything is sent."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import Any

import numpy as np
import pytest

from tests.core.bigdata.test_npy import DTYPES
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.analysis.csv_export import CSV_ROW, Table, iterate_csv
from wendelin.plugins.analysis.plain_values import plain_values

URL = "/erp5/data_array_module/1"


def values(*given: Any, dtype: Any) -> list[Any]:
    return plain_values(np.array(list(given), dtype))


def test_values_are_plain_whatever_their_type() -> None:
    assert values("2026-01-01", "NaT", dtype="M8[D]") == ["2026-01-01", "NaT"]
    assert plain_values(np.array([5]).view("M8")) == [5]
    assert plain_values(np.array([5], "M8[ns]").astype(">M8[ns]")) == ["1970-01-01T00:00:00.000000005"]
    assert values(5, "NaT", dtype="m8[ms]") == ["5 ms", "NaT"] and values(5, dtype="m8[2h]") == ["5 x 2 h"]
    assert values("été".encode(), b"\xff\0a", dtype="S6") == ["été", "\\xff\0a"]
    assert values(b"\1\xff", dtype="V2") == ["01ff"]
    assert values((1, (2.5, b"x")), dtype=[("a", "i4"), ("b", [("c", "f8"), ("d", "S2")])]) == [(1, (2.5, "x"))]
    assert values((1, [2, 3]), dtype=[("a", "i4"), ("b", "i4", (2,))]) == [(1, [2, 3])]


def test_text_that_is_none_is_replaced() -> None:
    for order in "<>":
        codes = np.array([0x41, 0xD800, 0x110000, 0xFFFFFFFF, 0x1F600], f"{order}u4")
        found = plain_values(codes.view(f"{order}U1"))
        assert found == ["A", "\ufffd", "\ufffd", "\ufffd", "\U0001f600"]
        assert b"".join(iterate_csv(codes.view(f"{order}U5"), [])).decode().splitlines()[1].startswith("A")


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype)[:30])
def test_every_dtype_has_csv(dtype: np.dtype[Any]) -> None:
    raw = np.random.default_rng(1).bytes(dtype.itemsize * 5)
    for array in (np.frombuffer(raw, dtype), np.zeros(0, dtype), np.zeros((), dtype)):
        text = b"".join(iterate_csv(array, [])).decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) == 1 + (array.shape[0] if array.ndim else 1)
        assert all(len(row) == len(dtype.names or "1") for row in rows)


@pytest.mark.parametrize(
    "array, columns",
    [
        (np.zeros(2, [("a", "i4"), ("b", "f4")]), ["c"]),
        (np.zeros((2, 3)), ["9"]),
        (np.zeros((2, 3)), ["x"]),
        (np.zeros((2, 3)), ["9" * 5000]),
        (np.zeros(2), ["x"]),
        (np.zeros(2, f"V{CSV_ROW + 1}"), []),
        (np.zeros((1, CSV_ROW)), []),
        (np.zeros((1, 1, 1)), []),
    ],
)
def test_what_is_wrong_with_csv_is_said_at_once(array: Any, columns: list[str]) -> None:
    with pytest.raises(BadRequest):
        iterate_csv(array, columns)


def test_wide_tables_have_csv_of_some_columns() -> None:
    wide = np.arange(2 * CSV_ROW, dtype="f4").reshape(2, CSV_ROW)
    assert b"".join(iterate_csv(wide, ["-1", "0"])) == b"-1,0\r\n1048575.0,0.0\r\n2097151.0,1048576.0\r\n"
    table = Table(wide, most=3)
    assert table.heads == ["0", "1", "2"] and table.read(0, 1) == [[0, 1, 2]] and table.columns == CSV_ROW


def test_rows_are_made_text_in_blocks_of_bounded_size() -> None:
    array = np.zeros(200, "S500000")
    tracemalloc.start()
    assert sum(map(len, iterate_csv(array, []))) == 200 * 4 + 7
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()


@pytest.fixture
def make(make_client, web_database):
    """A client, and a Data Array of that shape and dtype."""

    def made(shape: Any, dtype: Any) -> Any:
        with as_user(SYSTEM), web_database.transaction() as connection:
            get_site(connection).data_array_module.newContent(title="Samples").initArray(shape, dtype)
        return make_client("zope")

    return made


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype)[:30])
def test_every_dtype_has_a_preview_and_downloads(make: Any, dtype: np.dtype[Any]) -> None:
    client = make((30,), dtype)
    page = client.get(f"{URL}/preview")
    assert '<th scope="row">29</th>' in page.text
    client.get(f"{URL}/view")
    for kind in ("raw", "npy", "csv"):
        answer = client.get(f"{URL}/getData?format={kind}")
        assert answer.headers.get("X-Array-Dtype", "").isascii() and answer.body
    for name in (dtype.names or ())[:1]:
        client.get(f"{URL}/getData", {"format": "npy", "list_index": name})


def test_what_was_asked_wrong_is_answered_with_400(make: Any) -> None:
    client = make((2,), [("name", "U4"), ("v", "f4")])
    for kind in ("raw", "npy", "csv"):
        assert "nosuch" in client.get(f"{URL}/getData?format={kind}&list_index=nosuch", status=400).text
    client.get(f"{URL}/getData?format=npy&list_index=v&list_index=v", status=400)
    overlapping = {"names": ["a", "b"], "formats": ["<i4", "<i4"], "offsets": [0, 2], "itemsize": 8}
    client = make((2,), overlapping)
    client.get("/erp5/data_array_module/2/getData?format=npy", status=400)
    client.get("/erp5/data_array_module/2/preview")


@pytest.mark.parametrize("dtype", ["V20000000", "S20000000", "U5000000", [("a", "f8"), ("b", "V20000000")]])
def test_large_elements_are_not_read_for_a_preview(make: Any, dtype: Any) -> None:
    client = make((4,), dtype)
    client.get(f"{URL}/preview")
    tracemalloc.start()
    page = client.get(f"{URL}/preview")
    client.get(f"{URL}/getData?format=csv", status=400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert ("1,024 bytes" in page.text) if isinstance(dtype, str) else "1 further columns are not shown" in page.text


def test_arrays_larger_than_any_memory_have_pages(make: Any) -> None:
    client = make((10**15,), "f8")
    assert "999999999999999" in client.get(f"{URL}/preview").text
    client.get(f"{URL}/view")
    answer = client.get(f"{URL}/getData", headers={"Range": "bytes=-16"}, status=206)
    assert answer.body == bytes(16)
