"""Password hashes (argon2id), and a short memory of passwords that were just found to be right.

argon2 is slow on purpose: tens of milliseconds and 64 MiB each. A program that sends a thousand requests per second
with the same Basic credentials pays that once a minute, and no more than two threads hash at a time.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wendelin.core.errors import BadRequest

MAXIMUM_LENGTH: Final = 1024
REMEMBER_SECONDS: Final = 60.0
REMEMBER_COUNT: Final = 1024

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The hash to keep. Raises BadRequest for an empty or endless password."""
    if not password or len(password) > MAXIMUM_LENGTH:
        raise BadRequest(f"a password has 1 to {MAXIMUM_LENGTH} characters")
    with _hashing:
        return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of the hash. None, for a user that is not there, takes as long and is False."""
    if len(password) > MAXIMUM_LENGTH:
        return False
    with _hashing:
        try:
            return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


class RightPasswords:
    """Which passwords were right in the last minute: a keyed hash of user and password, and the session stamp of then.

    The key is random and never leaves the process; nothing here helps to find a password. A changed password changes
    the user's stamp, so that the old one is refused at once, in every process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def _digest(self, user_id: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{len(user_id)}:{user_id}{password}".encode(), "sha256")

    def remember(self, user_id: str, password: str, stamp: str) -> None:
        """Note that ``password`` is right for a user whose session stamp is ``stamp``."""
        with self._lock:
            digest = self._digest(user_id, password)
            self._entries[digest] = (stamp, self._clock() + REMEMBER_SECONDS)
            self._entries.move_to_end(digest)
            while len(self._entries) > REMEMBER_COUNT:
                self._entries.popitem(last=False)

    def knows(self, user_id: str, password: str, stamp: str) -> bool:
        """Whether it was right within the last minute, and the user's stamp is still the same."""
        with self._lock:
            entry = self._entries.get(self._digest(user_id, password))
            return entry is not None and hmac.compare_digest(entry[0], stamp) and entry[1] > self._clock()
