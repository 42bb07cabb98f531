"""Wrong passwords, counted: guessing is slowed down, and nobody is locked out for long."""

from __future__ import annotations

import threading
import time

from wendelin.core.errors import RateExceeded

ATTEMPTS = 10
WINDOW_SECONDS = 300
LARGEST = 10_000


class Attempts:
    """Wrong passwords per user and address, in this process, of the last five minutes."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], list[float]] = {}
        self._lock = threading.Lock()

    def check(self, user_id: str, address: str) -> None:
        """Raises `RateExceeded` when there were too many; ask before the password is looked at."""
        with self._lock:
            recent = self._recent((user_id, address))
        if len(recent) >= ATTEMPTS:
            wait = int(recent[-ATTEMPTS] + WINDOW_SECONDS - time.monotonic()) + 1
            raise RateExceeded(f"too many wrong passwords of {user_id!r} from here: wait {wait} seconds", wait)

    def failed(self, user_id: str, address: str) -> None:
        """Note a wrong password."""
        key = (user_id, address)
        with self._lock:
            if len(self._failures) >= LARGEST and key not in self._failures:
                del self._failures[next(iter(self._failures))]
            self._failures[key] = [*self._recent(key), time.monotonic()][-ATTEMPTS:]

    def _recent(self, key: tuple[str, str]) -> list[float]:
        since = time.monotonic() - WINDOW_SECONDS
        return [moment for moment in self._failures.get(key, ()) if moment > since]
