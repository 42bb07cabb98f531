"""Object ids (oids) that are given out once, also when the database server starts again.

A ZEO client fetches ids by the hundred and gives them to new objects one by one. The server remembers only ids of
objects that were stored: after a restart it counts on from the largest of those, and gives out again what some client
still holds, or has given to objects of a transaction that is open. So two rules are kept here:

1. An id is given out only over the connection to the server that it was fetched over (`FetchedIds`).
2. A transaction that gave ids of an earlier connection to its objects is not committed, and gives no further ones: it
   ends with a ``ConflictError``, after which every caller tries again (`ObjectConnection`).

That is enough, whichever processes ask: all ids that are stored in a server were fetched from it while it ran. It gives
none twice while it runs, and what was stored before it started is below its counter.

A pack forgets objects that nothing reaches, and with them how far the ids had come: a connection may still know such an
object, and skips its id.

RelStorage takes its ids from a sequence of the SQL database, in a transaction that is committed before one of them is
used; NEO's masters store theirs. There is nothing to drop.
"""

from __future__ import annotations

import threading
from typing import Any

import ZODB
from ZEO.ClientStorage import ClientStorage
from ZODB.Connection import Connection
from ZODB.interfaces import IStorage
from ZODB.POSException import ConflictError, ReadOnlyError

from wendelin.core.errors import DatabaseUnavailable


class FetchedIds:
    """The ids that were fetched over the present connection to a ZEO server, in their order; for all threads."""

    def __init__(self, storage: ClientStorage) -> None:
        self._storage = storage
        self._ids: list[bytes] = []
        self._generation = -1
        self._lock = threading.Lock()

    @property
    def generation(self) -> int:
        """Which connection there is now: the storage counts at each loss of one and before each new one is used."""
        number: int = self._storage._connection_generation
        return number

    def take(self) -> tuple[bytes, int]:
        """The next id, and over which connection it was fetched.

        :raises ReadOnlyError: the storage was opened, or the server answers, for reading only.
        :raises ClientDisconnected: the server is away.
        """
        if self._storage._is_read_only:  # its isReadOnly() is also true while the server is away
            raise ReadOnlyError()
        while True:
            with self._lock:
                if self._ids and self._generation == self.generation:
                    return self._ids.pop(), self._generation
            generation = self.generation
            fetched = self._storage._call("new_oids")  # without the lock: it may wait for the server
            with self._lock:
                if generation == self.generation:
                    kept = self._ids if self._generation == generation else []
                    self._ids, self._generation = [*fetched[::-1], *kept], generation

    def new_oid(self) -> bytes:
        """The next id; raises what `take` raises."""
        return self.take()[0]


def fetched_ids(storage: IStorage) -> FetchedIds | None:
    """The ids of a ZEO client, from where it takes them from now on, also when it is wrapped; None for other storages.

    To be called before a ``ZODB.DB`` is made of the storage, which takes the method over.
    """
    wrappers = []
    while storage is not None and not isinstance(storage, ClientStorage):
        wrappers.append(storage)
        storage = getattr(storage, "base", None)
    if storage is None or any("new_oid" in dir(type(wrapper)) for wrapper in wrappers):
        return None  # such as a DemoStorage, whose new objects never come to the server
    ids = FetchedIds(storage)
    for each in (storage, *wrappers):  # wrappers such as zlibstorage's keep the methods of their base
        each.new_oid = ids.new_oid
    return ids


class ObjectConnection(Connection):  # type: ignore[misc]  # ZODB has no types
    """A connection that gives each new object an id of its own, and stores none whose id may be another's too."""

    _generation: int | None = None  # of the ids given in this transaction; None while there are none, or no ZEO

    def new_oid(self) -> bytes:
        """The next id of the storage that is free as far as this connection knows.

        :raises ConflictError: the database server was lost since this transaction gave its first id.
        """
        oid = self._take_oid()
        while self._cache.get(oid) is not None or oid in self._added:
            oid = self._take_oid()
        return oid

    def _take_oid(self) -> bytes:
        ids = self._db.fetched_ids
        if ids is None or self.before is not None:  # of an earlier moment: for reading only
            oid: bytes = super().new_oid()
            return oid
        oid, generation = ids.take()
        if self._generation is None:
            self._generation = generation
        self._check_generation(generation)
        return oid

    def _check_generation(self, present: int) -> None:
        if self._generation is not None and self._generation != present:
            raise ConflictError("the database server was lost since this transaction made its first new objects")

    def newTransaction(self, transaction: Any, sync: bool = True) -> None:  # ZODB's name
        """A transaction begins: it has given no ids."""
        self._generation = None
        super().newTransaction(transaction, sync)

    def tpc_begin(self, transaction: Any) -> None:
        """A commit begins; from here on it is ZEO that notices a lost connection."""
        super().tpc_begin(transaction)
        if self._db.fetched_ids is not None:
            self._check_generation(self._db.fetched_ids.generation)

    def tpc_finish(self, transaction: Any) -> None:
        """The commit is made final; nobody tries by itself again what failed here, because it may be stored.

        :raises DatabaseUnavailable: the connection was lost meanwhile.
        """
        try:
            super().tpc_finish(transaction)
        except Exception as error:
            raise DatabaseUnavailable(
                "the database was lost while it stored this: look whether it did, before you try again"
            ) from error


class ObjectDB(ZODB.DB):  # type: ignore[misc]  # ZODB has no types
    """ZODB's database, with connections of our own."""

    klass = ObjectConnection

    def __init__(self, storage: Any, *arguments: Any, **options: Any) -> None:
        self.fetched_ids = fetched_ids(storage)
        super().__init__(storage, *arguments, **options)
