"""The addresses of Data Arrays: their data by range, slice and format, and a page to look at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.bigdata.npy_headers import npy_header
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.web.answers.downloads import disposition, respond
from wendelin.core.web.requests.connections import OpenBody
from wendelin.core.web.requests.table_pages import page_start
from wendelin.plugins.analysis.array_bytes import ArrayBytes
from wendelin.plugins.analysis.array_types import Readable
from wendelin.plugins.analysis.csv_export import Table, iterate_csv
from wendelin.plugins.analysis.data_array import DataArray
from wendelin.plugins.analysis.index_text import read_columns, read_slices
from wendelin.plugins.analysis.plots import make_plot

SHOWN_ROWS = 25
SHOWN_COLUMNS = 100
SHOWN_BYTES = 1024  # of one element: a page shows no larger ones
SHOWN_LETTERS = 200
HEADER_LETTERS = 2000  # of the dtype, in a header: proxies refuse longer ones
EXTENSIONS = {"raw": "bin", "npy": "npy", "csv": "csv"}


def get_data(document: DataArray, request: Request) -> Response:
    """The elements, whole, by ``slice_index`` and ``list_index``, or by Range over the bytes; streamed.

    ``format``: raw (C order, little endian on the machines this runs on, no header), npy (with the header that
    `numpy.load` reads) or csv. The headers X-Array-Shape and X-Array-Dtype describe what is sent (a dtype of more than
    2,000 letters is only in the header of an NPY file).
    """
    kind = request.GET.get("format", "raw")
    if kind not in EXTENSIONS:
        raise BadRequest(f"format {kind[:40]!r} is not known; there are {', '.join(EXTENSIONS)}")
    array = _selected(document, request)
    columns = read_columns(request.GET.items())
    filename = f"{document.getReference() or document.getId()}.{EXTENSIONS[kind]}"
    if kind == "csv":
        return _respond_csv(request, array, columns, filename)
    return _respond_bytes(request, document, ArrayBytes(array, columns), kind, filename)


def _selected(document: DataArray, request: Request) -> Readable:
    array: Readable | None = document.snapshot()
    if array is None:
        raise NotFound(f"{document.getPath()} has no array yet")
    slices = read_slices(request.GET.items())
    if len(slices) > len(array.shape):
        raise BadRequest(f"slice_index: {len(slices)} slices for an array of {len(array.shape)} dimensions")
    if slices:
        array = array[slices]
    return array


def _respond_bytes(request: Request, document: DataArray, data: ArrayBytes, kind: str, filename: str) -> Response:
    header = npy_header(data.shape, data.dtype, "C") if kind == "npy" else b""

    def read(start: int, end: int) -> Iterator[bytes]:
        if start < len(header):
            yield header[start:end]
        if end > len(header):
            yield from data.iterate(max(start - len(header), 0), end - len(header))

    # The same question about the same revision has the same answer.
    etag = f"{document.revision()}-{crc32(request.query_string.encode()):x}"
    response = respond(request, read, len(header) + data.size, "application/octet-stream", filename, etag)
    response.headers["X-Array-Shape"] = ",".join(map(str, data.shape))
    dtype = str(data.dtype).encode("ascii", "backslashreplace").decode()
    if len(dtype) <= HEADER_LETTERS and dtype.isprintable():
        response.headers["X-Array-Dtype"] = dtype
    return response


def _respond_csv(request: Request, array: Readable, columns: list[str], filename: str) -> Response:
    response = Response(content_type="text/csv", charset="utf-8")
    response.headers["Content-Disposition"] = disposition(filename)
    response.app_iter = OpenBody(iterate_csv(array, columns), request.user)
    return response


def preview(document: DataArray, request: Request) -> dict[str, Any]:
    """A plot of the whole from its summary, and a table of some rows; only what is shown is read."""
    array = document.snapshot()
    return {
        "title": document.getTitle(),
        "head": DocumentHead(request, document, "Preview"),
        "shape": document.getShapeText(),
        "dtype": document.getDtypeText(),
        "empty": array is None or not array.size,
        "large": array is not None and not array.dtype.names and array.dtype.itemsize > SHOWN_BYTES,
        "plot": make_plot(document.getArray()) if array is not None and array.size else None,
        **(_table(array, request) if array is not None and array.size else {"table": None}),
    }


def _table(array: Readable, request: Request) -> dict[str, Any]:
    """Rows newest first, a page at a time; ``?last=`` is the row the page begins with. Large elements are not read."""
    if array.ndim > 2 or array.ndim == 0 or (array.ndim == 2 and array.dtype.names):
        return {"table": None}
    fields = array.dtype.names
    small = [name for name in fields or () if array.dtype[name].itemsize <= SHOWN_BYTES][:SHOWN_COLUMNS]
    if not small if fields else array.dtype.itemsize > SHOWN_BYTES:
        return {"table": None}
    table = Table(array, small, SHOWN_COLUMNS)
    last = page_start(request, 1, table.rows)
    first = max(last - SHOWN_ROWS, 0)
    rows = list(enumerate(table.read(first, last), first))
    return {
        "table": {
            "heads": [_cut(name) for name in table.heads],
            "hidden": table.columns - len(table.heads),
            "rows": [(number, [_shown(value) for value in row]) for number, row in reversed(rows)],
        },
        "newer": min(last + SHOWN_ROWS, table.rows) if last < table.rows else None,
        "older": first if first else None,
        "rows": f"{table.rows:,}",
    }


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def _shown(value: object) -> str:
    """A value for people: nine digits of a float are enough, the download has them all."""
    return f"{value:.9g}" if isinstance(value, float) else _cut(str(value))
