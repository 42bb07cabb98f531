"""The forms in which clients send a chunk, byte for byte."""

from __future__ import annotations

import io
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.request import Request

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.intake import request_forms

FORM = "application/x-www-form-urlencoded"


def make_request(query: str = "", body: bytes = b"", content_type: str = "application/octet-stream") -> Request:
    request = Request.blank("/ingest", method="POST", content_type=content_type, body=body)
    request.environ["QUERY_STRING"] = query
    return request


@given(
    st.binary(max_size=200), st.sampled_from(["application/octet-stream", "application/msgpack", "application/json"])
)
def test_raw_body_whatever_its_type(data: bytes, content_type: str) -> None:
    assert request_forms.read_chunk(make_request(body=data, content_type=content_type)).read() == data


@given(st.binary(max_size=200))
def test_form_field(data: bytes) -> None:
    body = b"a=b&data_chunk=" + quote_from_bytes(data).encode() + b"&c=d"
    assert request_forms.read_chunk(make_request(body=body, content_type=FORM)).read() == data


@given(st.binary(min_size=1, max_size=200))
def test_field_of_the_query_string(data: bytes) -> None:
    query = f"reference=pydata&data_chunk={quote_from_bytes(data)}"
    assert request_forms.read_chunk(make_request(query)).read() == data
    assert request_forms.read_reference(make_request(query)) == "pydata"


def test_plus_in_a_form_is_a_space() -> None:
    assert request_forms.read_chunk(make_request(body=b"data_chunk=a+b%2B", content_type=FORM)).read() == b"a b+"


def test_form_without_the_field_is_raw() -> None:
    # curl --data-binary says "form" unless told otherwise.
    assert request_forms.read_chunk(make_request(body=b"\x92\x01\xc4=&", content_type=FORM)).read() == b"\x92\x01\xc4=&"


def test_multipart_file() -> None:
    data = bytes(range(256))
    request = Request.blank("/ingest", POST={"data_chunk": ("chunk", data)})
    assert request.content_type == "multipart/form-data"
    assert request_forms.read_chunk(request).read() == data


def test_multipart_without_the_field() -> None:
    with pytest.raises(BadRequest, match="data_chunk"):
        request_forms.read_chunk(Request.blank("/ingest", POST={"other": ("chunk", b"x")}))


@pytest.mark.parametrize("parameters", ["", "; boundary=b; charset=of-mars", "; boundary=b; charset=latin-1"])
def test_multipart_that_cannot_be_read(parameters: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="data_chunk"\r\n\r\nx\r\n--b--\r\n'
    request = make_request(body=body)
    request.headers["Content-Type"] = "multipart/form-data" + parameters
    with pytest.raises(BadRequest, match="the form cannot be read"):
        request_forms.read_chunk(request)


def test_body_is_read_again_on_a_retry() -> None:
    request = make_request(body=b"abc")
    assert [request_forms.read_chunk(request).read() for _ in range(2)] == [b"abc", b"abc"]


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", None),
        ("reference=", ""),
        ("reference=a.b", "a.b"),
        ("x=1&reference=%C3%A9", "é"),
        ("reference=\xc3\xa9", "é"),
    ],
)
def test_reference(query: str, expected: str | None) -> None:
    assert request_forms.read_reference(make_request(query)) == expected


def test_reference_that_is_not_utf8() -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        request_forms.read_reference(make_request("reference=%ff"))


def test_a_body_beyond_the_limit_is_not_read() -> None:
    request = make_request(body=b"abc")
    request.content_length = request_forms.MAXIMUM_SIZE + 1
    with pytest.raises(RequestTooLarge):
        request_forms.read_chunk(request)


def test_a_body_may_have_just_the_limit() -> None:
    assert request_forms.read_chunk(make_request(body=b"abc"), limit=3).read() == b"abc"
    assert request_forms.read_raw(make_request(body=b"abc"), limit=3).read() == b"abc"
    for read in (request_forms.read_chunk, request_forms.read_raw):
        with pytest.raises(RequestTooLarge, match="3 bytes; at most 2"):
            read(make_request(body=b"abc"), 2)


def test_no_limit_is_above_that_of_the_server() -> None:
    request = make_request(body=b"abc")
    request.content_length = request_forms.MAXIMUM_SIZE + 1
    with pytest.raises(RequestTooLarge):
        request_forms.read_chunk(request, limit=2 * request_forms.MAXIMUM_SIZE)


@pytest.mark.parametrize("size", [1, 200])
def test_a_chunk_id(size: int) -> None:
    request = make_request()
    assert request_forms.read_chunk_id(request) is None
    request.headers["X-Fluentd-Chunk-Id"] = "x" * size
    assert request_forms.read_chunk_id(request) == "x" * size


@pytest.mark.parametrize("size", [0, 201])
def test_a_chunk_id_that_is_none_or_too_long(size: int) -> None:
    request = make_request()
    request.headers["X-Fluentd-Chunk-Id"] = "x" * size
    with pytest.raises(BadRequest, match=f"has {size} characters; 1 to 200"):
        request_forms.read_chunk_id(request)


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_large_body_stays_in_the_servers_file(beyond: int) -> None:
    data = bytes(range(256)) * (request_forms.MEMORY_SIZE // 256) + b"x" * beyond
    file = io.BytesIO(data)
    request = make_request()
    request.body_file_raw, request.content_length = file, len(data)
    body = request_forms.read_chunk(request)
    assert body.size == len(data) and body.read() == data
    file.getbuffer()[:1] = b"?"
    assert (body.read()[:1] == b"?") is bool(beyond)  # of a smaller one there is a copy in memory


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_large_multipart_file(beyond: int) -> None:
    data = bytes(range(256)) * (request_forms.MEMORY_SIZE // 256) + b"x" * beyond
    request = Request.blank("/ingest", POST={"data_chunk": ("chunk", data)})
    body = request_forms.read_chunk(request)
    assert body.size == len(data) and body.read() == data
    file = request.POST["data_chunk"].file
    file.seek(0)
    file.write(b"?")
    assert (body.read()[:1] == b"?") is bool(beyond)  # of a smaller one there is a copy in memory


def test_a_multipart_field_that_is_text() -> None:
    request = Request.blank("/ingest", POST={"data_chunk": "é", "other": ("file", b"x")})
    assert request_forms.read_chunk(request).read() == "é".encode()


def test_a_form_is_small_and_other_large_bodies_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_forms, "FORM_SIZE", 30)
    just = b"data_chunk=" + b"x" * 19
    assert request_forms.read_chunk(make_request(body=just, content_type=FORM)).read() == b"x" * 19
    with pytest.raises(RequestTooLarge, match="send the chunk as the body itself"):
        request_forms.read_chunk(make_request(body=just + b"x", content_type=FORM))
    raw = b"something else entirely, 31 bytes"
    assert request_forms.read_chunk(make_request(body=raw, content_type=FORM)).read() == raw
