"""CSV text from a Data Stream into a Data Array: a transform script, which is called chunk by chunk."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.interfaces import IDocument
from wendelin.core.security import MODIFY, require_permission, trusted_method
from wendelin.plugins.analysis.data_array import DataArray


class Sized(Protocol):
    """What is asked of the stream that the text comes from."""

    def getSize(self) -> int:
        """Bytes."""


@trusted_method
def copy_csv_to_data_array(
    context: IDocument,
    data_stream: Sized,
    chunk_list: Sequence[bytes],
    start: int,
    end: int,
    data_array_reference: str | None = None,
) -> tuple[int, int]:
    """``DataStream_copyCSVToDataArray``: append the rows of CSV text to the Data Array of that reference, as float64.

    What is no number becomes NaN; a first row without any number is a head and is left out. Returns the range up to
    the end of the last complete line. Raises `NotFound` without such an array, `BadRequest` for rows of other lengths.
    """
    text = b"".join(chunk_list)
    if end < data_stream.getSize():
        text = text[: text.rfind(b"\n") + 1]
    rows = [row for row in csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline="")) if row]
    if start == 0 and rows and all(np.isnan(_number(cell)) for cell in rows[0]):
        rows = rows[1:]
    if rows:
        _append_rows(_find_array(context, data_array_reference or ""), rows)
    return start, start + len(text)


def _find_array(context: IDocument, reference: str) -> DataArray:
    """The Data Array with exactly that reference, which the user has to be allowed to change."""
    catalog = context.getPortalObject().portal_catalog
    found = catalog.unrestrictedGetResultValue(
        portal_type="Data Array", reference={"query": reference, "key": "ExactMatch"}
    )
    if not isinstance(found, DataArray):
        raise NotFound(f"there is no Data Array with reference {reference!r}")
    require_permission(MODIFY, found)
    return found


def _append_rows(document: DataArray, rows: list[list[str]]) -> None:
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise BadRequest(f"the rows of the CSV text do not all have {width} values")
    values = np.array([[_number(cell) for cell in row] for row in rows])
    array = document.getArray()
    if array is None:
        array = document.initArray((0, width), np.float64)
    if array.shape[1:] != (width,):
        raise BadRequest(f"{document.getPath()} has rows of shape {array.shape[1:]}, the text of {width} values")
    array.append(values)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
