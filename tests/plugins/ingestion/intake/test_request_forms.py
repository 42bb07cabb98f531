"""The forms in which clients send a chunk, byte for byte."""

from __future__ import annotations

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
