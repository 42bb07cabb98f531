"""Data streams: files that grow, kept as big files, read by ranges, never loaded whole unless asked for."""

from __future__ import annotations

import itertools
import mimetypes
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy

from wendelin.core.bigdata import FilePart
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.files import Upload, stream_of
from wendelin.core.security import ACCESS, MODIFY, VIEW, private, protected, require_permission, trusted_method
from wendelin.plugins.ingestion.documents.growth import GrowingDocument, Growth
from wendelin.plugins.ingestion.documents.marks import ChunkMarks, MarkedDocument
from wendelin.plugins.ingestion.formats import event_stream, msgpack_objects
from wendelin.plugins.ingestion.formats.body import Body

#: Types that a sender may give a stream by the name of its file: none that a browser would run.
PLAIN_TYPE = re.compile(
    r"audio/.+|video/.+|image/(?!svg).+|text/(plain|csv|tab-separated-values)|application/(json|zip)"
)


class DataStream(GrowingDocument, MarkedDocument):
    """A file to which data is appended, and which remembers how it grew and which chunks it took."""

    # -- writing

    @private
    def append_pieces(self, pieces: Iterable[bytes | memoryview | FilePart], in_place: bool = False) -> None:
        """Append many pieces, with one of them in memory at a time (small ones are joined by who makes them).

        With ``in_place`` the commit fails with a conflict when others appended meanwhile; else they are put in order.
        """
        if in_place:
            self._content().pin_down()
        size = self.getSize()
        first = next(pieces := iter(pieces), None)
        if first is None:
            return
        second = next(pieces, None)
        if second is None and not isinstance(first, FilePart):
            self._content().append(first)
        else:
            rest = () if second is None else (second,)
            self._content().append_pieces(itertools.chain((first,), rest, pieces))
        self.note_growth(size)

    @private
    def take_name(self, filename: str) -> None:
        """Be called as the file of which the first bytes come now, and have its type; a stream with content stays."""
        if self.getSize() or self.getFilename() or self.getContentType():
            return
        guessed, encoding = mimetypes.guess_type(filename)
        is_plain = guessed is not None and encoding is None and PLAIN_TYPE.fullmatch(guessed)
        self.edit(filename=filename, content_type=guessed if is_plain else None)

    def _replace_content(self, data: bytes | None) -> None:
        self.forget_chunks()  # they are gone on purpose, and may be sent again
        super()._replace_content(data)

    def _initialise(self) -> None:
        """Give a new stream its file at once: two processes that append first then meet no conflict here."""
        super()._initialise()
        self._content()
        self.chunk_marks = ChunkMarks()
        self.growth = Growth()

    # -- reading

    @protected(ACCESS)
    def readChunkList(self, start_offset: int = 0, end_offset: int | None = None) -> list[bytes]:
        """The pieces of `iterate` as a list: loads that range into memory."""
        return list(self.iterate(start_offset, end_offset))

    @protected(ACCESS)
    def readMsgpackChunkList(self, start_offset: int = 0, end_offset: int | None = None) -> tuple[list[Any], int]:
        """The complete msgpack objects of a range, and the offset behind the last of them: where to go on reading."""
        found, length = msgpack_objects.unpack_complete(b"".join(self.iterate(start_offset, end_offset)))
        return found, max(start_offset, 0) + length

    @protected(ACCESS)
    def extractDateTime(self, date_time_holder: event_stream.EventTime) -> numpy.datetime64:
        """The time of a Fluentd event (`event_stream.extract_date_time`)."""
        return event_stream.extract_date_time(date_time_holder)

    # -- neighbours

    @protected(VIEW)
    def getRecursiveSuccessorValueList(self) -> list[DataStream]:
        """The streams that follow this one, near ones first, none twice."""
        return _walk(self, "getSuccessorValueList")

    @protected(VIEW)
    def getRecursivePredecessorValueList(self) -> list[DataStream]:
        """The streams before this one, near ones first, none twice."""
        return _walk(self, "getPredecessorValueList")


def _walk(start: DataStream, method_id: str) -> list[DataStream]:
    found: list[DataStream] = []
    waiting = [start]
    while waiting:
        for neighbour in getattr(waiting.pop(0), method_id)(portal_type=start.getPortalType()):
            if neighbour is not start and neighbour not in found:
                found.append(neighbour)
                waiting.append(neighbour)
    return found


@trusted_method
def append_file(stream: DataStream, append_file: Upload | BinaryIO | bytes | None = None) -> DataStream:
    """``DataStream_appendFile``: add the bytes of an upload at the end of the stream; raises `BadRequest` for none."""
    require_permission(MODIFY, stream)
    if append_file is None:
        raise BadRequest("choose a file")
    source = append_file if isinstance(append_file, bytes) else stream_of(append_file)
    if not isinstance(source, bytes) and not hasattr(source, "seek"):
        raise BadRequest(f"a file is needed, or its bytes, not {type(append_file).__name__}")
    body = Body(source)
    if body.size:
        stream.append_pieces(body.pieces())
    return stream


@trusted_method
def set_file(stream: DataStream, file: Upload | BinaryIO | bytes | None = None) -> DataStream:
    """``setFile`` of a Data Stream: put the bytes of an upload in the place of what it holds."""
    require_permission(MODIFY, stream)
    if file is None:
        raise BadRequest("choose a file")
    stream.setData(None)
    return append_file(stream, file)
