"""A form is looked at before it is taken apart: so many fields, so much text. Files in it are as large as they may be.

WebOb keeps each field of a form in memory, and some hundred bytes more; so a form of 30 MB with nothing but ampersands
would take gigabytes. Views that read the body themselves are not touched by this.
"""

from __future__ import annotations

import io
import mmap
import re
from email.parser import BytesHeaderParser
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from wendelin.core.errors import BadRequest, RequestTooLarge

MOST_FIELDS = 10_000
MOST_TEXT = 32 << 20
LONGEST_HEAD = 16 << 10
URLENCODED = ("application/x-www-form-urlencoded", "")
MULTIPART = "multipart/form-data"
PARSED = "webob._parsed_post_vars"
BOUNDARY = re.compile(r"""boundary=(?:"([^"]+)"|([^;"\s]+))""", re.IGNORECASE)


class FormRequest(Request):  # type: ignore[misc]  # Pyramid has no types
    """A request whose form is bounded."""

    @property
    def POST(self) -> Any:
        """The form. Raises `RequestTooLarge`, and `BadRequest` for one that cannot be read."""
        if PARSED not in self.environ:
            check_form(self)
        try:
            return super().POST
        except (ValueError, LookupError, DeprecationWarning) as error:  # a charset or a boundary that is none
            raise BadRequest(f"the form cannot be read: {str(error)[:200]}") from error


def check_form(request: Request) -> None:
    """Raises `RequestTooLarge` for a form with too many fields, or too much text that is no file."""
    kind = request.content_type.lower()
    if kind in URLENCODED:
        size = request.content_length
        if size is None or size > MOST_TEXT:
            _check_text(size or 0)
        elif size > MOST_FIELDS:
            _check_count(request.body.count(b"&"))
    elif kind == MULTIPART:
        boundary = BOUNDARY.search(request.headers["Content-Type"])
        if boundary is None:
            raise BadRequest("the form does not say what separates its parts: multipart/form-data needs a boundary")
        _check_parts(request, b"--" + (boundary[1] or boundary[2]).encode("latin-1"))


def _check_text(size: int) -> None:
    """Raises `RequestTooLarge` for more text than a form may have."""
    if size > MOST_TEXT:
        raise RequestTooLarge(f"the form has {size} bytes of text; at most {MOST_TEXT} are taken: send it as a file")


def _check_count(count: int) -> None:
    if count > MOST_FIELDS:
        raise RequestTooLarge(f"the form has {count} fields or more; at most {MOST_FIELDS} are taken")


def _check_parts(request: Request, separator: bytes) -> None:
    stream = request.body_file_seekable
    stream.seek(0)
    mapped = _map(stream)
    if mapped is None:
        _check_data(stream.read(), separator)
    else:
        with mapped:
            _check_data(mapped, separator)
    stream.seek(0)


def _map(stream: Any) -> mmap.mmap | None:
    """The body as the server has it in a file; None when it is in memory, or empty."""
    try:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError, AttributeError):
        return None


def _check_data(data: bytes | mmap.mmap, separator: bytes) -> None:
    text = count = 0
    start = data.find(separator)
    while start >= 0:
        start += len(separator)
        end = data.find(separator, start)
        _check_count(count := count + 1)
        if not _is_file(data[start : start + LONGEST_HEAD]):
            text += (len(data) if end < 0 else end) - start
        start = end
    _check_text(text)


def _is_file(head: bytes) -> bool:
    """Whether a part's headers name a file, by the rules of WebOb's parser."""
    lines = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0].lstrip(b"\r\n")
    headers = BytesHeaderParser().parse(io.BytesIO(lines))
    return headers.get_param("filename", header="content-disposition") is not None


def includeme(config: Configurator) -> None:
    """For every request."""
    config.set_request_factory(FormRequest)
