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

from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.plugins.ingestion.formats.event_stream import encode_text

SALT_SIZE = 16
PING_SIZE = 6


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
