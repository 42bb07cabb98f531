"""Trusted skin methods of Data Arrays: making and filling one from a form."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from wendelin.core.bigdata.npy import read_npy
from wendelin.core.errors import BadRequest, UnsupportedArray
from wendelin.core.model.objects.files import Upload, stream_of
from wendelin.core.security import ACCESS, require_permission, trusted_method
from wendelin.plugins.analysis.csv_export import CSV_ROW, Table
from wendelin.plugins.analysis.data_array import DataArray
from wendelin.plugins.analysis.index_text import parse_index

MOST_ROWS = 1000
MOST_COLUMNS = 100


@trusted_method
def init_array(context: DataArray, shape: str, dtype: str = "float64", replace: bool = False) -> DataArray:
    """``DataArray_initialise``: a new array of zeros from text such as ``1000, 3``; refuses to drop data unasked."""
    if context.getSize() and not replace:
        raise BadRequest(f"this Data Array holds {context.getSize():,} bytes: tick the box to drop them")
    lengths = parse_index(shape)
    lengths = lengths if isinstance(lengths, tuple) else (lengths,)
    whole = [length for length in lengths if isinstance(length, int) and length >= 0]
    if len(whole) < len(lengths):
        raise BadRequest(f"Shape: expected whole numbers such as '1000, 3', got {shape!r}")
    context.initArray(whole, _dtype(dtype))
    return context


def _dtype(text: str) -> np.dtype[Any]:
    """``float64``, or fields: ``date: datetime64[ms], value: float64``."""
    try:
        if ":" not in text:
            return np.dtype(text.strip())
        pairs = [field.partition(":") for field in text.split(",")]
        return np.dtype([(name.strip(), kind.strip()) for name, _, kind in pairs])
    except (TypeError, ValueError) as error:
        raise BadRequest(f"Dtype: {text!r} is not a NumPy dtype ({error})") from error


@trusted_method
def import_file(context: DataArray, file: BinaryIO | Upload | None, replace: bool = False) -> DataArray:
    """``DataArray_importFile``: take the array of an uploaded NPY file, block by block."""
    if context.getSize() and not replace:
        raise BadRequest(f"this Data Array holds {context.getSize():,} bytes: tick the box to replace them")
    if file is None or not hasattr(stream := stream_of(file), "read"):
        raise BadRequest("choose an NPY file (numpy.save makes them)")
    try:
        context.setArray(read_npy(stream))
    except (BadRequest, UnsupportedArray) as error:
        raise BadRequest(f"this is no NPY file that can be kept: {error}") from error
    return context


@trusted_method
def column_list(context: DataArray) -> list[tuple[str, str]]:
    """``DataArray_getArrayColumnList``: id and title of the first 100 columns; empty where there is no array."""
    table = _table_of(context)
    return [] if table is None else [(head, head) for head in table.heads]


@trusted_method
def row_list(
    context: DataArray, list_start: int = 0, list_lines: int = 15, limit: int = MOST_ROWS
) -> list[dict[str, Any]]:
    """``DataArray_getArrayRowList``: a page of rows, the newest first, each ``{column: value}``.

    ``list_start`` counts from the newest row. At most ``limit`` rows, and never more than 1,000, are read at once.
    """
    if min(list_start, list_lines, limit) < 0:
        raise BadRequest("list_start, list_lines and limit are counts of rows: 0 or more")
    table = _table_of(context)
    if table is None:
        return []
    last = max(table.rows - list_start, 0)
    first = max(last - min(list_lines, limit, MOST_ROWS), 0)
    if table.row_size > CSV_ROW:
        raise BadRequest(f"a row of this array has {table.row_size:,} bytes; at most {CSV_ROW:,} can be listed")
    return [dict(zip(table.heads, row, strict=True)) for row in reversed(table.read(first, last))]


def _table_of(context: object) -> Table | None:
    if not isinstance(context, DataArray):
        raise BadRequest(f"{context!r} is no Data Array: it has no rows and columns")
    require_permission(ACCESS, context)
    array = context.snapshot()
    return None if array is None else Table(array, most=MOST_COLUMNS)
