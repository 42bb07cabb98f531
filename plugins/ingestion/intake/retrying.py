"""Storing what a client may not send again: waits while the database is away, tells one bad thing from the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Event
from typing import TypeVar

from transaction.interfaces import TransientError

from wendelin.core.database.retry import Retry
from wendelin.core.errors import DatabaseUnavailable, RateExceeded, StorageFull, WendelinError

# Worth to try again: others were faster, the engine is away, the disk is full, the policy's rate is used up.
TEMPORARY = (TransientError, DatabaseUnavailable, StorageFull, RateExceeded)
WAITING = Retry(None, 0.5, 15.0, random_share=0.5, errors=TEMPORARY, waits_for_engine=True)
log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Stopping(Exception):
    """The receiver was told to stop while the database was away: what waits was not stored."""


class Patience:
    """Runs functions that store; called by threads. ``stopping`` ends the waiting."""

    def __init__(self) -> None:
        self.stopping = Event()

    def store_all(self, items: Sequence[Item], store: Callable[[Sequence[Item]], object]) -> list[Item]:
        """``store(items)``, in one transaction; the items that were refused are returned, and logged.

        When all together are refused, the halves are tried, so that one bad item costs few attempts and no other item.
        While the database is away, it waits: there may be no other copy. Raises `Stopping`.
        """
        try:
            self._store_patiently(items, store)
            return []
        except Stopping:
            raise
        except Exception as error:
            if len(items) == 1:
                log_refusal(items[0], error)
                return [items[0]]
        middle = len(items) // 2
        return self.store_all(items[:middle], store) + self.store_all(items[middle:], store)

    def _store_patiently(self, items: Sequence[Item], store: Callable[[Sequence[Item]], object]) -> None:
        def tell(attempt: int, error: Exception) -> None:
            log.warning("waiting to store %d messages: %s", len(items), error)

        try:
            WAITING.call(lambda: store(items), self.stopping, tell)
        except TEMPORARY as error:
            raise Stopping from error


def log_refusal(item: object, error: Exception) -> None:
    """A line for what people did wrong; the traceback for a script of the site that fails."""
    if isinstance(error, WendelinError):
        log.warning("refused %s: %s", item, error)
    else:
        log.error("refused %s: %s", item, error, exc_info=error)
