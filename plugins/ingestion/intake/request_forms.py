"""What a client sent to ``<policy>/ingest``: the tag, and the chunk in any of the forms that clients use.

The chunk is the field ``data_chunk`` of the query string or of a form where there is one, else the body as it is,
whatever its content type says. Bytes are never decoded as text on the way: percent-encoding is undone byte for byte.
A body that the web server put in a file is read from there; forms are small, and read whole.
"""

from __future__ import annotations

import io
import re
from email.message import EmailMessage
from email.policy import HTTP
from urllib.parse import unquote_to_bytes

from pyramid.request import Request

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.gzip_members import unzip

MAXIMUM_SIZE = 256 << 20
MEMORY_SIZE = 1 << 20  # bodies up to that size are read at once
FORM_SIZE = 32 << 20
CHUNK_ID_SIZE = 200
FILENAME_SIZE = 200
FIELD = "data_chunk"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def read_reference(request: Request) -> str | None:
    """The tag: ``reference`` of the query string. Raises `BadRequest` when it is not UTF-8."""
    found = find_field(_query(request), "reference")
    if found is None:
        return None
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("the reference is not valid UTF-8") from error


def read_chunk_id(request: Request) -> str | None:
    """``X-Fluentd-Chunk-Id``, or ``chunk_id`` of the query string: the same for a chunk however often it is sent."""
    found: str | None = request.headers.get("X-Fluentd-Chunk-Id")
    if found is None:
        in_query = find_field(_query(request), "chunk_id")
        found = None if in_query is None else in_query.decode("latin-1")
    if found is not None and not 0 < len(found) <= CHUNK_ID_SIZE:
        raise BadRequest(f"the chunk's id has {len(found)} characters; 1 to {CHUNK_ID_SIZE} are taken")
    return found


def read_filename(request: Request) -> str:
    """The name of the file that the chunk is a part of, from ``Content-Disposition``; "" for none."""
    header = request.headers.get("Content-Disposition", "")
    if not header:
        return ""
    message = EmailMessage(policy=HTTP)
    try:
        message["Content-Disposition"] = header
        found = message.get_filename() or ""
    except (ValueError, LookupError, IndexError) as error:
        raise BadRequest("the header Content-Disposition cannot be read") from error
    name = found.replace("\\", "/").rpartition("/")[2]
    return name if name.isprintable() and len(name) <= FILENAME_SIZE else ""


def read_chunk(request: Request, limit: int | None = None) -> Body:
    """The chunk. Raises `RequestTooLarge` before a body beyond the limit is read."""
    limit = min(MAXIMUM_SIZE if limit is None else limit, MAXIMUM_SIZE)
    check_size(request.content_length, limit)
    in_query = find_field(_query(request), FIELD)
    if in_query:
        return Body(in_query)
    if request.content_type == MULTIPART:
        return _read_multipart(request)
    body = _decoded(request, _read_body(request), limit)
    if request.content_type == FORM:
        in_form = _read_form(body)
        return body if in_form is None else in_form
    return body


def read_raw(request: Request, limit: int) -> Body:
    """The body and nothing else, unpacked where it is gzip."""
    check_size(request.content_length, limit)
    return _decoded(request, _read_body(request), limit)


def check_size(size: int | None, limit: int) -> None:
    """Raises `RequestTooLarge` for a body of more than ``limit`` bytes."""
    if size is not None and size > limit:
        raise RequestTooLarge(f"the body has {size} bytes; at most {limit} are taken: send smaller chunks")


def _query(request: Request) -> bytes:
    query: str = request.environ.get("QUERY_STRING", "")
    return query.encode("latin-1")


def _read_body(request: Request) -> Body:
    """The server's own file, where the body is in one; not ``request.body``, which would copy it."""
    stream = request.body_file_raw
    size = request.content_length
    if size is not None and size > MEMORY_SIZE and getattr(stream, "seekable", bool)():
        return Body(stream)
    if getattr(stream, "seekable", bool)():
        stream.seek(0)
    return Body(stream.read() if size is None else stream.read(size))


def _decoded(request: Request, body: Body, limit: int) -> Body:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        check_size(body.size, limit)
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise BadRequest(f"Content-Encoding {encoding[:40]!r} is not known here: send gzip, or the bytes as they are")
    return unzip(body, min(limit, MAXIMUM_SIZE))  # a few bytes can stand for terabytes


def _read_form(body: Body) -> Body | None:
    """The field of a url-encoded form; None for what merely has the content type that curl gives everything."""
    if body.size <= FORM_SIZE:
        found = find_field(body.read(), FIELD)
        return None if found is None else Body(found)
    start = bytes(next(body.blocks(64 << 10)))
    if find_field(start, FIELD) is not None:
        raise RequestTooLarge(f"a form may have {FORM_SIZE} bytes: send the chunk as the body itself")
    return None


def _read_multipart(request: Request) -> Body:
    try:
        field = request.POST.get(FIELD)
    except (ValueError, LookupError, DeprecationWarning) as error:  # no boundary; WebOb raises it for other charsets
        raise BadRequest(f"the form cannot be read: {error}") from error
    if field is None:
        raise BadRequest(f"the form has no field {FIELD!r}")
    if not hasattr(field, "file"):
        return Body(field.encode("utf-8"))
    size = field.file.seek(0, io.SEEK_END)
    field.file.seek(0)
    return Body(field.file.read()) if size <= MEMORY_SIZE else Body(field.file)


def find_field(form: bytes, name: str) -> bytes | None:
    """The decoded value of a field of url-encoded data, or None."""
    match = re.search(rb"(?:^|&)" + name.encode() + rb"=([^&]*)", form)
    return None if match is None else unquote_to_bytes(match[1].replace(b"+", b" "))
