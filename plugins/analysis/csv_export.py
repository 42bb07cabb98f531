"""An array as CSV, and as the rows of a table: some thousand rows at a time, never the whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from wendelin.core.errors import BadRequest
from wendelin.plugins.analysis.array_bytes import column_number
from wendelin.plugins.analysis.array_types import Readable

CSV_ROWS = 2000


def column_names(array: Readable) -> list[str]:
    """The heads of a table of the array's rows: fields, column numbers, or "value"."""
    if array.dtype.names:
        return list(array.dtype.names)
    return ["value"] if array.ndim < 2 else [str(number) for number in range(array.shape[1])]


def iterate_csv(array: Readable, columns: list[str]) -> Iterator[bytes]:
    """The array as CSV with a head, some thousand rows at a time; raises `BadRequest` for more than two dimensions."""
    if array.ndim > 2 or (array.ndim == 2 and array.dtype.names):
        raise BadRequest("only arrays of one or two dimensions can be written as CSV: take a slice, or format=npy")
    return _csv_blocks(array, columns)


def _csv_blocks(array: Readable, columns: list[str]) -> Iterator[bytes]:
    heads = column_names(array)
    chosen = columns or heads
    yield _csv_text([chosen])
    for start in range(0, array.shape[0] if array.ndim else 0, CSV_ROWS):
        block = np.asarray(array[start : start + CSV_ROWS])
        yield _csv_text(table_rows(block, heads, chosen))


def table_rows(block: npt.NDArray[Any], heads: list[str], chosen: list[str]) -> list[list[Any]]:
    """Rows as lists of plain values, of the chosen columns."""
    if block.dtype.names:
        return [list(row) for row in zip(*(_plain(block[name]) for name in chosen), strict=True)]
    if block.ndim == 1:
        return [[value] for value in _plain(block)]
    numbers = [column_number(name, len(heads)) for name in chosen]
    return _plain(block[:, numbers])


def _plain(values: npt.NDArray[Any]) -> list[Any]:
    # Dates as ISO 8601 text: as plain values, those in nanoseconds would become integers.
    found: list[Any] = (np.datetime_as_string(values) if values.dtype.kind == "M" else values).tolist()
    return found


def _csv_text(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
