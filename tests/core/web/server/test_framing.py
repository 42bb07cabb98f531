"""Where a request ends is never in doubt, and what stands around its body has a bound."""

from __future__ import annotations

import socket
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

import pytest

SMALL = 256 << 10
CHUNKED = b"POST /erp5/login_form HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
LOGIN = b"Authorization: Basic " + b64encode(b"zope:correct horse") + b"\r\n"


def connect(server: Any) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def exchange(server: Any, data: bytes) -> bytes:
    """All that the server answers until it closes the connection."""
    with connect(server) as client:
        client.sendall(data)
        found = b""
        while piece := client.recv(1 << 16):
            found += piece
        return found


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: " + "9" * 5000,
        "Content-Length: +4",
        "Content-Length: \u00b2",
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_body_without_one_clear_length_is_refused(server: Any, framing: str, version: str) -> None:
    head = f"POST /erp5/login_form HTTP/{version}\r\nHost: localhost\r\n{framing}\r\n\r\n".encode("latin-1")
    answer = exchange(server, head + b"0\r\n\r\nGET /erp5/login_form HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.") == 1


@pytest.mark.parametrize("login", [b"", LOGIN])
@pytest.mark.parametrize("endless", [b"1" * 50_000, b"0\r\nX-a: " + b"1" * 50_000, b"1;" + b"a" * 50_000])
def test_a_line_around_chunks_has_an_end(server: Any, login: bytes, endless: bytes) -> None:
    assert exchange(server, CHUNKED + login + b"\r\n" + endless).startswith(b"HTTP/1.1 400")


def test_chunks_are_put_together(server: Any) -> None:
    block = b"10000;name=value\r\n" + b"a" * 65536 + b"\r\n"
    head = CHUNKED + b"Connection: close\r\n\r\n"
    assert exchange(server, head + block * 3 + b"0\r\nX-trailer: 1\r\n\r\n").startswith(b"HTTP/1.1 403")
    assert exchange(server, head + block * 6 + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("login", "status"), [(b"", b"413"), (b"Authorization: Basic eDp5\r\n", b"401"), (LOGIN, b"100")]
)
def test_who_asks_before_sending_hears_whether_to_go_on(server: Any, login: bytes, status: bytes) -> None:
    head = f"PUT /erp5 HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\nContent-Length: {SMALL * 4}\r\n"
    with connect(server) as client:
        client.sendall(head.encode() + b"Expect: 100-continue\r\n" + login + b"\r\n")
        assert client.recv(4000).split()[1] == status
        if status == b"100":
            client.sendall(b"a" * SMALL * 4)
            assert client.recv(4000).split()[1] == b"405"


def test_requests_after_one_another_keep_their_bodies(server: Any) -> None:
    head = f"PUT /erp5 HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\nContent-Length: {SMALL * 2}\r\n".encode()
    one = head + LOGIN + b"\r\n" + (b"GET / " * SMALL)[: SMALL * 2]
    last = b"GET /erp5/login_form HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answers = exchange(server, one * 2 + last)
    assert answers.count(b"HTTP/1.1 405") == 2 and answers.count(b"HTTP/1.1 200") == 1
