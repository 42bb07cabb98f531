"""The object database: connections, transactions and history, the same way for every engine.

    database = open_database("var/zodb.conf")
    with database.transaction(user="zope", description="Add a sensor") as connection:
        connection.root()["erp5"].sensor_module.newContent()
    database.run(count_up, attempts=5)      # function(connection), again after a conflict

A connection belongs to one thread at a time and has a transaction manager of its own, in explicit mode: using it
outside of a transaction is an error instead of a stale read.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import ZODB
from transaction import TransactionManager
from transaction.interfaces import ITransaction
from ZODB.Connection import Connection
from ZODB.DemoStorage import DemoStorage
from ZODB.TimeStamp import TimeStamp
from ZODB.utils import z64

from wendelin.core.database.engines import class_factory, open_engine, translated_errors
from wendelin.core.database.object_ids import ObjectDB
from wendelin.core.database.retry import Retry
from wendelin.core.errors import DatabaseError, DatabaseUnavailable

Result = TypeVar("Result")

#: What the description of a transaction begins with that the platform makes for itself: nobody would undo it.
BOOKKEEPING = "bookkeeping: "

# Where the id of the user stands in a transaction's extension: ZODB's own user field puts a folder path before it.
USER_KEY = "wendelin_user"


@dataclass(frozen=True)
class Revision:
    """One committed transaction, or one state of one object: ``undo_id`` is what `Database.undo` takes."""

    tid: bytes
    time: datetime
    user: str
    description: str
    size: int = 0
    undo_id: bytes = b""


def sign_transaction(txn: ITransaction, user: str | None = None, description: str | None = None) -> None:
    """Says who does a transaction and what it is, for `undo_log` and `history`."""
    if user:
        txn.setExtendedInfo(USER_KEY, user)
    if description:
        txn.note(description)


def sign_bookkeeping(txn: ITransaction, what: str) -> None:
    """Say that a transaction is the platform's own: ids that are reserved, activities that are claimed."""
    sign_transaction(txn, description=f"{BOOKKEEPING}{what}")


