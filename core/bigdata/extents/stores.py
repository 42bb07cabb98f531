"""Where extents are kept: one interface, and which of its implementations a database has.

An extent is an immutable file of whole pages (its last page may be short). A store writes one, gives a persistent
handle to keep in the extent map, and gives the path of a local file with the same bytes, to map or to read. The stores
differ in nothing else: :mod:`~wendelin.core.bigdata.extents.blob_store`,
:mod:`~wendelin.core.bigdata.extents.record_store`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from persistent import Persistent
from ZODB.blob import Blob, BlobStorageMixin
from ZODB.Connection import Connection
from ZODB.interfaces import IBlobStorage

from wendelin.core.bigdata.extents.blob_store import BLOBS
from wendelin.core.bigdata.extents.extent_files import Piece
from wendelin.core.bigdata.extents.record_store import RECORDS

Handle = TypeVar("Handle", bound=Persistent)


class IExtentStore(Protocol[Handle]):
    """The contract of an extent store; ``tests/core/bigdata/extents/store_contract.py`` is its test suite."""

    def write(self, jar: Connection | None, pieces: Iterable[Piece], skip: int = 0) -> Handle:
        """Keep the bytes of ``pieces``, after ``skip`` bytes of zeros, as a new extent; give its persistent handle.

        Durable when the transaction commits, gone when it aborts. Raises :class:`StorageFull`.
        """

    def path(self, handle: Handle) -> str:
        """A local file with the extent's bytes: never changed and never truncated while somebody maps it.

        Raises what the engine raises when the extent is gone (packed) or the engine is away.
        """

    def sync(self, handles: Iterable[Handle]) -> None:
        """Make extents durable; called when the storage took them, before the transaction that names them commits."""


def store_for(jar: Connection | None) -> IExtentStore[Any]:
    """The store that fits a connection's engine (a detached file keeps blobs in the temporary folder)."""
    return BLOBS if jar is None or IBlobStorage.providedBy(jar.db().storage) else RECORDS


def store_of(handle: Persistent) -> IExtentStore[Any]:
    """The store that wrote an extent."""
    return BLOBS if isinstance(handle, Blob) else RECORDS


def keeps_local_files(jar: Connection | None) -> bool:
    """Whether every extent is a file on this host already, so that mapping more than was asked for costs nothing."""
    storage = jar.db().storage if jar is not None else None
    return storage is None or isinstance(storage, BlobStorageMixin) or bool(getattr(storage, "shared_blob_dir", False))
