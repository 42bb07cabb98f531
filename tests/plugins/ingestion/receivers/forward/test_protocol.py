"""Messages of the forward protocol and its handshake, without a network."""

from __future__ import annotations

import gzip
from hashlib import sha512
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest, NotFound, RequestTooLarge, Unauthorized
from wendelin.plugins.ingestion.formats.event_stream import iter_payload
from wendelin.plugins.ingestion.receivers.forward.handshake import Handshake
from wendelin.plugins.ingestion.receivers.forward.protocol import (
    decompress,
    make_ack,
    make_packer,
    make_unpacker,
    parse_message,
)
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import Route, find_target

TIME = msgpack.ExtType(0, bytes(range(8)))
EVENTS = [[TIME, {"message": b"\xff\x00"}], [1, {"message": "text"}]]
PACKED = b"".join(map(msgpack.packb, EVENTS))


def parse(message: Any, maximum_size: int = 1 << 20) -> Any:
    unpacker = make_unpacker()
    unpacker.feed(msgpack.packb(message) if not isinstance(message, bytes) else message)
    return parse_message(next(iter(unpacker)), make_packer(), maximum_size)


@pytest.mark.parametrize(
    "message, mode",
    [
        (["a.b", EVENTS, {"chunk": "id"}], "Forward"),
        (["a.b", PACKED, {"chunk": "id"}], "PackedForward"),
        (["a.b", PACKED, {"chunk": "id", "compressed": "text"}], "PackedForward"),
        (["a.b", gzip.compress(PACKED), {"chunk": "id", "compressed": "gzip"}], "CompressedPackedForward"),
        (
            ["a.b", b"".join(gzip.compress(msgpack.packb(e)) for e in EVENTS), {"chunk": "id", "compressed": "gzip"}],
            "CompressedPackedForward",
        ),
    ],
)
def test_every_mode_with_many_events(message: Any, mode: str) -> None:
    entry = parse(message)
    assert (entry.tag, entry.data, entry.chunk_id, entry.mode) == ("a.b", PACKED, "id", mode)


def test_one_message() -> None:
    entry = parse(["a", TIME, {"message": b"x"}])
    assert (entry.data, entry.chunk_id, entry.is_acknowledged) == (
        msgpack.packb([TIME, {"message": b"x"}]),
        None,
        False,
    )
    assert parse(["a", 1, {"message": b"x"}, {"chunk": b"\xff"}]).chunk_id == b"\xff"
    assert parse(None) is None


def test_old_clients_write_bytes_as_text() -> None:
    old = msgpack.packb(["a", 1, {"message": b"\xfe\xff\x00"}], use_bin_type=False)
    assert b"".join(iter_payload(parse(old).data)) == b"\xfe\xff\x00"
    old = msgpack.packb(["a", PACKED], use_bin_type=False)
    assert parse(old).data == PACKED


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        ["a"],
        ["a", b"x", 1],
        [1, 2, {}],
        [b"\xff", 1, {}],
        ["a", {}],
        ["a", True, {}],
        ["a", 1],
        ["a", [1, 2]],
        ["a", [[1]]],
        ["a", b"x", {"chunk": 1}],
        ["a", b"x", {"compressed": "gzip"}],
        ["a", gzip.compress(PACKED)[:-4], {"compressed": "gzip"}],
        ["a", gzip.compress(PACKED) + b"rest", {"compressed": "gzip"}],
        ["a", b"x", {"compressed": "zstd"}],
    ],
)
def test_what_is_no_message_is_refused(message: Any) -> None:
    with pytest.raises(BadRequest):
        parse(message)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(RequestTooLarge):
        parse(["a", gzip.compress(bytes(2_000_000)), {"compressed": "gzip"}], maximum_size=1_000_000)
    unpacker = make_unpacker()
    unpacker.feed(b"\xdd\xff\xff\xff\xff")
    with pytest.raises(ValueError):
        next(unpacker)


@given(st.lists(st.binary(max_size=200_000), max_size=4))
def test_gzip_members(members: list[bytes]) -> None:
    assert decompress(b"".join(map(gzip.compress, members))) == b"".join(members)


def test_acknowledgement() -> None:
    assert msgpack.unpackb(make_ack("p8n9gmxTQVC8/nh2wlKKeQ==")) == {"ack": "p8n9gmxTQVC8/nh2wlKKeQ=="}
    assert msgpack.unpackb(make_ack(b"\xff")) == {"ack": b"\xff"}


# -- the handshake, by a client written from the specification


def hexdigest(*parts: bytes) -> str:
    return sha512(b"".join(parts)).hexdigest()


def make_ping(shake: Handshake, key: bytes, user: bytes = b"", password: bytes = b"") -> list[Any]:
    _, options = shake.helo()
    proof = hexdigest(options["auth"], user, password) if options["auth"] else ""
    return ["PING", b"client", b"salt", hexdigest(b"salt", b"client", options["nonce"], key), user, proof]


def test_handshake_with_a_key() -> None:
    shake = Handshake("key", "server")
    ping = make_ping(shake, b"key")
    assert shake.check(ping) is None
    assert shake.pong(ping) == ["PONG", True, "", "server", hexdigest(b"salt", b"server", shake.nonce, b"key")]
    with pytest.raises(Unauthorized, match="shared key"):
        shake.check(make_ping(shake, b"other"))
    with pytest.raises(Unauthorized):  # recorded on another connection
        Handshake("key", "server").check(ping)


def test_handshake_with_users() -> None:
    shake = Handshake("key", "server", {"ada": "secret"})
    assert shake.check(make_ping(shake, b"key", b"ada", b"secret")) == "ada"
    for user, password in ((b"ada", b"wrong"), (b"eve", b"secret"), (b"eve", b""), (b"", b"")):
        with pytest.raises(Unauthorized, match="password"):
            shake.check(make_ping(shake, b"key", user, password))


@pytest.mark.parametrize("ping", [None, [], ["PING"], ["PONG", "", "", "", "", ""], ["PING", 1, "", "", "", ""]])
def test_what_is_no_ping(ping: Any) -> None:
    with pytest.raises(BadRequest):
        Handshake("key", "server").check(ping)


# -- routes


@pytest.mark.parametrize(
    "pattern, tag, matches",
    [
        ("a", "a", True),
        ("a", "a.b", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("a.**", "a", True),
        ("a.**", "a.b.c", True),
        ("a.**", "ab", False),
        ("**.c", "a.b.c", True),
        ("**.c", "c", True),
        ("**", "a.b", True),
        ("{a,b}.c", "b.c", True),
        ("{a,b}.c", "c.c", False),
        ("a+", "aa", False),
    ],
)
def test_patterns_of_tags(pattern: str, tag: str, matches: bool) -> None:
    routes = [Route(pattern, "policy", "x.{tag}")]
    if matches:
        assert find_target(routes, tag) == ("policy", f"x.{tag}")
    else:
        with pytest.raises(NotFound):
            find_target(routes, tag)


def test_without_routes_the_first_part_is_the_policy() -> None:
    assert find_target((), "pydata.left.x") == ("pydata", "pydata.left.x")
    with pytest.raises(BadRequest):
        find_target([Route("{a", "b")], "a")
