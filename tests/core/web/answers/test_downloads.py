"""Downloads: ranges, conditions, HEAD, block by block over a real socket, and nothing left open."""

from __future__ import annotations

import hashlib
import socket
import time
from urllib.request import Request, urlopen

import pytest
from ZODB.Connection import Connection

from tests.web_fixtures import PASSWORD
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

SIZE = 3_000_000
PATH = "/erp5/document_module/1/getData"


def content() -> bytes:
    return hashlib.shake_256(b"wendelin").digest(SIZE)


@pytest.fixture
def stored(web_database) -> bytes:
    """A File with SIZE bytes."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        document = get_site(connection).document_module.newContent(id="1", portal_type="File", title="Noise")
        document.edit(filename="nöise.bin", content_type="application/x-noise")
        document.setData(content())
    return content()


@pytest.fixture
def client(make_client, stored):
    return make_client("zope")


def test_whole(client, stored):
    answer = client.get(PATH)
    assert answer.body == stored
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_type == "application/x-noise"
    assert "filename*=UTF-8''n%C3%B6ise.bin" in answer.headers["Content-Disposition"]


def test_head_has_the_headers_and_no_body(client):
    answer = client.head(PATH)
    assert answer.content_length == SIZE
    assert answer.body == b""


def test_range(client, stored):
    answer = client.get(PATH, headers={"Range": "bytes=1000000-1999999"}, status=206)
    assert answer.body == stored[1_000_000:2_000_000]
    assert answer.headers["Content-Range"] == f"bytes 1000000-1999999/{SIZE}"
    assert client.get(PATH, headers={"Range": "bytes=-5"}, status=206).body == stored[-5:]


def test_several_ranges(client, stored):
    answer = client.get(PATH, headers={"Range": "bytes=0-9,2000-2009"}, status=206)
    assert answer.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert len(answer.body) == answer.content_length
    boundary = answer.headers["Content-Type"].split("boundary=")[1].encode()
    parts = answer.body.split(b"--" + boundary)
    assert parts[1].endswith(b"\r\n\r\n" + stored[:10] + b"\r\n")
    assert f"bytes 2000-2009/{SIZE}".encode() in parts[2]


def test_outside_of_the_file(client):
    answer = client.get(PATH, headers={"Range": f"bytes={SIZE}-"}, status=416)
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert answer.body == b""


def test_conditions(client, stored):
    first = client.get(PATH)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert client.get(PATH, headers={"If-None-Match": etag}, status=304).body == b""
    assert client.get(PATH, headers={"If-None-Match": '"other"'}, status=200)
    assert client.get(PATH, headers={"If-Modified-Since": modified}, status=304)
    part = {"Range": "bytes=0-9"}
    assert client.get(PATH, headers=part | {"If-Range": etag}, status=206).body == stored[:10]
    assert client.get(PATH, headers=part | {"If-Range": '"older"'}, status=200).body == stored
    assert client.get(PATH, headers=part | {"If-Range": modified}, status=206)


def test_etag_changes_with_the_bytes(client, web_database):
    before = client.get(PATH).headers["ETag"]
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module["1"].setData(content()[::-1])
    assert client.get(PATH).headers["ETag"] != before


def test_active_content_is_never_shown_inside_of_the_site(client, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module["1"].edit(content_type="text/html")
    assert client.get(PATH).headers["Content-Disposition"].startswith("attachment")


def open_connections(database) -> list[Connection]:
    return [connection for connection in database.zodb.pool if connection.opened]


def wait_until_closed(database) -> None:
    """Closing follows the last byte by a moment."""
    end = time.monotonic() + 10
    while open_connections(database):
        assert time.monotonic() < end, "a connection stays open"
        time.sleep(0.01)


def test_connections_are_closed_after_the_last_byte(client, web_database):
    before = len(open_connections(web_database))
    for _ in range(5):
        client.get(PATH)
        client.get(PATH, headers={"Range": "bytes=5-10"})
        client.get("/erp5/nothing", status=404)
    assert len(open_connections(web_database)) == before


def test_over_a_real_socket(server, stored):
    request = Request(server.url + PATH, headers={"Authorization": basic(), "Range": "bytes=10-"})
    with urlopen(request, timeout=30) as answer:
        assert answer.status == 206
        assert answer.read() == stored[10:]
    wait_until_closed(server.database)


def test_a_client_that_goes_away_leaves_nothing_open(server, stored):
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(3):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {basic()}\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    wait_until_closed(server.database)


def basic() -> str:
    from base64 import b64encode

    return "Basic " + b64encode(f"zope:{PASSWORD}".encode()).decode()
