"""Extents as ZODB blobs: the store of engines that keep blobs."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator

from ZODB.blob import SAVEPOINT_SUFFIX, Blob
from ZODB.Connection import Connection

from wendelin.core.bigdata.extents.extent_files import Piece, new_file, remove_if_there, sync_all, sync_path
from wendelin.core.errors import BigDataError


def blob_folder(jar: Connection | None) -> str:
    """Where the file of a new blob is written, to be renamed into place when it commits."""
    folder: str = jar.db().storage.temporaryDirectory() if jar is not None else tempfile.gettempdir()
    return folder


def adopt_blob(path: str) -> Blob:
    """A blob whose bytes are the file; the file is removed with it, unless a transaction took it over."""
    blob = Blob()
    blob._p_blob_uncommitted = path
    weakref.finalize(blob, remove_if_there, path).atexit = True
    return blob


class BlobStore:
    """Extents as ZODB blobs.

    ZODB renames a blob's file into place without any fsync: :meth:`sync` fsyncs the file, its folder and the folders
    above.
    """

    def write(self, jar: Connection | None, pieces: Iterable[Piece], skip: int = 0) -> Blob:
        """A new blob; of a file that has no database yet the bytes are made durable at once."""
        path = new_file(blob_folder(jar), pieces, skip)
        if jar is None:
            sync_path(path)  # it is not known which commit will be the one to make it durable
        return adopt_blob(path)

    def path(self, handle: Blob) -> str:
        """The blob's own file, committed or not; the engine fetches it where it keeps no files here."""
        handle._p_activate()
        path: str | None = handle._p_blob_uncommitted or handle._p_blob_committed
        if path is None:
            raise BigDataError("an extent's blob has no file")
        if handle._p_blob_uncommitted or path.endswith(SAVEPOINT_SUFFIX):
            return path
        committed: str = handle.committed()
        return committed

    def sync(self, handles: Iterable[Blob]) -> None:
        """fsync the blobs' files and their folders, where the engine keeps blobs as files on this host."""
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


BLOBS = BlobStore()
