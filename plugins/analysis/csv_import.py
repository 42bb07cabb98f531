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
    """``DataStream_copyCSVToDataArray``: append the numbers of CSV text to the Data Array of that reference.

    A Data Array without an array gets one of one dimension, float64, with the values one after the other: so rows may
    have any lengths, as in the original. One that was initialised with two dimensions gets rows, which have to fit.
    What is no number becomes NaN; a first row without any number is a head and is left out. Returns the range up to
    the end of the last complete line. Raises `NotFound` without such an array, `BadRequest` for what does not fit.
    """
    text = b"".join(chunk_list)
    if end < data_stream.getSize():
        text = text[: text.rfind(b"\n") + 1]
    rows = _rows(text)
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


def _rows(text: bytes) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline="")) if row]
    except csv.Error as error:
        raise BadRequest(f"this is no CSV text: {error}") from error


def _append_rows(document: DataArray, rows: list[list[str]]) -> None:
    array = document.getArray()
    if array is None:
        array = document.initArray((0,), np.float64)
    if array.ndim == 1:
        values = np.array([_number(cell) for row in rows for cell in row])
    else:
        values = _table(document, rows)
    try:
        array.append(values)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"{document.getPath()} cannot take numbers of CSV text: {error}") from error


def _table(document: DataArray, rows: list[list[str]]) -> np.ndarray:
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise BadRequest(f"the rows of the CSV text do not all have {width} values")
    shape = document.getArrayShape() or ()
    if shape[1:] != (width,):
        raise BadRequest(f"{document.getPath()} has rows of shape {shape[1:]}, the text of {width} values")
    return np.array([[_number(cell) for cell in row] for row in rows])


def _number(cell: str) -> float:
    try:
        return float("nan") if "_" in cell else float(cell)  # Python takes 1_000, which nobody means in CSV
    except ValueError:
        return float("nan")
