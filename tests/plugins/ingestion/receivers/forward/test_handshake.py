"""The handshake of the forward protocol, without a network: who knows the key, and how little strangers can do."""

from __future__ import annotations

import struct
import tracemalloc
from hashlib import sha512
from typing import Any

import msgpack
import pytest

from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.plugins.ingestion.receivers.forward.handshake import Handshake, PingReader

PACKED = msgpack.packb([1, {"message": "text"}])


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


@pytest.mark.parametrize(
    "data, cause",
    [
        (msgpack.packb(["a.b", PACKED, {"chunk": "x"}]), "the client has none"),
        (b"\x93\xa3a.b\xdb\x00\x80\x00\x00" + bytes(10_000), "the client has none"),
        (b"POST /x HTTP/1.1\r\n", "HTTP"),
        (struct.pack(">BI", 0xDD, 1 << 20) * 1000, "the client has none"),
        (b"\x96" + b"\x96" * 1000 + b"\xc1", "six texts"),
        (b"\x96" + struct.pack(">BI", 0xDD, 1 << 20) * 1000, "six texts"),
        (b"\x96\xdf\x00\x10\x00\x00", "six texts"),
        (b"\x96\xa4PING\xdb\x00\x10\x00\x00" + bytes(20_000), "too long"),
    ],
)
def test_who_is_not_known_yet_can_say_little(data: bytes, cause: str) -> None:
    tracemalloc.start()
    try:
        reader = PingReader()
        with pytest.raises(BadRequest, match=cause):
            for at in range(0, len(data), 100):
                assert reader.feed(data[at : at + 100]) is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_a_ping_in_pieces_and_what_follows_it() -> None:
    ping = ["PING", "host", b"salt", "digest", "", ""]
    reader = PingReader()
    *first, last = [bytes([byte]) for byte in msgpack.packb(ping)]
    assert [reader.feed(piece) for piece in first] == [None] * len(first)
    assert reader.feed(last + b"more") == ping
    assert reader.rest() == b"more"


@pytest.mark.parametrize("ping", [None, [], ["PING"], ["PONG", "", "", "", "", ""], ["PING", 1, "", "", "", ""]])
def test_what_is_no_ping(ping: Any) -> None:
    with pytest.raises(BadRequest):
        Handshake("key", "server").check(ping)
