"""Forms are bounded before they are taken apart: in fields, and in text that is no file."""

from __future__ import annotations

import io
from typing import Any

import pytest

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.core.web.requests import form_bounds
from wendelin.core.web.requests.form_bounds import MOST_FIELDS, FormRequest

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"


def part(headers: str, value: bytes) -> bytes:
    return f"--frontier\r\nContent-Disposition: form-data; {headers}\r\n\r\n".encode() + value + b"\r\n"


def form(body: bytes, content_type: str = MULTIPART, stream: Any = None) -> Any:
    request = FormRequest.blank("/", method="POST")
    request.content_type = None
    request.environ["CONTENT_TYPE"] = content_type
    if stream is None:
        request.body = body
        return request.POST
    stream.write(body)
    stream.flush()
    stream.seek(0)
    request.environ |= {"wsgi.input": stream, "CONTENT_LENGTH": str(len(body)), "webob.is_body_seekable": True}
    return request.POST


@pytest.fixture(params=["memory", "file"])
def stream(request: Any, tmp_path: Any) -> Any:
    if request.param == "memory":
        yield io.BytesIO()
        return
    with open(tmp_path / "body", "w+b") as stream:
        yield stream


def test_fields_and_files_are_read_as_before(stream: Any) -> None:
    file = b"a--frontie\r\n\r\n" * 1000
    body = part('name="a"', b"1") + part('name="b"; filename="x.bin"', file) + b"--frontier--\r\n"
    found = form(body, stream=stream)
    assert found["a"] == "1"
    assert found["b"].file.read() == file


def test_too_many_parts_are_refused(stream: Any) -> None:
    with pytest.raises(RequestTooLarge, match="fields"):
        form(part('name="a"', b"") * (MOST_FIELDS + 1), stream=stream)


def test_text_is_bounded_and_files_are_not(stream: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(form_bounds, "MOST_TEXT", 1000)
    large = b"x" * 100_000
    found = form(part('name="a"; filename="b"', large) + b"--frontier--", stream=stream)
    assert found["a"].file.read() == large


@pytest.mark.parametrize(
    "headers",
    [
        'name="a"',
        'name="filename=b"',
        'name="a"\r\nX-b: filename=b',
        "name=a; x-filename=b",
        "name=a\r\n\r\nfilename=b",
    ],
)
def test_text_that_looks_like_a_file_is_text(stream: Any, monkeypatch: Any, headers: str) -> None:
    monkeypatch.setattr(form_bounds, "MOST_TEXT", 1000)
    with pytest.raises(RequestTooLarge, match="text"):
        form(part(headers, b"x" * 2000) + b"--frontier--", stream=stream)


def test_url_encoded_fields_are_counted() -> None:
    assert len(form(b"a=1&" * (MOST_FIELDS - 1), URLENCODED)) == MOST_FIELDS - 1
    with pytest.raises(RequestTooLarge):
        form(b"&" * (MOST_FIELDS + 1), URLENCODED)


def test_a_long_text_is_no_matter_of_fields() -> None:
    assert len(form(b"a=" + b"1" * 1_000_000, URLENCODED)["a"]) == 1_000_000


@pytest.mark.parametrize("end", ["", "; boundary=", "; boundary=frontier; charset=x"])
def test_a_form_that_cannot_be_read_is_a_bad_request(end: str) -> None:
    try:
        form(part('name="a"', b"1"), "multipart/form-data" + end)
    except BadRequest as error:
        assert "form" in str(error)
