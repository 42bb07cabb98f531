"""Object ids (oids) that are given out once, also when the database server starts again.

A ZEO client fetches ids by the hundred and gives them to new objects one by one. The server remembers only ids of
objects that were stored: after a restart it counts on from the largest of those, and gives out again what some client
still holds. Two things keep that from doing harm:

1. `drop_at_reconnect`: an id is given out only over the connection to the server that it was fetched over. A server
   gives no id twice while it runs, and what was stored before it started is below its counter. So of all ids that any
   process fetches from the server that runs now, no two are the same, and none is taken.
2. What is left are ids given to objects of a transaction that began before the restart and commits after it. The
   server refuses the second object under one id with a ``ConflictError``, which every caller takes for what it is:
   temporary. `ObjectConnection` skips an id under which it knows an object already, where ZODB would fail with a
   ``ValueError`` that looks like bad data.

RelStorage takes its ids from a sequence of the SQL database that is committed before one of them is used; NEO's
masters store theirs. There is nothing to drop.
"""

from __future__ import annotations

import threading

import ZODB
from ZEO.ClientStorage import ClientStorage
from ZODB.Connection import Connection
from ZODB.interfaces import IStorage
from ZODB.POSException import ReadOnlyError


class FetchedIds:
    """The ids that were fetched over the present connection to a ZEO server, in their order; for all threads."""

    def __init__(self, storage: ClientStorage) -> None:
        self._storage = storage
        self._ids: list[bytes] = []
        self._generation = -1
        self._lock = threading.Lock()

    def new_oid(self) -> bytes:
        """The next id.

        :raises ReadOnlyError: the storage was opened, or the server answers, for reading only.
        :raises ClientDisconnected: the server is away.
        """
        if self._storage._is_read_only:  # its isReadOnly() is also true while the server is away
            raise ReadOnlyError()
        with self._lock:
            if self._generation != self._storage._connection_generation:
                self._ids.clear()
            while not self._ids:
                # counted by the storage at each loss of the connection and at each new one
                generation = self._storage._connection_generation
                fetched = self._storage._call("new_oids")
                if generation == self._storage._connection_generation:
                    self._ids, self._generation = fetched[::-1], generation
            return self._ids.pop()


def drop_at_reconnect(storage: IStorage) -> None:
    """Make a ZEO client forget fetched ids when its connection is lost; other storages stay as they are.

    To be called before a ``ZODB.DB`` is made of the storage, which takes the method over.
    """
    if isinstance(storage, ClientStorage):
        storage.new_oid = FetchedIds(storage).new_oid


class ObjectConnection(Connection):  # type: ignore[misc]  # ZODB has no types
    """A connection that gives no new object an id under which it knows one already."""

    def new_oid(self) -> bytes:
        """The next id of the storage that is free as far as this connection knows."""
        oid: bytes = super().new_oid()
        while self._cache.get(oid) is not None or oid in self._added:
            oid = super().new_oid()
        return oid


class ObjectDB(ZODB.DB):  # type: ignore[misc]  # ZODB has no types
    """ZODB's database, with connections of our own."""

    klass = ObjectConnection
