"""An array as CSV, and as the rows of a table: some thousand rows at a time, never the whole.

A row is a line of text, so it has to be small: how many of its bytes are read is bounded, and asked for before anything
is sent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from wendelin.core.errors import BadRequest
from wendelin.plugins.analysis.array_bytes import column_number
from wendelin.plugins.analysis.array_types import Readable
from wendelin.plugins.analysis.plain_values import plain_values

CSV_ROWS = 2000
CSV_BLOCK = 4 << 20  # bytes of elements that are made text at a time
CSV_ROW = 1 << 20  # bytes of the elements of one row


class Table:
    """An array of one or two dimensions as rows of columns: fields, numbers of columns, or "value".

    ``chosen`` are the names of the columns that are wanted, in that order; all without them, or the first ``most``.
    `BadRequest` for an array that is no table, and for columns that it does not have.
    """

    def __init__(self, array: Readable, chosen: list[str] | None = None, most: int | None = None) -> None:
        if array.ndim > 2 or (array.ndim == 2 and array.dtype.names):
            raise BadRequest("only arrays of one or two dimensions are tables: take a slice, or format=npy")
        self.array = array
        self.rows = array.shape[0] if array.ndim else 1
        names = array.dtype.names
        self.columns = len(names) if names else array.shape[1] if array.ndim == 2 else 1
        self._columns: list[Any] | slice
        if names:
            self._columns = self._fields(chosen) if chosen else list(names)[:most]
            self.heads = [str(name) for name in self._columns]
            self.row_size = sum(array.dtype[name].itemsize for name in self._columns)
        elif array.ndim < 2:
            if chosen:
                raise BadRequest("list_index: the array has no columns")
            self._columns, self.heads, self.row_size = slice(None), ["value"], array.dtype.itemsize
        else:
            self._columns = [column_number(name, self.columns) for name in chosen] if chosen else slice(most)
            shown = len(self._columns) if isinstance(self._columns, list) else min(most or self.columns, self.columns)
            self.row_size = shown * array.dtype.itemsize
            self.heads = chosen or [str(number) for number in range(min(shown, CSV_ROW))]

    def _fields(self, chosen: list[str]) -> list[str]:
        names = self.array.dtype.names or ()
        unknown = [name for name in chosen if name not in names]
        if unknown:
            raise BadRequest(f"list_index: no column {', '.join(unknown)[:200]}; there are {', '.join(names)[:2000]}")
        return chosen

    def read(self, first: int, last: int) -> list[list[Any]]:
        """Some rows, as lists of plain values."""
        block = np.asarray(self.array[first:last] if self.array.ndim else self.array[...])
        if not block.ndim:
            block = block.reshape(1)
        if isinstance(self._columns, list) and block.dtype.names:
            values = (plain_values(block[name]) for name in self._columns)
            return [list(row) for row in zip(*values, strict=True)]
        if block.ndim == 1:
            return [[value] for value in plain_values(block)]
        return plain_values(block[:, self._columns])


def iterate_csv(array: Readable, columns: list[str]) -> Iterator[bytes]:
    """The array as CSV with a head, some thousand rows at a time; `BadRequest` at once for what cannot be written."""
    table = Table(array, columns)
    if table.row_size > CSV_ROW:
        raise BadRequest(
            f"a row of this array has {table.row_size:,} bytes, which is too much for a line of CSV (at most"
            f" {CSV_ROW:,}): take fewer columns with list_index, or format=npy"
        )
    return _csv_blocks(table)


def _csv_blocks(table: Table) -> Iterator[bytes]:
    yield _csv_text([table.heads])
    step = max(min(CSV_ROWS, CSV_BLOCK // max(table.row_size, 1)), 1)
    for start in range(0, table.rows, step):
        yield _csv_text(table.read(start, start + step))


def _csv_text(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
