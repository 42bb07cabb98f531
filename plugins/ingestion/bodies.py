"""What a client sent to ``<policy>/ingest``: the tag, and the chunk in any of the forms that clients use.

The chunk is the field ``data_chunk`` of the query string or of a form where there is one, else the body as it is,
whatever its content type says. Bytes are never decoded as text on the way: percent-encoding is undone byte for byte.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from wendelin.core.errors import BadRequest, RequestTooLarge

MAXIMUM_SIZE = 256 << 20
FIELD = "data_chunk"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def read_reference(request: Any) -> str | None:
    """The tag: ``reference`` of the query string. Raises `BadRequest` when it is not UTF-8."""
    found = _find_field(_query(request), "reference")
    if found is None:
        return None
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("the reference is not valid UTF-8") from error


def read_chunk(request: Any) -> bytes:
    """The chunk. Raises `RequestTooLarge` before a body beyond the limit is read."""
    check_size(request.content_length)
    in_query = _find_field(_query(request), FIELD)
    if in_query:
        return in_query
    if request.content_type == MULTIPART:
        return _read_multipart(request)
    body = _read_body(request)
    if request.content_type == FORM:
        in_form = _find_field(body, FIELD)
        return body if in_form is None else in_form
    return body


def check_size(size: int | None) -> None:
    """Raises `RequestTooLarge` for a body of more than `MAXIMUM_SIZE` bytes."""
    if size is not None and size > MAXIMUM_SIZE:
        raise RequestTooLarge(f"the body has {size} bytes; at most {MAXIMUM_SIZE} are taken: send smaller chunks")


def _query(request: Any) -> bytes:
    return request.environ.get("QUERY_STRING", "").encode("latin-1")


def _read_body(request: Any) -> bytes:
    # Not request.body: it would keep a second copy of what may be 256 MiB.
    stream = request.body_file
    if getattr(stream, "seekable", bool)():
        stream.seek(0)
    body = stream.read()
    check_size(len(body))
    return body


def _read_multipart(request: Any) -> bytes:
    try:
        field = request.POST.get(FIELD)
    except (ValueError, LookupError) as error:  # no boundary, an unknown charset
        raise BadRequest(f"the form cannot be read: {error}") from error
    if field is None:
        raise BadRequest(f"the form has no field {FIELD!r}")
    return field.file.read() if hasattr(field, "file") else field.encode("utf-8")


def _find_field(form: bytes, name: str) -> bytes | None:
    """The decoded value of a field of url-encoded data, or None."""
    match = re.search(rb"(?:^|&)" + name.encode() + rb"=([^&]*)", form)
    return None if match is None else unquote_to_bytes(match[1].replace(b"+", b" "))
