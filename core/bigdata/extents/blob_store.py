"""Where extents are kept: one interface, and its implementation in ZODB blobs.

An extent is an immutable file of whole pages (its last page may be short). A store writes one, gives a persistent
handle to keep in the extent map, and gives the path of a local file with the same bytes, to map or to read. Any other
engine (:mod:`wendelin.core.bigdata.extents.record_store`) differs in nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import tempfile
import uuid
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from ZODB.blob import SAVEPOINT_SUFFIX, Blob, BlobStorageMixin
from ZODB.interfaces import IBlobStorage

from wendelin.core.bigdata.extents.file_parts import FilePart, copy_part
from wendelin.core.bigdata.extents.page import PAGE
from wendelin.core.bigdata.memory.address_space import start_writeback
from wendelin.core.errors import BigDataError, StorageFull

Buffer = Any  # anything with the buffer protocol, or a FilePart
_IOV_MAX = 1024
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WRITE_BEHIND = 8 << 20
_WORTH_STARTING = 256 << 10


class IExtentStore(Protocol):
    """The contract of an extent store; ``tests/core/bigdata/extents/store_contract.py`` is its test suite."""

    def write(self, jar: Any, buffers: Iterable[Buffer], skip: int = 0) -> Any:
        """Keep the bytes of ``buffers``, after ``skip`` bytes of zeros, as a new extent; give its persistent handle.

        Durable when the transaction commits, gone when it aborts. Raises :class:`StorageFull`.
        """

    def path(self, handle: Any) -> str:
        """A local file with the extent's bytes: never changed and never truncated while somebody maps it.

        Raises what the engine raises when the extent is gone (packed) or the engine is away.
        """

    def sync(self, handles: Iterable[Any]) -> None:
        """Make extents durable; called when the storage took them, before the transaction that names them commits."""


@contextlib.contextmanager
def full_disk_raises() -> Iterator[None]:
    """ENOSPC, EDQUOT and EFBIG become :class:`StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull(error.errno, f"no room for the data of a big file: {error.strerror}") from error
        raise


def write_all(descriptor: int, buffers: Iterable[Buffer]) -> int:
    """Write every buffer, in order, with as few calls as possible; gives the number of bytes.

    The kernel is asked to start writing behind us, so that the later fsync finds little left to do.
    """
    written = started = 0
    batch: list[memoryview] = []
    waiting = 0
    for buffer in buffers:
        if isinstance(buffer, FilePart):
            written += _write_batch(descriptor, batch) + copy_part(descriptor, buffer)
            batch, waiting = [], 0
            continue
        batch.append(memoryview(buffer).cast("B"))
        waiting += len(batch[-1])
        if len(batch) == _IOV_MAX or waiting >= _WRITE_BEHIND:
            written += _write_batch(descriptor, batch)
            batch, waiting = [], 0
        if written - started >= _WRITE_BEHIND:
            start_writeback(descriptor)
            started = written
    written += _write_batch(descriptor, batch)
    if written - started >= _WORTH_STARTING:
        start_writeback(descriptor)
    return written


def _write_batch(descriptor: int, batch: list[memoryview]) -> int:
    total = 0
    while batch:
        done = os.writev(descriptor, batch)
        total += done
        while batch and done >= len(batch[0]):
            done -= len(batch.pop(0))
        if batch:
            batch[0] = batch[0][done:]
    return total


def sync_path(path: str) -> None:
    """fsync a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with full_disk_raises():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_file(folder: str) -> tuple[int, str]:
    """A new file that others can only read (mode 0444): a descriptor to write to it, and its path."""
    path = os.path.join(folder, f"extent-{uuid.uuid4().hex}")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), path


def new_file(folder: str, buffers: Iterable[Buffer], skip: int) -> str:
    """Write a new file of immutable bytes into ``folder``; nothing is left behind on failure."""
    descriptor, path = create_file(folder)
    try:
        with full_disk_raises():
            if skip:
                os.lseek(descriptor, skip, os.SEEK_SET)
            write_all(descriptor, buffers)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
    return path


def blob_folder(jar: Any) -> str:
    """Where the file of a new blob is written, to be renamed into place when it commits."""
    folder: str = jar.db().storage.temporaryDirectory() if jar is not None else tempfile.gettempdir()
    return folder


def adopt_blob(path: str) -> Blob:
    """A blob whose bytes are the file; the file is removed with it, unless a transaction took it over."""
    blob = Blob()
    blob._p_blob_uncommitted = path
    weakref.finalize(blob, remove_if_there, path).atexit = True
    return blob


def remove_if_there(path: str) -> None:
    """Unlink a temporary file that nobody took over."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


class BlobStore:
    """Extents as ZODB blobs.

    ZODB renames a blob's file into place without any fsync: :meth:`sync` fsyncs the file, its folder and the folders
    above.
    """

    def write(self, jar: Any, buffers: Iterable[Buffer], skip: int = 0) -> Blob:
        path = new_file(blob_folder(jar), buffers, skip)
        if jar is None:
            sync_path(path)  # it is not known which commit will be the one to make it durable
        return adopt_blob(path)

    def path(self, handle: Blob) -> str:
        handle._p_activate()
        path = handle._p_blob_uncommitted or handle._p_blob_committed
        if path is None:
            raise BigDataError("an extent's blob has no file")
        if handle._p_blob_uncommitted or path.endswith(SAVEPOINT_SUFFIX):
            return path
        return handle.committed()

    def sync(self, handles: Iterable[Blob]) -> None:
        paths: set[str] = set()
        for blob in handles:
            if blob._p_jar is None or blob._p_oid is None:
                continue  # never reached from the database: not stored
            helper = getattr(blob._p_jar.db().storage, "fshelper", None)
            if helper is None:
                continue  # an engine that keeps blobs in its own database
            folder = helper.getPathForOID(blob._p_oid)
            if os.path.isdir(folder):
                paths.update(os.path.join(folder, name) for name in os.listdir(folder))
                paths.update(_new_folders(folder, helper.base_dir.rstrip(os.sep)))
        sync_all(paths)


_known_folders: set[str] = set()  # folders whose entry in the folder above is durable


def _new_folders(folder: str, base: str) -> Iterator[str]:
    """The folder, and those above it whose entries may be new."""
    yield folder
    while folder not in _known_folders and len(folder) > len(base):
        _known_folders.add(folder)
        folder = os.path.dirname(folder)
        yield folder


def sync_all(paths: Iterable[str]) -> None:
    """fsync files and folders at the same time: the disk joins what it is asked for together."""
    todo = list(paths)
    if len(todo) == 1:
        sync_path(todo[0])
    elif todo:
        for _ in _pool().map(sync_path, todo):
            pass


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="wendelin-fsync")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


def store_for(jar: Any) -> IExtentStore:
    """The store that fits a connection's engine (a detached file keeps blobs in the temporary folder)."""
    if jar is None or IBlobStorage.providedBy(jar.db().storage):
        return BLOBS
    from wendelin.core.bigdata.extents.record_store import RECORDS

    return RECORDS


def keeps_local_files(jar: Any) -> bool:
    """Whether every extent is a file on this host already, so that mapping more than was asked for costs nothing."""
    storage = jar.db().storage if jar is not None else None
    return storage is None or isinstance(storage, BlobStorageMixin) or bool(getattr(storage, "shared_blob_dir", False))


def store_of(handle: Any) -> IExtentStore:
    """The store that wrote an extent."""
    if isinstance(handle, Blob):
        return BLOBS
    from wendelin.core.bigdata.extents.record_store import RECORDS

    return RECORDS


def pages_of(size: int) -> int:
    """Pages that ``size`` bytes fill."""
    return -(-size // PAGE)


BLOBS = BlobStore()
