"""Data streams: files that grow, kept as big files, read by ranges, never loaded whole unless asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy

from wendelin.core.bigdata import BigFile, FilePart
from wendelin.core.errors import BadRequest
from wendelin.core.security import ACCESS, MODIFY, VIEW, private, protected
from wendelin.plugins.ingestion.documents.growth import GrowingDocument, Growth
from wendelin.plugins.ingestion.documents.marks import ChunkMarks, MarkedDocument
from wendelin.plugins.ingestion.formats import event_stream

UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


class DataStream(GrowingDocument, MarkedDocument):
    """A file to which data is appended.

    Its bytes live in a `BigFile`, which has records of its own: an append does not write the document itself.
    """

    big_file: BigFile | None = None

    # -- writing

    @protected(MODIFY)
    def appendData(self, data_chunk: bytes, content_type: str | None = None) -> None:
        """Append bytes; they are there for everybody when the transaction commits."""
        if content_type is not None and content_type != self.getContentType():
            self.edit(content_type=content_type)
        if data_chunk:
            self._file().append(data_chunk)
            self.note_growth()

    @private
    def append_pieces(self, pieces: Iterable[bytes | memoryview | FilePart], in_place: bool = False) -> None:
        """Append many pieces, with one of them in memory at a time (small ones are joined by who makes them).

        With ``in_place`` the commit fails with a conflict when others appended meanwhile; else they are put in order.
        """
        if in_place:
            self._file().pin_down()
        first = next(pieces := iter(pieces), None)
        if first is None:
            return
        second = next(pieces, None)
        if second is None and not isinstance(first, FilePart):
            self._file().append(first)
        else:
            rest = () if second is None else (second,)
            self._file().append_pieces(itertools.chain((first,), rest, pieces))
        self.note_growth()

    @protected(MODIFY)
    def setData(self, data: bytes | None) -> None:
        """Replace the whole content; chunks that were stored before may be sent again."""
        self.forget_chunks()
        if self.big_file is not None:
            self.big_file.truncate(0)
        if data:
            self._file().append(data)
        self.note_growth()

    def _initialise(self) -> None:
        """Give a new stream its file at once: two processes that append first then meet no conflict here."""
        super()._initialise()
        self._file()
        self.chunk_marks = ChunkMarks()
        self.growth = Growth()

    def _file(self) -> BigFile:
        if self.big_file is None:
            self.big_file = BigFile()
        return self.big_file

    # -- reading

    @protected(ACCESS)
    def getSize(self) -> int:
        """Bytes."""
        return self.big_file.size if self.big_file is not None else 0

    @protected(ACCESS)
    def getFormattedSize(self) -> str:
        """The size for people: ``1.8 MB``."""
        return format_size(self.getSize())

    @protected(ACCESS)
    def getData(self, default: Any = None) -> Any:
        """The whole content, loaded into memory; ``default`` when there is none. For large streams use `iterate`."""
        size = self.getSize()
        return self._file().read(0, size) if size else default

    @protected(ACCESS)
    def iterate(self, start_offset: int = 0, end_offset: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start_offset`` to before ``end_offset`` (None: the end), in pieces of bounded size."""
        size = self.getSize()
        end = size if end_offset is None else min(end_offset, size)
        start = max(start_offset, 0)
        if start < end:
            yield from self._file().iterate(start, end)

    @protected(ACCESS)
    def readChunkList(self, start_offset: int = 0, end_offset: int | None = None) -> list[bytes]:
        """The pieces of `iterate` as a list: loads that range into memory."""
        return list(self.iterate(start_offset, end_offset))

    @protected(ACCESS)
    def readMsgpackChunkList(self, start_offset: int = 0, end_offset: int | None = None) -> tuple[list[Any], int]:
        """The complete msgpack objects of a range, and the offset behind the last of them: where to go on reading."""
        found, length = event_stream.unpack_complete(b"".join(self.iterate(start_offset, end_offset)))
        return found, max(start_offset, 0) + length

    @protected(ACCESS)
    def extractDateTime(self, date_time_holder: Any) -> numpy.datetime64:
        """The time of a Fluentd event (`event_stream.extract_date_time`)."""
        return event_stream.extract_date_time(date_time_holder)

    @private
    def revision(self) -> str:
        """Changes whenever the bytes do: the ETag of downloads."""
        return f"{self.getSize():x}-{self._file().revision:x}"

    # -- neighbours

    @protected(VIEW)
    def getRecursiveSuccessorValueList(self) -> list[Any]:
        """The streams that follow this one, near ones first, none twice."""
        return _walk(self, "getSuccessorValueList")

    @protected(VIEW)
    def getRecursivePredecessorValueList(self) -> list[Any]:
        """The streams before this one, near ones first, none twice."""
        return _walk(self, "getPredecessorValueList")


def _walk(start: Any, method_id: str) -> list[Any]:
    found: list[Any] = []
    waiting = [start]
    while waiting:
        for neighbour in getattr(waiting.pop(0), method_id)(portal_type=start.getPortalType()):
            if neighbour is not start and neighbour not in found:
                found.append(neighbour)
                waiting.append(neighbour)
    return found


def format_size(size: int) -> str:
    """``0 bytes``, ``1.8 MB``: decimal units, three digits."""
    if size < 0:
        raise BadRequest("a size cannot be negative")
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return "1 byte" if size == 1 else f"{size} bytes"
    return f"{value:.0f} {UNITS[unit]}" if value >= 99.95 else f"{value:.1f} {UNITS[unit]}"
