"""``PUT`` on a Data Stream: its whole content, or with ``Content-Range`` the next part of it.

A client that was cut off asks with ``Content-Range: bytes */*`` how much arrived (308, ``Range: bytes=0-N``), and
goes on from there. A part has to begin where the stream ends: 409 says that it begins before, 416 that bytes are
missing.
"""

from __future__ import annotations

import re

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.errors import BadRequest
from wendelin.core.web.error_views import error_response
from wendelin.plugins.ingestion.documents.data_stream import DataStream
from wendelin.plugins.ingestion.intake.request_forms import read_raw

MAXIMUM_SIZE = 1 << 40
QUESTION = re.compile(r"bytes\s+\*/(\*|\d+)")
PART = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\*|\d{1,18})")


def put(stream: DataStream, request: Request) -> Response:
    """Store a body; 204 when it is committed."""
    header = request.headers.get("Content-Range")
    if header is None:
        body = read_raw(request, MAXIMUM_SIZE)
        stream.setData(None)
        stream.append_pieces(body.pieces())
        return Response(status=204)
    if QUESTION.fullmatch(header.strip()):
        return _how_much(stream)
    part = PART.fullmatch(header.strip())
    if part is None:
        raise BadRequest(f"Content-Range {header[:80]!r} is not understood: send bytes FIRST-LAST/TOTAL, or bytes */*")
    first, last = int(part[1]), int(part[2])
    if last < first or (part[3] != "*" and last >= int(part[3])):
        raise BadRequest(f"Content-Range {header[:80]!r} is no range")
    return _append(stream, request, first, last + 1 - first)


def _append(stream: DataStream, request: Request, first: int, length: int) -> Response:
    body = read_raw(request, MAXIMUM_SIZE)
    if body.size != length:
        raise BadRequest(f"the body has {body.size} bytes, but Content-Range says {length}")
    size = stream.getSize()
    if first != size:
        status = 409 if first < size else 416
        message = f"the stream has {size} bytes: the part that comes next begins at {size}, not at {first}"
        response = error_response(request, status, "wrong-offset", message)
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    stream.append_pieces(body.pieces(), in_place=True)
    return Response(status=204)


def _how_much(stream: DataStream) -> Response:
    """308, as clients of the original and of resumable uploads elsewhere know it."""
    response = Response(status="308 Resume Incomplete")
    size = stream.getSize()
    if size:
        response.headers["Range"] = f"bytes=0-{size - 1}"
    return response
