"""Leases: how long a worker's claim holds, and how it is renewed while the worker is busy.

A claim that nobody renews ends by itself, so that another worker takes over what a killed one had begun.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from ZODB.Connection import Connection

from wendelin.core.database import Database, sign_bookkeeping

logger = logging.getLogger(__name__)

#: Seconds until a claim ends that is not renewed.
LEASE = 12.0


class LeaseKeeper:
    """Renews the claim of a batch that takes long, from a thread with a connection of its own."""

    def __init__(self, database: Database, stop: threading.Event) -> None:
        self._database = database
        self._stop = stop
        self._oid: bytes | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="lease", daemon=True).start()

    @contextmanager
    def holding(self, oid: bytes) -> Iterator[None]:
        """Renew this claim for as long as the block runs."""
        with self._lock:
            self._oid, self._since = oid, time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._oid = None

    def _watch(self) -> None:
        while not self._stop.wait(LEASE / 4):
            with self._lock:
                oid = self._oid if self._oid and time.monotonic() - self._since > LEASE / 4 else None
            if oid is not None:
                try:
                    self._database.run(partial(_renew, oid))
                except Exception as error:  # the claim ends, the message may be run twice, it commits once
                    logger.warning("cannot renew a claim: %s", error)


def _renew(oid: bytes, connection: Connection) -> None:
    sign_bookkeeping(connection.transaction_manager.get(), "a claim is renewed")
    connection.get(oid).until = lease_end()


def lease_end() -> datetime:
    """Until when a claim made now holds."""
    return datetime.now(UTC) + timedelta(seconds=LEASE)
