"""What one client can take of the web server: bounded in time and memory, before and after a login."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from waitress.wasyncore import close_all

from tests.web_fixtures import PASSWORD
from wendelin.core.errors import LauncherError
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.server.client_limits import Limits, take_limits
from wendelin.core.web.server.serving import make_server

ZOPE = "Basic " + base64.b64encode(f"zope:{PASSWORD}".encode()).decode()
WRONG = "Basic " + base64.b64encode(b"zope:wrong").decode()


@pytest.fixture
def serve(application: Any) -> Iterator[Callable[..., int]]:
    """``serve(threads=2, head_seconds=1)``: a server with these settings; returns its port."""
    servers: list[tuple[Any, threading.Thread]] = []

    def start(**settings: Any) -> int:
        server = make_server(application, listen="127.0.0.1:0", cleanup_interval=0.1, **settings)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        return int(server.effective_port)

    yield start
    for server, thread in servers:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda server=server: close_all(server._map, ignore_all=True))
        thread.join(5)


def open_socket(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def ask(port: int, path: str = "/erp5/login_form", timeout: float = 10) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def announce(port: int, *, size: int | str, path: str = "/erp5/nothing", **headers: str) -> tuple[int, dict[str, str]]:
    """Send the head of a POST and a little of its body; the answer."""
    with closing(open_socket(port)) as client:
        lines = [f"POST {path} HTTP/1.1", "Host: x"]
        lines.append("Transfer-Encoding: chunked" if size == "chunked" else f"Content-Length: {size}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        client.sendall(
            "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"400\r\n" if size == "chunked" else b"") + b"x" * 1024
        )
        answer = http.client.HTTPResponse(client)
        answer.begin()
        answer.read()
        return answer.status, dict(answer.headers)


# -- bodies


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/octet-stream", "multipart/form-data"]
)
def test_a_large_body_of_nobody_is_refused_unread(serve: Any, kind: str) -> None:
    port = serve()
    assert announce(port, size=262145, Content_Type=kind)[0] == 413
    assert announce(port, size=17_000_000_000, Content_Type=kind)[0] == 413


@pytest.mark.parametrize("size", [300_000, "chunked"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": WRONG}, 401),
        ({"Authorization": "Basic nonsense"}, 401),
        ({"X_Access_Token": "nonsense"}, 401),
        ({"Cookie": "__ac=nonsense"}, 401),
        ({"Cookie": "other=1"}, 401),
    ],
)
def test_a_large_body_of_somebody_unknown_is_refused_unread(
    serve: Any, headers: dict[str, str], status: int, size: int | str
) -> None:
    found, answered = announce(serve(), size=size, Content_Type="application/octet-stream", **headers)
    assert found == status
    assert "Basic" in answered["Www-Authenticate"]


def test_the_wrong_password_of_large_bodies_counts_as_anywhere(serve: Any) -> None:
    port = serve()
    for number in range(10):
        wrong = "Basic " + base64.b64encode(f"zope:wrong{number}".encode()).decode()
        assert announce(port, size=300_000, Authorization=wrong)[0] == 401
    status, headers = announce(port, size=300_000, Authorization=WRONG)
    assert status == 429 and int(headers["Retry-After"]) > 0


def test_a_form_has_a_limit_of_its_own_also_after_a_login(serve: Any) -> None:
    kind = "application/x-www-form-urlencoded"
    assert announce(serve(), size=5_000_000, Content_Type=kind, Authorization=ZOPE)[0] == 413


def test_an_upload_has_a_limit_too(serve: Any) -> None:
    port = serve(upload_body=1_000_000)
    assert announce(port, size=1_000_001, Content_Type="image/png", Authorization=ZOPE)[0] == 413


@pytest.mark.parametrize("expect", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_of_somebody_known_arrives_whole(
    serve: Any, web_database: Any, chunked: bool, expect: bool
) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        file = get_site(connection).document_module.newContent(portal_type="File", title="f")
        path = file.getPath()
    content = bytes(range(256)) * 20_000
    name = b'--zz\r\nContent-Disposition: form-data; name="field_my_data"; filename="x.bin"\r\n\r\n'
    body = name + content + b"\r\n--zz--\r\n"
    client = open_socket(serve())
    head = f"POST {path}/view HTTP/1.1\r\nHost: x\r\nAuthorization: {ZOPE}\r\n"
    head += "Content-Type: multipart/form-data; boundary=zz\r\n"
    head += "Transfer-Encoding: chunked\r\n" if chunked else f"Content-Length: {len(body)}\r\n"
    head += "Expect: 100-continue\r\n" if expect else ""
    client.sendall(head.encode() + b"\r\n")
    if expect:
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
    answer = http.client.HTTPResponse(client)
    answer.begin()
    assert answer.status == 303, answer.read()
    client.close()
    with as_user(SYSTEM), web_database.connect() as connection:
        assert get_site(connection).unrestrictedTraverse(path.removeprefix("/erp5/")).getData() == content


def test_a_refused_client_that_goes_on_sending_reads_why(serve: Any) -> None:
    """Closing a connection with unread bytes resets it: the answer would be lost."""
    client = open_socket(serve())
    client.sendall(b"POST /erp5/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
    client.sendall(b"x" * 9_000_000)
    answer = http.client.HTTPResponse(client)
    answer.begin()
    assert answer.status == 413 and b"max" in answer.read().lower()
    assert client.recv(10) == b""
    client.close()


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_two_lengths_are_refused_and_the_connection_is_closed(serve: Any, version: str) -> None:
    client = open_socket(serve())
    smuggled = b"GET /erp5/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = f"POST /erp5/x HTTP/{version}\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    client.sendall(head.encode() + b"0\r\n\r\n" + smuggled)
    answered = b""
    while part := client.recv(10_000):
        answered += part
    assert answered.startswith(b"HTTP/1.") and b" 400 " in answered.split(b"\r\n")[0]
    assert answered.count(b"HTTP/1.") == 1
    client.close()


# -- time


@contextmanager
def half_open(port: int, count: int) -> Iterator[list[socket.socket]]:
    clients = []
    for _ in range(count):
        client = open_socket(port)
        client.sendall(b"GET /erp5/ HTTP/1.1\r\nX-a: ")
        clients.append(client)
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def test_half_open_requests_make_room_for_others(serve: Any) -> None:
    port = serve(connection_limit=40)
    with half_open(port, 120):
        assert ask(port, timeout=3) == 200


def test_a_head_that_does_not_end_is_cut_off(serve: Any) -> None:
    port = serve(head_seconds=1)
    with half_open(port, 1) as (client,):
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < began + 10:
                client.sendall(b"x")  # a byte now and then does not help
                time.sleep(0.1)
        assert time.monotonic() - began < 8


def test_a_body_that_dribbles_is_cut_off(serve: Any) -> None:
    client = open_socket(serve(grace_seconds=1))
    client.sendall(b"POST /erp5/login_form HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    began = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() < began + 10:
            client.sendall(b"x")
            time.sleep(0.05)
    assert time.monotonic() - began < 8
    client.close()


def big_file(database: Any, size: int) -> str:
    with as_user(SYSTEM), database.transaction() as connection:
        file = get_site(connection).document_module.newContent(portal_type="File", data=b"\0" * size)
        path: str = file.getPath()
    return path


@contextmanager
def slow_readers(port: int, path: str, count: int) -> Iterator[list[socket.socket]]:
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(20)
        client.connect(("127.0.0.1", port))
        client.sendall(f"GET {path}/getData HTTP/1.1\r\nHost: x\r\nAuthorization: {ZOPE}\r\n\r\n".encode())
        clients.append(client)
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def test_slow_readers_leave_the_threads_of_pages_alone(serve: Any, web_database: Any) -> None:
    port, path = serve(threads=2, outbuf_high_watermark=1 << 20), big_file(web_database, 30 << 20)
    with slow_readers(port, path, 6) as clients:
        for client in clients:
            assert client.recv(12) == b"HTTP/1.1 200"
        assert ask(port, timeout=5) == 200
        # and whoever begins to read gets everything
        rest = bytearray()
        while len(rest) < 30 << 20:
            rest += clients[0].recv(1 << 20)


def test_too_many_long_answers_are_told_to_come_later(serve: Any, web_database: Any) -> None:
    port = serve(threads=2, long_answers=2, outbuf_high_watermark=1 << 20)
    path = big_file(web_database, 30 << 20)
    with slow_readers(port, path, 2) as clients:
        for client in clients:
            client.recv(12)
        with slow_readers(port, path, 1) as (third,):
            assert third.recv(12) == b"HTTP/1.1 503"
    deadline = time.monotonic() + 10
    while ask_file(port, path) == 503:
        assert time.monotonic() < deadline, "the place of a client that has gone is not free again"
        time.sleep(0.1)


def ask_file(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", f"{path}/getData", headers={"Authorization": ZOPE})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def test_a_reader_that_stands_still_is_cut_off(serve: Any, web_database: Any) -> None:
    port = serve(threads=2, grace_seconds=1, outbuf_high_watermark=1 << 20)
    path = big_file(web_database, 30 << 20)
    with slow_readers(port, path, 1) as (client,):
        client.recv(12)
        assert open_connections(web_database)
        deadline = time.monotonic() + 10
        while open_connections(web_database):
            assert time.monotonic() < deadline, "the answer is still being sent"
            time.sleep(0.1)


def open_connections(database: Any) -> list[Any]:
    return [connection for connection in database.zodb.pool if connection.opened]


# -- settings


def test_limits_are_settings_and_the_rest_is_waitress_s() -> None:
    limits, rest = take_limits({"form_body": "1000", "threads": "3", "head_seconds": ""})
    assert limits == Limits(form_body=1000) and rest == {"threads": "3"}


@pytest.mark.parametrize("value", ["-1", "0", "many", "1.5", "²"])
def test_a_limit_is_a_positive_number(value: str) -> None:
    with pytest.raises(LauncherError, match="form_body"):
        take_limits({"form_body": value})


def test_chunks_without_http_1_1_are_refused(serve: Any) -> None:
    """Otherwise the body is taken for empty, and what it holds for the next request."""
    client = open_socket(serve())
    head = b"POST /erp5/x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
    client.sendall(head + b"0\r\n\r\nGET /erp5/smuggled HTTP/1.0\r\n\r\n")
    answered = b""
    while part := client.recv(10_000):
        answered += part
    assert b" 400 " in answered.split(b"\r\n")[0] and answered.count(b"Server: Wendelin") == 1
    client.close()
