"""Large answers, sent block by block: memory is bounded by a block, whatever the size.

    return respond(request, stream.iterate, stream.size, "audio/wav", filename="a.wav", etag=revision)

The body is read while it is sent, from the request's own database connection, which stays open until the end.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.web.answers.byte_ranges import ByteRange, UnsatisfiableRange, parse_ranges
from wendelin.core.web.answers.media_types import STORED_HEADERS, served_type
from wendelin.core.web.requests.connections import OpenBody

Reader = Callable[[int, int], Iterable[bytes]]


def respond(
    request: Request,
    reader: Reader,
    size: int,
    content_type: str | None = None,
    filename: str | None = None,
    etag: str | None = None,
    last_modified: datetime | None = None,
    inline: bool = False,
) -> Response:
    """A response for ``size`` bytes, of which ``reader(start, end)`` iterates those from start to before end.

    Answers ``Range`` (206, several ranges as multipart; 416), ``If-Range``, ``If-None-Match`` and
    ``If-Modified-Since`` (304), and HEAD. ``etag`` must change whenever the bytes do. ``filename`` makes browsers save
    it, unless ``inline`` and the type is one that browsers may show (`media_types`).
    """
    if last_modified is not None:
        last_modified = last_modified.astimezone(UTC).replace(microsecond=0)
    media_type, may_show = served_type(content_type)
    response = _head(media_type, etag, last_modified)
    response.headers["Content-Disposition"] = disposition(filename, inline and may_show)
    if _is_unchanged(request, etag, last_modified):
        return _without_body(response, 304)
    try:
        ranges = _wanted_ranges(request, size, etag, last_modified)
    except UnsatisfiableRange:
        response.headers["Content-Range"] = f"bytes */{size}"
        return _without_body(response, 416)
    return _with_body(request, response, reader, size, ranges)


def _head(content_type: str, etag: str | None, last_modified: datetime | None) -> Response:
    """The headers by which a client recognises the same bytes again."""
    response = Response(headerlist=[("Content-Type", content_type), *STORED_HEADERS.items()])
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-cache"
    if etag is not None:
        response.headers["ETag"] = f'"{etag}"'
    if last_modified is not None:
        response.headers["Last-Modified"] = format_datetime(last_modified, usegmt=True)
    return response


def disposition(filename: str | None, inline: bool = False) -> str:
    """``Content-Disposition``, with names in any script (RFC 6266)."""
    kind = "inline" if inline else "attachment"
    if not filename:
        return kind
    plain = "".join(c if " " <= c < "\x7f" and c not in '"\\;%/' else "_" for c in filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _is_unchanged(request: Request, etag: str | None, last_modified: datetime | None) -> bool:
    known = request.headers.get("If-None-Match")
    if known is not None:
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        return "*" in tags or (etag is not None and f'"{etag}"' in tags)
    since = _date(request.headers.get("If-Modified-Since"))
    return since is not None and last_modified is not None and last_modified <= since


def _wanted_ranges(
    request: Request, size: int, etag: str | None, last_modified: datetime | None
) -> list[ByteRange] | None:
    header = request.headers.get("Range")
    if header is None or request.method not in ("GET", "HEAD"):
        return None
    condition = request.headers.get("If-Range")
    if condition is not None and not _still_holds(condition.strip(), etag, last_modified):
        return None
    return parse_ranges(header, size)


def _still_holds(condition: str, etag: str | None, last_modified: datetime | None) -> bool:
    """``If-Range``: a strong tag, or exactly the date that was sent."""
    if condition.startswith('"'):
        return etag is not None and condition == f'"{etag}"'
    date = _date(condition)
    return date is not None and last_modified == date


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _without_body(response: Response, status: int) -> Response:
    response.status_int = status
    response.body = b""
    if status == 304:
        # The client has the content, and with it its length and type (RFC 9110, 15.4.5).
        del response.headers["Content-Length"], response.headers["Content-Type"]
    return response


def _with_body(
    request: Request, response: Response, reader: Reader, size: int, ranges: list[ByteRange] | None
) -> Response:
    body: Iterable[bytes]
    if ranges is None:
        body, length = reader(0, size) if size else (), size
    elif len(ranges) == 1:
        span = ranges[0]
        response.status_int = 206
        response.headers["Content-Range"] = span.content_range(size)
        body, length = reader(span.start, span.end), span.length
    else:
        parts = Multipart(reader, size, ranges, response.content_type)
        response.status_int = 206
        response.headers["Content-Type"] = parts.content_type
        body, length = parts.iterate(), parts.length
    if request.method == "HEAD":
        body = ()
    response.app_iter = OpenBody(body, request.user)
    response.content_length = length
    return response


class Multipart:
    """Several ranges in one body, ``multipart/byteranges``; its length is known before it is read."""

    def __init__(self, reader: Reader, size: int, ranges: list[ByteRange], content_type: str) -> None:
        self.reader = reader
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        self.end = f"\r\n--{boundary}--\r\n".encode()
        self.parts = [
            (
                f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"
                f"Content-Range: {span.content_range(size)}\r\n\r\n".encode(),
                span,
            )
            for span in ranges
        ]

    @property
    def length(self) -> int:
        """Bytes of the whole body, the lines between the parts included."""
        return sum(len(head) + span.length for head, span in self.parts) + len(self.end)

    def iterate(self) -> Iterator[bytes]:
        """The body, block by block."""
        for head, span in self.parts:
            yield head
            yield from self.reader(span.start, span.end)
        yield self.end
