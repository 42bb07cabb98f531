"""Joint extents: what one transaction appends to several files, or several times to one, shares a blob.

A blob costs two files, a folder, their fsyncs and a trip to the database server, whatever it holds: for a megabyte that
is as much as its bytes. Each part begins on a page of its own, in phase with the pages of its file, so that it can be
entered in the extent map where it stands. Compaction gives each file extents of its own again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ZODB.Connection import Connection

from wendelin.core.bigdata.extents.blob_store import BLOBS, adopt_blob, blob_folder
from wendelin.core.bigdata.extents.extent_files import Piece, create_file, full_disk_raises, write_all
from wendelin.core.bigdata.extents.page_size import PAGE, pages_of

LARGEST_PART = 4 << 20  # what is larger has an extent of its own
FULL = 16 << 20  # a joint extent of this size takes no further part


class JointExtent:
    """An extent that grows until its transaction ends, or a savepoint takes its file away."""

    _descriptor = -1

    def __init__(self, jar: Connection) -> None:
        self._descriptor, path = create_file(blob_folder(jar))
        self.handle = adopt_blob(path)
        self.size = 0

    @property
    def is_full(self) -> bool:
        """Whether it takes no further part."""
        return self.size >= FULL

    def append(self, pieces: Iterable[Piece], skip: int) -> int:
        """Write a part; gives where it begins, which is ``skip`` within a page. Nothing of it stays after a failure."""
        start = pages_of(self.size) * PAGE + skip
        try:
            with full_disk_raises():
                os.lseek(self._descriptor, start, os.SEEK_SET)
                self.size = start + write_all(self._descriptor, pieces)
        except BaseException:
            os.ftruncate(self._descriptor, self.size)
            raise
        return start

    def close(self) -> None:
        """No further part comes."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    __del__ = close


def can_join(jar: Connection | None, store: object, size: int) -> bool:
    """Whether an append of ``size`` bytes may share an extent."""
    return jar is not None and store is BLOBS and size <= LARGEST_PART
