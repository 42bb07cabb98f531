"""Group commit: the small chunks that wait at one moment are stored in one transaction, and answered when it is done.

A transaction costs some milliseconds, whatever it holds: two trips to the database server, and a disk that has to be
flushed. One thread with one connection stores for all requests of the process; while it commits, others gather.

Nothing is decided otherwise than for a request of its own: each chunk is stored with its sender's rights, through
``policy.take_in``; only chunks of one sender share a transaction, which is signed by that sender. A chunk that cannot
be stored is handed back, and the others are stored without it: who gets one back lets the ordinary way find out why.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transaction.interfaces import TransientError

from wendelin.core.database import Database, Retry, is_away, sign_transaction
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import ADD, User, as_user, require_permission
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.policies import policy_log
from wendelin.plugins.ingestion.policies.policy import STORED, IngestionPolicy

TOOL = "portal_ingestion_policies"
BATCH_SIZE = 16 << 20
BATCH_LENGTH = 64
CONFLICTS = Retry(attempts=8, first_pause=0.004, longest_pause=0.25)
IDLE_SECONDS = 5.0
GATHER_SECONDS = 0.004
LARGE_SIZE = 256 << 10  # from this size on a chunk does not wait for others: they are received while it is stored

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Chunk:
    """A chunk that waits: who sends it (the Authorization header), where to, and what became of it."""

    authorization: str
    site_id: str
    policy_id: str
    reference: str
    body: Body
    chunk_id: str | None = None
    user_id: str = ""
    is_stored: bool = False
    is_known: bool = True  # whether the password was right a moment ago
    done: threading.Event = field(default_factory=threading.Event)


class CannotStore(Exception):
    """One chunk of a transaction cannot be stored in it."""

    def __init__(self, chunk: Chunk) -> None:
        super().__init__(chunk.reference)
        self.chunk = chunk


FindUser = Callable[[Any, str], User | None]


class Committer:
    """Stores the chunks of one process in one database. The thread ends when there is nothing to do for a while."""

    def __init__(self, database: Database, find_user: FindUser) -> None:
        self.zodb = database.zodb
        self._find_user = find_user
        self._waiting: deque[Chunk] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._expected = 0  # how many chunks waited the last time

    def store(self, chunk: Chunk) -> bool:
        """True when the chunk is committed, now or by an earlier request; False when it could not be stored here."""
        chunk.is_known = True
        chunk.done.clear()
        with self._changed:
            self._waiting.append(chunk)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ingestion-committer", daemon=True)
                self._thread.start()
            self._changed.notify()
        chunk.done.wait()
        return chunk.is_stored

    def _run(self) -> None:
        connection = None
        while batch := self._take():
            try:
                if connection is None:
                    connection = Database(self.zodb).open()
                self._store_batch(connection, batch)
            except Exception:
                logger.warning("%d chunks could not be stored together", len(batch), exc_info=True)
                _close(connection)
                connection = None
            finally:
                for chunk in batch:
                    chunk.done.set()
        _close(connection)

    def _take(self) -> list[Chunk]:
        """The chunks that wait, of the sender who waits longest; none when nothing came for a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting, IDLE_SECONDS):
                self._thread = None
                return []
            # Who was answered a moment ago is about to send again: together they cost one transaction, not two.
            if self._waiting[0].body.size < LARGE_SIZE:
                self._changed.wait_for(lambda: len(self._waiting) >= self._expected, GATHER_SECONDS)
            batch: list[Chunk] = []
            kept: deque[Chunk] = deque()
            size = 0
            for chunk in self._waiting:
                fits = not batch or (len(batch) < BATCH_LENGTH and size + chunk.body.size <= BATCH_SIZE)
                if fits and (not batch or chunk.authorization == batch[0].authorization):
                    batch.append(chunk)
                    size += chunk.body.size
                else:
                    kept.append(chunk)
            self._waiting = kept
            self._expected = len(batch) + len(kept)
            return batch

    def _store_batch(self, connection: Any, batch: list[Chunk]) -> None:
        """Store what can be stored; again after a conflict, and again without a chunk that cannot be stored."""
        todo = list(batch)

        def store() -> None:
            while todo:
                try:
                    self._commit(connection, todo)
                    return
                except CannotStore as error:
                    todo.remove(error.chunk)

        CONFLICTS.call(store)

    def _commit(self, connection: Any, chunks: list[Chunk]) -> None:
        manager = connection.transaction_manager
        manager.begin()
        try:
            user = self._user(connection, chunks[0])
            notes: list[Callable[[], None]] = []
            with as_user(user):
                for chunk in chunks:
                    self._take_in(connection, chunk, notes)
            names = ", ".join(sorted({chunk.reference for chunk in chunks}))
            sign_transaction(manager.get(), user.id, f"ingest {len(chunks)} chunks: {names}"[:200])
            manager.commit()
        except BaseException:
            manager.abort()
            raise
        for chunk in chunks:
            chunk.user_id, chunk.is_stored = user.id, True
        for note in notes:
            note()

    def _user(self, connection: Any, chunk: Chunk) -> User:
        user = self._find_user(get_site(connection).get_child("acl_users"), chunk.authorization)
        if user is None:
            chunk.is_known = False
            raise CannotStore(chunk)
        return user

    def _take_in(self, connection: Any, chunk: Chunk, notes: list[Callable[[], None]]) -> None:
        try:
            policy = _find_policy(connection, chunk)
            outcome = policy.take_in(chunk.reference, chunk.body, chunk.chunk_id)
        except TransientError:
            raise
        except Exception as error:
            if is_away(error):
                raise
            raise CannotStore(chunk) from error
        if outcome is not STORED:
            notes.append(policy_log.note_later(policy, policy_log.REPEATED, chunk.reference, outcome))


def _find_policy(connection: Any, chunk: Chunk) -> IngestionPolicy:
    site = get_site(connection)
    tool = site.get_child(TOOL)
    policy = tool.get_child(chunk.policy_id) if tool is not None and site.getId() == chunk.site_id else None
    if not isinstance(policy, IngestionPolicy):
        raise CannotStore(chunk)
    require_permission(ADD, policy)
    return policy


def _close(connection: Any) -> None:
    """Close a connection, whatever state it is in."""
    if connection is None or connection.opened is None:  # the database may have been closed with all its connections
        return
    try:
        connection.transaction_manager.begin()
        connection.transaction_manager.abort()
        connection.close()
    except Exception:
        logger.warning("a connection could not be closed", exc_info=True)
