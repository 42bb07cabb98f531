"""The index queue: what has to be indexed before the next query and before the commit, per transaction.

A document that changes five times in a transaction is indexed once. The queue belongs to the transaction: an abort or
a retry forgets it with everything else, and a rollback to a savepoint brings back what was pending there, since
the index entries written later are rolled back too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol
from weakref import WeakSet

from transaction import Transaction

from wendelin.core.model.objects.document import Document

_disabled: ContextVar[bool] = ContextVar("wendelin_catalog_disabled", default=False)


@contextmanager
def disabled() -> Iterator[None]:
    """Within it nothing is queued: for bulk loads that reindex afterwards."""
    token = _disabled.set(True)
    try:
        yield
    finally:
        _disabled.reset(token)


class Indexer(Protocol):
    """What the queue needs of a catalog."""

    _p_jar: Any

    def index_pending(self, pending: Mapping[int, Document | None]) -> None:
        """Index documents by uid; None stands for one that was removed."""


class LiveResults(Protocol):
    """Results that somebody is iterating over."""

    def freeze(self) -> object:
        """Find everything now, and stay with it."""


class IndexQueue:
    """Pending documents of one transaction.

    It takes part in the transaction as a data manager, to hear of aborts and savepoints; it stores nothing itself.
    """

    def __init__(self, catalog: Indexer, transaction: Transaction) -> None:
        self.catalog = catalog
        #: uid -> document, or None for one that was removed
        self.pending: dict[int, Document | None] = {}
        #: results that are being iterated: made independent of the index before it changes
        self.live: WeakSet[LiveResults] = WeakSet()
        self._transaction = transaction
        #: counts the changes of the index, so that plans made before are made again
        self.flushes = 0
        self._joined = False
        self._hooked = False

    def put(self, uid: int, document: Document | None) -> None:
        """Have a document indexed, or (None) the uid forgotten."""
        if not self._joined:
            self._transaction.join(self)
            self._joined = True
        if not self._hooked:
            self._transaction.addBeforeCommitHook(self._before_commit)
            self._hooked = True
        self.pending[uid] = document

    def flush(self) -> None:
        """Index everything pending."""
        while self.pending:
            for results in list(self.live):
                results.freeze()
            self.live.clear()
            pending, self.pending = self.pending, {}
            self.flushes += 1
            try:
                self.catalog.index_pending(pending)
            except BaseException:
                self.pending = pending | self.pending  # a caller that survives the error has lost nothing
                raise

    def _before_commit(self) -> None:
        self._hooked = False
        self.flush()

    # transaction.interfaces.IDataManager and ISavepointDataManager

    def abort(self, transaction: Transaction) -> None:
        """Forget what is pending: the changes are gone."""
        self.pending = {}
        self.flushes += 1
        self._joined = False

    def savepoint(self) -> QueueSavepoint:
        """Remember what is pending now."""
        return QueueSavepoint(self)

    def tpc_begin(self, transaction: Transaction) -> None:
        """Nothing to do: the index was written before the commit began."""

    def commit(self, transaction: Transaction) -> None:
        """Refuse a change that was made too late to be indexed."""
        if self.pending:
            raise RuntimeError(f"changed while the transaction was being committed: {list(self.pending.values())!r}")

    def tpc_vote(self, transaction: Transaction) -> None:
        """Nothing to do: the storages vote on what was written."""

    def tpc_finish(self, transaction: Transaction) -> None:
        """Nothing to do: nothing is pending after `commit`."""

    tpc_abort = abort

    def sortKey(self) -> str:  # the interface's name
        """Sorts before the storages, so that a refusal costs nothing."""
        return "!wendelin: catalog"


class QueueSavepoint:
    """What was pending at a savepoint."""

    def __init__(self, queue: IndexQueue) -> None:
        self._queue = queue
        self._pending = dict(queue.pending)

    def rollback(self) -> None:
        """Make it pending again."""
        self._queue.flushes += 1
        self._queue.pending = dict(self._pending)


def queue_of(catalog: Indexer) -> IndexQueue | None:
    """The queue of a catalog in its connection's transaction; None when it is in no database yet."""
    if catalog._p_jar is None:
        return None
    transaction = catalog._p_jar.transaction_manager.get()
    queue: IndexQueue
    try:
        queue = transaction.data(catalog)
    except KeyError:
        queue = IndexQueue(catalog, transaction)
        transaction.set_data(catalog, queue)
    return queue


def enqueue(catalog: Indexer, uid: int, document: Document | None) -> None:
    """Have a document indexed before the next query or commit, or (None) the uid forgotten.

    In a catalog that is in no database yet, it happens at once: there is no transaction to wait for.
    """
    if _disabled.get():
        return
    queue = queue_of(catalog)
    if queue is None:
        catalog.index_pending({uid: document})
    else:
        queue.put(uid, document)


def renew(catalog: Indexer) -> None:
    """Say that the catalog has begun a new index, so that plans made for the old one are made again."""
    queue = queue_of(catalog)
    if queue is not None:
        queue.flushes += 1


def flush(catalog: Indexer) -> None:
    """Index what is pending."""
    queue = queue_of(catalog)
    if queue is not None:
        queue.flush()
