"""Document numbers (uids): unique in a site, spread so that concurrent writers seldom meet.

Indexes are trees ordered by uid. Were uids handed out one after the other, all writers would write into the last
bucket of each tree, and conflict. So every process starts at a random place and counts on from there: its documents
share buckets with one another (small commits) and not with those of other processes.
"""

from __future__ import annotations

import os
import random
import threading

#: Uids stay below 2**52, so that JavaScript, whose numbers are exact up to 2**53, can carry them.
UID_LIMIT = 1 << 52
#: After so many uids a process moves to another random place.
RUN_LENGTH = 1 << 20


class UidRun:
    """A run of consecutive numbers from a random start; safe for threads, and started anew in a forked child."""

    def __init__(self, limit: int = UID_LIMIT, length: int = RUN_LENGTH) -> None:
        self._limit = limit
        self._length = length
        self._lock = threading.Lock()
        self._left = 0
        self._next = 0

    def restart(self) -> None:
        """Forget the run: the next number comes from a new random place (and a lock no other thread holds)."""
        self._lock = threading.Lock()
        self._left = 0

    def take(self) -> int:
        """The next number, from 1 up to the limit."""
        with self._lock:
            if not self._left:
                self._next = random.SystemRandom().randrange(1, self._limit - self._length)
                self._left = self._length
            self._left -= 1
            self._next += 1
            return self._next


_uids = UidRun()
os.register_at_fork(after_in_child=_uids.restart)


def new_uid() -> int:
    """A number for a new document: unique with near certainty (the catalog finds out if it is not)."""
    return _uids.take()