class Database:
    """A `ZODB.DB` with its class factory: opens connections, runs transactions, tells history."""

    def __init__(self, zodb: ZODB.DB) -> None:
        self.zodb = zodb

    @classmethod
    def memory(cls) -> Database:
        """An empty database in memory, blobs in a temporary folder that `close` removes; for tests and trials."""
        return cls(ObjectDB(DemoStorage(), class_factory=class_factory))

    def close(self) -> None:
        """Closes the storage; connections that are still open stop working."""
        for connection in list(self.zodb.pool):
            manager = connection.transaction_manager
            if connection.opened and manager.explicit and manager._txn is None:
                manager.begin()  # ZODB aborts them all, which an explicit manager without a transaction refuses
        self.zodb.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def open(self, manager: TransactionManager | None = None, at: datetime | bytes | None = None) -> Connection:
        """A connection with a transaction manager of its own, or with ``manager``; the caller closes it.

        ``at`` gives the read-only state of that moment (a datetime or a transaction id).
        No transaction is begun: ``connection.transaction_manager.begin()``.

        :raises DatabaseUnavailable: the engine is away, or the database was closed.
        """
        if getattr(self.zodb, "_mvcc_storage", None) is None:
            raise DatabaseUnavailable("the database was closed")
        manager = manager or TransactionManager(explicit=True)
        try:
            with translated_errors():
                return self.zodb.open(manager, at=at)
        except BaseException:
            self._discard_failed(manager)
            raise

    def _discard_failed(self, manager: TransactionManager) -> None:
        """ZODB leaves a connection whose opening failed in its pool, half open: take it out, free its storage."""
        pools = [self.zodb.pool, *self.zodb.historical_pool.pools.values()]
        for pool in pools:
            for connection in list(pool):
                if connection.opened and connection.transaction_manager is manager:
                    pool.all.remove(connection)
                    connection._storage.release()
        manager.clearSynchs()

    @contextmanager
    def connect(
        self, manager: TransactionManager | None = None, at: datetime | bytes | None = None
    ) -> Iterator[Connection]:
        """`open`, with a transaction begun; aborted and closed at the end of the block. Commits nothing by itself."""
        connection = self.open(manager, at)
        with translated_errors():
            try:
                connection.transaction_manager.begin()
                yield connection
            finally:
                # abort() is right after a commit by the caller as well: there is then nothing left to undo
                self.release(connection)

    @staticmethod
    def release(connection: Connection) -> None:
        """Give a connection back, whatever became of its transaction: what is still open of it is undone.

        A commit that fails before the engine hears of it, such as in a hook, leaves it open.
        """
        manager = connection.transaction_manager
        try:
            if not manager.explicit or manager._txn is not None:
                manager.abort()
        finally:
            connection.close()

    @contextmanager
    def transaction(self, user: str | None = None, description: str | None = None) -> Iterator[Connection]:
        """A connection for one transaction: committed when the block ends, aborted when an exception leaves it.

        :raises ConflictError: somebody else changed the same; `run` tries again by itself.
        :raises DatabaseUnavailable: the engine is away.
        :raises StorageFull: the disk is full; nothing of the transaction was kept, and the next one may succeed.
        """
        with self.connect() as connection:
            manager = connection.transaction_manager
            yield connection
            sign_transaction(manager.get(), user, description)
            manager.commit()

    def run(
        self,
        function: Callable[[Connection], Result],
        attempts: int = 5,
        user: str | None = None,
        description: str | None = None,
    ) -> Result:
        """``function(connection)`` in a transaction, again after a conflict, at most ``attempts`` times.

        The function may run several times, so it must touch nothing but the database. An engine that is away is not
        waited for a second time: `DatabaseUnavailable` leaves at once.
        """

        def try_once() -> Result:
            with self.transaction(user, description) as connection:
                return function(connection)

        return Retry(attempts).call(try_once)

    @property
    def supports_undo(self) -> bool:
        """False for history-free engines: they have neither undo nor a state ``at`` a moment."""
        return bool(self.zodb.supportsUndo())

    def undo_log(self, first: int = 0, last: int = 20) -> list[Revision]:
        """The transactions that can be undone, the newest first; empty where the engine has no undo."""
        with translated_errors():
            return [_revision(entry) for entry in self.zodb.undoInfo(first, last)]

    def undo(self, undo_id: bytes, manager: TransactionManager) -> None:
        """Undoes a transaction as part of the one that ``manager`` holds; conflicts show when that is committed."""
        if not self.supports_undo:
            raise DatabaseError("this database keeps no history, so nothing can be undone")
        self.zodb.undo(undo_id, manager.get())

    def history(self, oid: bytes, size: int = 20) -> list[Revision]:
        """The states of one object, the newest first; one at least, more where the engine keeps history."""
        with translated_errors():
            return [_revision(entry) for entry in self.zodb.storage.history(oid, size=size)]

    def pack(self, days: float = 0) -> None:
        """Drops history older than ``days`` and objects that nothing reaches any more."""
        with translated_errors():
            self.zodb.pack(days=days)

    @property
    def last_transaction(self) -> bytes:
        """The id of the last transaction that this process knows of."""
        last: bytes = self.zodb.lastTransaction() or z64
        return last

    def get_size(self) -> int:
        """Bytes on disk, as the engine tells (without blobs)."""
        with translated_errors():
            return int(self.zodb.getSize())


def _revision(entry: dict[str, Any]) -> Revision:
    """An entry of ZODB's undo log or history; engines differ in what they leave out."""
    tid = entry.get("tid") or entry.get("serial") or _tid_of_undo_id(entry.get("id", b"")) or z64
    extension = entry.get("extension") or entry
    user = extension.get(USER_KEY) or entry.get(USER_KEY) or _text(entry.get("user_name", "")).strip("/ ")
    moment = datetime.fromtimestamp(TimeStamp(tid).timeTime() if tid != z64 else entry["time"], UTC)
    return Revision(
        tid, moment, _text(user), _text(entry.get("description", "")), entry.get("size", 0), entry.get("id", b"")
    )


def _tid_of_undo_id(undo_id: bytes) -> bytes:
    """FileStorage and RelStorage name a transaction to undo by its id in base64, and give no other."""
    try:
        tid = b64decode(undo_id, validate=True)
    except ValueError:
        return b""
    return tid if len(tid) == len(z64) else b""


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def open_database(config_path: str | Path, name: str = "main") -> Database:
    """The database of a ZConfig file, of whatever engine; it raises what `wendelin.core.database.engines.open_engine`
    raises.
    """
    return Database(open_engine(config_path, name))
