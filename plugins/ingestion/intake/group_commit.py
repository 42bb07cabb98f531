"""Group commit: the small chunks that wait at one moment are stored in one transaction, and answered when it is done.

A transaction costs some milliseconds, whatever it holds: two trips to the database server, and a disk that has to be
flushed. One thread with one connection stores for all requests of the process; while it commits, others gather.

Each chunk is treated as if it were stored alone: it is taken in with its sender's rights, through
`reception.take_in`. Only chunks of one sender share a transaction, which is signed by that sender. A chunk that cannot
be stored is handed back, and the others are stored without it: the entrance sends it the ordinary way, which finds out
why.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ZODB.Connection import Connection

from wendelin.core.database import Database, Retry, is_passing, sign_transaction
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site, get_site
from wendelin.core.security import User, as_user
from wendelin.plugins.ingestion.intake.reception import Chunk, take_in

BATCH_SIZE = 16 << 20  # bytes of one transaction; a single larger chunk has one to itself
BATCH_LENGTH = 64  # chunks of one transaction
CONFLICTS = Retry(attempts=8, first_pause=0.004, longest_pause=0.25)
IDLE_SECONDS = 5.0  # the thread ends after that time without a chunk
GATHER_SECONDS = 0.004
LARGE_SIZE = 256 << 10  # from this size on a chunk does not wait for others: they are received while it is stored

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class WaitingChunk:
    """A chunk that waits to be stored: who sends it (the Authorization header), to which site, what became of it."""

    chunk: Chunk
    authorization: str
    site_id: str
    user_id: str = ""
    is_stored: bool = False
    is_known: bool = True  # whether the password was right a moment ago
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return self.chunk.body.size


class CannotStore(Exception):
    """One chunk of a transaction cannot be stored in it."""

    def __init__(self, waiting: WaitingChunk) -> None:
        super().__init__(waiting.chunk.reference)
        self.waiting = waiting


FindUser = Callable[[Document | None, str], User | None]


class GroupCommit:
    """Stores the chunks of one process in one database. The thread ends when there is nothing to do for a while.

    ``find_user(user folder, Authorization header)`` gives the sender, or None for one who was not right a moment ago.
    """

    def __init__(self, database: Database, find_user: FindUser) -> None:
        self.zodb = database.zodb
        self._find_user = find_user
        self._waiting: deque[WaitingChunk] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._expected = 0  # how many chunks waited the last time

    def store(self, waiting: WaitingChunk) -> bool:
        """True when the chunk is committed, now or by an earlier request; False when it could not be stored here."""
        waiting.is_known = True
        waiting.done.clear()
        with self._changed:
            self._waiting.append(waiting)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ingestion-group-commit", daemon=True)
                self._thread.start()
            self._changed.notify()
        waiting.done.wait()
        return waiting.is_stored

    def _run(self) -> None:
        connection = None
        while batch := self._take():
            try:
                if connection is None:
                    connection = Database(self.zodb).open()
                self._store_batch(connection, batch)
            except Exception as error:
                reason = None if is_passing(error) else error  # what passes is no defect: without its traceback
                logger.warning("%d chunks could not be stored together: %s", len(batch), error, exc_info=reason)
                _close(connection)
                connection = None
            finally:
                for waiting in batch:
                    waiting.done.set()
        _close(connection)

    def _take(self) -> list[WaitingChunk]:
        """The chunks that wait, of the sender who waits longest; none when nothing came for a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting, IDLE_SECONDS):
                self._thread = None
                return []
            # Who was answered a moment ago is about to send again: together they cost one transaction, not two.
            if self._waiting[0].size < LARGE_SIZE:
                self._changed.wait_for(lambda: len(self._waiting) >= self._expected, GATHER_SECONDS)
            batch: list[WaitingChunk] = []
            kept: deque[WaitingChunk] = deque()
            size = 0
            for waiting in self._waiting:
                fits = not batch or (len(batch) < BATCH_LENGTH and size + waiting.size <= BATCH_SIZE)
                if fits and (not batch or waiting.authorization == batch[0].authorization):
                    batch.append(waiting)
                    size += waiting.size
                else:
                    kept.append(waiting)
            self._waiting = kept
            self._expected = len(batch) + len(kept)
            return batch

    def _store_batch(self, connection: Connection, batch: list[WaitingChunk]) -> None:
        """Store what can be stored; again after a conflict, and again without a chunk that cannot be stored."""
        todo = list(batch)

        def store() -> None:
            while todo:
                try:
                    self._commit(connection, todo)
                    return
                except CannotStore as error:
                    todo.remove(error.waiting)

        CONFLICTS.call(store)

    def _commit(self, connection: Connection, batch: list[WaitingChunk]) -> None:
        manager = connection.transaction_manager
        try:
            manager.begin()
            site = get_site(connection)
            user = self._user(site, batch[0])
            with as_user(user):
                for waiting in batch:
                    _take_in(site, waiting)
            names = ", ".join(sorted({waiting.chunk.reference for waiting in batch}))
            sign_transaction(manager.get(), user.id, f"ingest {len(batch)} chunks: {names}"[:200])
            manager.commit()
        except BaseException:
            manager.abort()
            raise
        for waiting in batch:
            waiting.user_id, waiting.is_stored = user.id, True

    def _user(self, site: Site, waiting: WaitingChunk) -> User:
        user = self._find_user(site.get_child("acl_users"), waiting.authorization)
        if user is None:
            waiting.is_known = False
            raise CannotStore(waiting)
        return user


def _take_in(site: Site, waiting: WaitingChunk) -> None:
    """`reception.take_in`; raises `CannotStore` for what concerns this chunk alone, other errors for all."""
    if site.getId() != waiting.site_id:
        raise CannotStore(waiting)
    try:
        take_in(site, waiting.chunk, note_refusal=False)
    except Exception as error:
        if is_passing(error):
            raise
        raise CannotStore(waiting) from error


def _close(connection: Connection | None) -> None:
    """Close a connection, whatever state it is in."""
    if connection is None or connection.opened is None:  # the database may have been closed with all its connections
        return
    try:
        Database.release(connection)
    except Exception:
        logger.warning("a connection could not be closed", exc_info=True)
