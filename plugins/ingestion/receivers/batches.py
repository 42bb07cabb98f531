"""What the receivers do with what they were sent: batches are stored in one transaction, patiently.

The chunks go through `intake.reception` as those of HTTP do, with the rights of a user of the site. A client of the
receivers may never send again what it has sent, so they wait while the database is away, and tell one bad thing from
the rest of its batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

from transaction.interfaces import TransientError
from ZODB.Connection import Connection

from wendelin.core.database import Database, Retry, is_passing
from wendelin.core.errors import (
    DatabaseUnavailable,
    NotFound,
    RateExceeded,
    StorageFull,
    Unauthorized,
    WendelinError,
)
from wendelin.core.model.objects.site import Site, get_site
from wendelin.core.security import User, as_user
from wendelin.plugins.ingestion.intake.reception import Chunk, find_policy, take_in
from wendelin.plugins.ingestion.receivers.receipts import Places, present_batch

ATTEMPTS = 10  # of one transaction, when others are faster
# Worth to try again: others were faster, the engine is away, the disk is full, the policy's rate is used up. What else
# passes by itself becomes DatabaseUnavailable.
TEMPORARY = (TransientError, DatabaseUnavailable, StorageFull, RateExceeded)
WAITING = Retry(None, 0.5, 15.0, random_share=0.5, errors=TEMPORARY, waits_for_engine=True)
log = logging.getLogger(__name__)

Item = TypeVar("Item")


# -- one transaction


def run_as(database: Database, user_id: str, work: Callable[[Site], None], description: str) -> None:
    """``work(site)`` with the rights of a user, in a transaction that is tried again after a conflict.

    When it returns, what was done is committed; nothing is done when an earlier try of the same batch was committed
    although nobody was told. Raises `Unauthorized` when there is no such user, and what the engine raises
    (`is_passing`) when it is worth to try again later.
    """
    batch = present_batch.get()

    def run(connection: Connection) -> None:
        site = get_site(connection)
        if batch is not None and batch.is_stored(site):
            log.info("a batch was stored already, before the connection to the database was lost")
            return
        with as_user(_find_user(site, user_id)):
            work(site)
        if batch is not None:
            batch.sign(site)

    database.run(run, ATTEMPTS, user_id, description)


def store_chunks(database: Database, chunks: Sequence[Chunk], user_id: str) -> None:
    """Store all of the chunks, in their order and in one transaction, or none.

    Raises what `reception.take_in` and `run_as` raise.
    """

    def store(site: Site) -> None:
        for chunk in chunks:
            take_in(site, chunk)

    run_as(database, user_id, store, f"ingest {len(chunks)} chunks")


def check_sender(database: Database, policy_ids: Sequence[str], user_id: str) -> None:
    """Raises `Unauthorized` when there is no such user, or it may not send to one of the policies.

    A policy that does not exist is logged only: it may be made while the program runs, and each chunk is checked again.
    """
    with database.connect() as connection:
        site = get_site(connection)
        with as_user(_find_user(site, user_id)):
            for policy_id in policy_ids:
                try:
                    find_policy(site, policy_id)
                except NotFound as error:
                    log.warning("%s: what is sent to it is refused until there is one", error)


def _find_user(site: Site, user_id: str) -> User:
    found: User | None = site.acl_users.get_user(user_id)
    if found is None:
        raise Unauthorized(f"there is no user {user_id!r} in the site, with whose rights data could be stored")
    return found


# -- again and again, until each thing is stored or refused


class Stopping(Exception):
    """The receiver was told to stop while the database was away: what waits was not stored."""


@contextmanager
def told_as_temporary() -> Iterator[None]:
    """All that passes by itself leaves as one of `TEMPORARY`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, TEMPORARY) or not is_passing(error):
            raise
        raise DatabaseUnavailable(f"the database cannot store for now ({type(error).__name__}: {error})") from error


class BatchStorage:
    """Runs functions that store; called by threads. ``stopping`` ends the waiting.

    ``name`` tells one receiver of a machine from the others.
    """

    def __init__(self, name: str) -> None:
        self.stopping = Event()
        self._places = Places(name)

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

        def try_once() -> None:
            with told_as_temporary():
                store(items)

        try:
            with self._places.new_batch():
                WAITING.call(try_once, self.stopping, tell)
        except TEMPORARY as error:
            raise Stopping from error


def log_refusal(item: object, error: Exception) -> None:
    """A line for what people did wrong; the traceback for a script of the site that fails."""
    if isinstance(error, WendelinError):
        log.warning("refused %s: %s", item, error)
    else:
        log.error("refused %s: %s", item, error, exc_info=error)
