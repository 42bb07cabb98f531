"""Password hashes (argon2id), and a short memory of passwords that were just found to be right.

argon2 is slow on purpose: tens of milliseconds and 64 MiB each. A program that sends a thousand requests per second
with the same Basic credentials pays that once a minute, and no more than two threads hash at a time. Two more may wait
for that, so that strangers who try passwords leave threads for all others; who was right before may always wait.
Requests that come with the same password at the same moment share one check.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wendelin.core.errors import BadRequest, Busy

MAXIMUM_LENGTH: Final = 1024
REMEMBER_SECONDS: Final = 60.0
REMEMBER_COUNT: Final = 4096

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(2)
_places = threading.BoundedSemaphore(4)
_checks: dict[tuple[str | None, str], Future[bool]] = {}
_checks_lock = threading.Lock()


def hash_password(password: str) -> str:
    """The hash to keep. Raises BadRequest for an empty or endless password."""
    if not password or len(password) > MAXIMUM_LENGTH:
        raise BadRequest(f"a password has 1 to {MAXIMUM_LENGTH} characters")
    with _hashing:
        return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str, may_wait: bool = False) -> bool:
    """Whether the password is the one of the hash. None, for a user that is not there, takes as long and is False.

    Raises `Busy` when others are waiting already, unless it ``may_wait``.
    """
    if len(password) > MAXIMUM_LENGTH:
        return False
    if may_wait or (password_hash is not None and (password_hash, password) in _checks):
        return _verify(password_hash, password)
    if not _places.acquire(blocking=False):
        raise Busy("too many passwords are being checked at this moment: try again in some seconds", 3)
    try:
        return _verify(password_hash, password)
    finally:
        _places.release()


def _verify(password_hash: str | None, password: str) -> bool:
    """Checked by one thread for all that ask the same at this moment: a sender's many connections begin together."""
    key = (password_hash, password)
    with _checks_lock:
        check = _checks.get(key)
        is_first = check is None
        if check is None:
            check = _checks[key] = Future()
    if not is_first:
        return check.result()
    try:
        check.set_result(_check(password_hash, password))
    except BaseException as error:
        check.set_exception(error)
        raise
    finally:
        with _checks_lock:
            del _checks[key]
    return check.result()


def _check(password_hash: str | None, password: str) -> bool:
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
        return hmac.digest(self._key, f"{len(user_id)}:{user_id}{password}".encode("utf-8", "surrogatepass"), "sha256")

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

    def knew(self, user_id: str, password: str, stamp: str) -> bool:
        """Whether it was right at any time that is remembered; it has to be checked again, but may wait for that."""
        with self._lock:
            entry = self._entries.get(self._digest(user_id, password))
            return entry is not None and hmac.compare_digest(entry[0], stamp)
