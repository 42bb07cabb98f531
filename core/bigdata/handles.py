"""Handles: an array sent to another process as (database URI, oid, tid), opened there as a snapshot of that moment.

``pickle.dumps(array)`` gives a handle; dask's processes and other workers thus receive a few bytes, not data. Two
URIs are known: ``file:///path/Data.fs?blob_dir=...`` (opened read-only) and
``zeo://host:port?storage=1&blob_dir=...&shared=1``, or ``zeo:///path/to/socket?...``;
:func:`register_opener` adds more.
"""

from __future__ import annotations

import copyreg
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import transaction
import ZODB
from ZODB.Connection import Connection
from ZODB.FileStorage import FileStorage
from ZODB.utils import p64, u64

from wendelin.core.bigdata.extents.stores import keeps_local_files
from wendelin.core.bigdata.memory.snapshot import ArraySnapshot, Origin
from wendelin.core.bigdata.tail.appending import is_changed, is_unsaved
from wendelin.core.errors import BigDataError, DatabaseConfigurationError

if TYPE_CHECKING:
    from wendelin.core.bigdata.bigarray import BigArray

Opener = Callable[[str], ZODB.DB]
_databases: dict[tuple[int, str], ZODB.DB] = {}
_lock = threading.Lock()


def database_uri(db: ZODB.DB) -> str:
    """Where another process finds a database; an attribute ``uri`` of the database has the last word."""
    if isinstance(given := getattr(db, "uri", None), str):
        return given
    storage = db.storage
    if isinstance(storage, FileStorage):
        return (
            f"file://{quote(os.path.abspath(storage.getName()))}?{urlencode({'blob_dir': storage.fshelper.base_dir})}"
        )
    if type(storage).__name__ == "ClientStorage":
        address = storage._addr[0] if isinstance(storage._addr, list) else storage._addr
        options = {"storage": storage._storage, "blob_dir": storage.blob_dir, "shared": int(storage.shared_blob_dir)}
        if isinstance(address, str):  # a unix socket
            return f"zeo://{quote(os.path.abspath(address))}?{urlencode(options)}"
        host, port = address
        return f"zeo://{f'[{host}]' if ':' in host else host}:{port}?{urlencode(options)}"
    raise DatabaseConfigurationError(f"no other process can open {storage!r}: give the database an attribute 'uri'")


def _open_file(uri: str) -> ZODB.DB:
    parts = urlsplit(uri)
    return ZODB.DB(FileStorage(unquote(parts.path), read_only=True, blob_dir=parse_qs(parts.query)["blob_dir"][0]))


def _open_zeo(uri: str) -> ZODB.DB:
    from ZEO.ClientStorage import ClientStorage  # most processes that use arrays never need it

    parts = urlsplit(uri)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return ZODB.DB(
        ClientStorage(
            unquote(parts.path) if parts.hostname is None else (parts.hostname, parts.port),
            storage=options["storage"],
            blob_dir=options["blob_dir"],
            shared_blob_dir=options["shared"] == "1",
            read_only=True,
            wait_timeout=30,
        )
    )


_openers: dict[str, Opener] = {"file": _open_file, "zeo": _open_zeo}


def register_opener(scheme: str, opener: Opener) -> None:
    """Say how databases whose URI begins with ``scheme`` are opened."""
    _openers[scheme] = opener


def _database(uri: str, tid: bytes) -> ZODB.DB:
    """The process's own database of a URI, new enough to know a transaction."""
    key = os.getpid(), uri  # a connection inherited through a fork cannot be used
    with _lock:
        db = _databases.get(key)
        if db is not None and db.lastTransaction() < tid:
            if urlsplit(uri).scheme == "file":  # a file opened read-only does not follow its writer
                db.close()
                db = None
            else:
                db.storage.sync()
        if db is None:
            db = _databases[key] = _openers[urlsplit(uri).scheme](uri)
        return db


def origin_of(array: BigArray) -> Origin | None:
    """Where others find an array as its transaction sees it; None where that is not committed."""
    jar, file = array._p_jar, array.file
    if jar is None or is_unsaved(array) or is_changed(array) or file.is_changed or file.has_writes:
        return None
    file.tail._p_activate()
    return Origin(jar.db(), array._p_oid, max(array._p_serial, file._p_serial, file.tail._p_serial))


def handle_of(array: BigArray) -> tuple[str, bytes, bytes]:
    """(database URI, oid, tid) of an array as its transaction sees it; it must have no uncommitted changes."""
    origin = origin_of(array)
    if origin is None:
        raise BigDataError("an array is sent to another process by its place in the database: commit it first")
    return database_uri(origin.database), origin.oid, origin.tid


def reduce_snapshot(
    snapshot: ArraySnapshot,
) -> tuple[Callable[[str, bytes, bytes], ArraySnapshot], tuple[str, bytes, bytes]]:
    """How a snapshot is pickled: as the handle of the revision that it shows."""
    if snapshot.origin is None:
        raise BigDataError("a snapshot of what is not committed cannot be sent to another process")
    return open_handle, (database_uri(snapshot.origin.database), snapshot.origin.oid, snapshot.origin.tid)


def open_handle(uri: str, oid: bytes, tid: bytes) -> ArraySnapshot:
    """The array of a handle, read-only, as of its transaction."""
    db = _database(uri, tid)
    manager = transaction.TransactionManager()
    connection = db.open(manager, before=p64(u64(tid) + 1))
    try:
        snapshot: ArraySnapshot = connection.get(oid).snapshot()
    except BaseException:
        _give_back(manager, connection)
        raise
    if keeps_local_files(connection):
        _give_back(manager, connection)
    else:  # parts are fetched when they are looked at
        weakref.finalize(snapshot, _give_back, manager, connection).atexit = False
    return snapshot


def _give_back(manager: transaction.TransactionManager, connection: Connection) -> None:
    manager.abort()
    connection.close()


copyreg.pickle(ArraySnapshot, reduce_snapshot)
