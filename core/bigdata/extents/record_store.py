"""Extents as database records, for engines without blobs (NEO).

An extent is cut into records of at most 2 MiB. To be mapped it is put together in a file of a local cache; extents
never change, so a file of the cache is right for ever, and may be thrown away at any time (who has it mapped keeps
it).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
import weakref
from collections.abc import Iterable, Iterator

from persistent import Persistent
from ZODB.Connection import Connection

from wendelin.core.bigdata.extents.extent_files import Piece, full_disk_raises, new_file, remove_if_there

RECORD_SIZE = 2 << 20
_folder: str | None = None
_limit = 16 << 30


class ExtentRecord(Persistent):
    """Up to 2 MiB of an extent."""

    def __init__(self, data: bytes) -> None:
        self.data = data


class RecordExtent(Persistent):
    """An extent in records; ``key`` names its file in every local cache."""

    _v_path: str | None = None

    def __init__(self, records: tuple[ExtentRecord, ...]) -> None:
        self.key = uuid.uuid4().hex
        self.records = records


def use_cache(folder: str, limit: int = 16 << 30) -> None:
    """Where this process keeps extents that it has fetched, and how many bytes of them."""
    global _folder, _limit
    os.makedirs(folder, exist_ok=True)
    _folder, _limit = folder, limit


def cache_folder() -> str:
    """The cache's folder; one per user below the temporary folder unless :func:`use_cache` said otherwise."""
    if _folder is None:
        use_cache(os.path.join(tempfile.gettempdir(), f"wendelin-extents-{os.getuid()}"))
    assert _folder is not None
    return _folder


def _cut(file: str) -> Iterator[ExtentRecord]:
    with open(file, "rb") as source:
        while data := source.read(RECORD_SIZE):
            yield ExtentRecord(data)


class RecordStore:
    """Extents in records of at most 2 MiB."""

    def write(self, jar: Connection | None, pieces: Iterable[Piece], skip: int = 0) -> RecordExtent:
        """A new extent in records; its file in the local cache goes when nobody refers to the extent any more."""
        path = new_file(cache_folder(), pieces, skip)
        try:
            extent = RecordExtent(tuple(_cut(path)))
        except BaseException:
            os.unlink(path)
            raise
        weakref.finalize(extent, remove_if_there, path)
        extent._v_path = path
        return extent

    def path(self, handle: RecordExtent) -> str:
        """The extent's file in the local cache, put together from its records where it is not there."""
        if handle._v_path is not None and os.path.exists(handle._v_path):
            return handle._v_path
        path = os.path.join(cache_folder(), handle.key)
        if not os.path.exists(path):
            with full_disk_raises():
                os.replace(new_file(cache_folder(), _fetch(handle), 0), path)
            _trim(cache_folder(), path)
        return path

    def sync(self, handles: Iterable[RecordExtent]) -> None:
        """The engine makes its records durable."""


def _fetch(handle: RecordExtent) -> Iterator[bytes]:
    for record in handle.records:
        yield record.data
        record._p_deactivate()


def _trim(folder: str, keep: str) -> None:
    """Remove the files least recently read until the cache is within its limit."""
    entries = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):  # another process trims too
            status = entry.stat()
            entries.append((status.st_atime, status.st_size, entry.path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= _limit:
            break
        if path != keep:
            remove_if_there(path)
            total -= size


RECORDS = RecordStore()
