"""What this room asks of a file whose pages it shows: `BigFile`, which stands above, fulfils it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from persistent import Persistent
from ZODB.Connection import Connection

from wendelin.core.bigdata.extents.extent_files import Piece
from wendelin.core.bigdata.extents.extent_map import Extents, SegmentTable
from wendelin.core.bigdata.extents.runs import Runs
from wendelin.core.bigdata.tail.tail import Tail


class PagedState(Protocol):
    """Where the pages of a file stand, as of one state of it."""

    @property
    def tail(self) -> Tail:
        """What was appended and is not in the map yet."""

    @property
    def extent_map(self) -> SegmentTable:
        """Which page stands in which extent."""


class PagedFile(PagedState, Protocol):
    """A file of a connection (``_p_jar``), or of none yet, that can be read and written page by page."""

    @property
    def _p_jar(self) -> Connection | None: ...

    @property
    def _p_oid(self) -> bytes | None: ...

    @property
    def size(self) -> int:
        """Length in bytes."""

    @property
    def revision(self) -> int:
        """A number that changes with every change of the bytes."""

    def write_extent(self, pieces: Iterable[Piece], skip: int = 0) -> Persistent:
        """Write an extent within the transaction; gives its handle."""

    def enter_pages(self, new: Runs, extents: Extents) -> None:
        """Lay written pages over the map."""
