"""The handshake of the forward protocol, the server's side: HELO, PING, PONG, with a shared key and users.

Both sides prove with SHA-512 that they know the key, and the client that it knows a password, without sending either::

    HELO  server  {"nonce", "auth": salt for the password or "", "keepalive"}
    PING  client  its host name, a salt, digest of the key; user name, digest of the password (or "")
    PONG  server  whether it agrees, else why not; its host name, digest of the key
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha512
from typing import Any

import msgpack

from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.plugins.ingestion.formats.json_text import encode_text
from wendelin.plugins.ingestion.formats.msgpack_objects import UNREADABLE
from wendelin.plugins.ingestion.receivers.forward.message_reader import ARRAYS
from wendelin.plugins.ingestion.receivers.forward.protocol import explain

SALT_SIZE = 16
PING_SIZE = 6
PING_START = 0x90 + PING_SIZE


@dataclass(frozen=True)
class Handshake:
    """One connection's handshake. ``passwords`` by user name; empty when the key alone lets clients in.

    ``hostname`` must differ from the client's: Fluentd takes equal ones for a loop.
    """

    shared_key: str
    hostname: str
    passwords: Mapping[str, str] = field(default_factory=dict)
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_SIZE))
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_SIZE))

    def helo(self) -> list[Any]:
        """The first message of a connection."""
        return ["HELO", {"nonce": self.nonce, "auth": self.salt if self.passwords else b"", "keepalive": True}]

    def check(self, ping: object) -> str | None:
        """The name of the user of a PING, None without users.

        Raises `BadRequest` when it is not a PING, and `Unauthorized` with a reason that tells the client nothing which
        it should not know.
        """
        _, host, key_salt, key_digest, user, password_digest = read_ping(ping)
        expected = digest(key_salt, host, self.nonce, self.shared_key.encode("utf-8"))
        if not hmac.compare_digest(expected.encode("ascii"), key_digest):
            raise Unauthorized("shared key mismatch")
        if not self.passwords:
            return None
        name = user.decode("utf-8", "surrogateescape")
        known = self.passwords.get(name)
        # the digest of an unknown user is computed as well: the time that it takes tells nothing
        expected = digest(self.salt, user, (known or "").encode("utf-8"))
        if not hmac.compare_digest(expected.encode("ascii"), password_digest) or known is None:
            raise Unauthorized("username/password mismatch")
        return name

    def pong(self, ping: object) -> list[Any]:
        """The answer to a PING that `check` accepted."""
        key_salt = read_ping(ping)[2]
        host = self.hostname.encode("utf-8")
        return ["PONG", True, "", self.hostname, digest(key_salt, host, self.nonce, self.shared_key.encode("utf-8"))]

    def refusal(self, reason: str) -> list[Any]:
        """The answer to any other; the connection is closed after it."""
        return ["PONG", False, reason, self.hostname, ""]


class PingReader:
    """Reads the first message of a client that nobody knows yet: six short texts, and nothing nested."""

    LARGEST = 16 << 10  # bytes

    def __init__(self) -> None:
        self._size = 0
        self._unpacker = msgpack.Unpacker(
            raw=False,
            unicode_errors="surrogateescape",
            max_array_len=PING_SIZE,
            max_map_len=0,
            max_buffer_size=2 * self.LARGEST,
        )

    def feed(self, data: bytes) -> Any:
        """The message when it is complete, else None. Raises `BadRequest` when it cannot be a PING, and says why."""
        if not self._size and data[0] != PING_START:
            raise BadRequest(explain_first(data))
        self._size += len(data)
        self._unpacker.feed(data)
        try:
            ping = self._unpacker.unpack()
        except msgpack.OutOfData:
            if self._size >= self.LARGEST:
                raise BadRequest("the client's first message is no PING: it is too long for one") from None
            return None
        except UNREADABLE as error:
            raise BadRequest("the client's first message is no PING: that has six texts, and nothing else") from error
        return ping

    def rest(self) -> bytes:
        """What came after the message."""
        found: bytes = self._unpacker.read_bytes(2 * self.LARGEST)
        return found


def explain_first(data: bytes) -> str:
    """Why a message that is no PING came first."""
    if data[0] not in ARRAYS:
        return explain(data[:16])
    return (
        "this receiver has a shared key, and the client has none: it sends without a handshake; set the key there too"
    )


def read_ping(ping: object) -> list[bytes]:
    """The six fields of a PING as bytes; text and binary are the same here, as clients differ in what they send."""
    if not isinstance(ping, list) or len(ping) != PING_SIZE or ping[0] not in ("PING", b"PING"):
        raise BadRequest("a PING was expected: this server has a shared key")
    if not all(isinstance(value, (str, bytes)) for value in ping):
        raise BadRequest("the fields of a PING must be text")
    return [encode_text(value) if isinstance(value, str) else value for value in ping]


def digest(*parts: bytes) -> str:
    """SHA-512 of the parts after one another, in hexadecimal digits."""
    return sha512(b"".join(parts)).hexdigest()
