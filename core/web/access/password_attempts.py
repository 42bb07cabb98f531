"""Wrong passwords, counted: guessing is slowed down, and nobody is locked out for long.

Different ones count: a program that was left with an old password sends the same one again and again, and must not
keep out the others that use the same account from behind the same address.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from itertools import islice

from wendelin.core.errors import RateExceeded

ATTEMPTS = 10
WINDOW_SECONDS = 300
LARGEST = 10_000

Guesses = dict[bytes, float]  # keyed hash of a password -> when it was tried last


class Attempts:
    """Wrong passwords per user and address, in this process, of the last five minutes."""

    def __init__(self) -> None:
        self._guesses: dict[tuple[str, str], Guesses] = {}
        self._right: dict[tuple[str, str], float] = {}
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()

    def check(self, user_id: str, address: str) -> None:
        """Raises `RateExceeded` when there were too many; ask before the password is looked at."""
        with self._lock:
            moments = sorted(self._recent((user_id, address)).values())
        if len(moments) >= ATTEMPTS:
            wait = int(moments[-ATTEMPTS] + WINDOW_SECONDS - time.monotonic()) + 1
            raise RateExceeded(f"too many wrong passwords of {user_id!r} from here: wait {wait} seconds", wait)

    def admits(self, user_id: str, address: str) -> bool:
        """Whether a password that is known may pass: there were few guesses, or who sends was right before.

        So whoever guesses learns nothing while he is kept out, not even of a user who is at work elsewhere.
        """
        key = (user_id, address)
        with self._lock:
            was_right = self._right.get(key, -WINDOW_SECONDS) > time.monotonic() - WINDOW_SECONDS
            return was_right or len(self._recent(key)) < ATTEMPTS

    def was_right(self, user_id: str, address: str) -> None:
        """Note that the right password came from there."""
        with self._lock:
            if len(self._right) >= LARGEST:
                self._right.clear()
            self._right[user_id, address] = time.monotonic()

    def failed(self, user_id: str, address: str, password: str) -> None:
        """Note a wrong password."""
        key = (user_id, address)
        guess = hashlib.blake2b(password.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        with self._lock:
            if len(self._guesses) >= LARGEST and key not in self._guesses:
                some = list(islice(self._guesses, 100))  # none that is kept out, if there is any other
                del self._guesses[next((other for other in some if len(self._recent(other)) < ATTEMPTS), some[0])]
            self._guesses[key] = self._recent(key) | {guess: time.monotonic()}

    def _recent(self, key: tuple[str, str]) -> Guesses:
        since = time.monotonic() - WINDOW_SECONDS
        return {guess: moment for guess, moment in self._guesses.get(key, {}).items() if moment > since}
