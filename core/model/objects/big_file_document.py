"""Documents whose content is a `BigFile`: bytes of any number, read and written in parts.

The file has records of its own: an append does not write the document. Core's File and Image are such documents, and
so are the data streams of the ingestion plugin; a plugin's own class says by `_content_changed` what follows a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, overload

from wendelin.core.bigdata import BigFile
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.document import Document
from wendelin.core.security import ACCESS, MODIFY, private, protected

Default = TypeVar("Default")

UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


class BigFileDocument(Document):
    """A document with a content. It is read with *Access contents information*, and changed with *Modify portal
    content*. ``start_offset``, ``end_offset`` and ``size`` are bytes; an end is not part of what is read."""

    big_file: BigFile | None = None

    # -- reading

    @protected(ACCESS)
    def getSize(self) -> int:
        """The length in bytes."""
        return self.big_file.size if self.big_file is not None else 0

    @protected(ACCESS)
    def getFormattedSize(self) -> str:
        """The length for people: ``1.8 MB``."""
        return format_size(self.getSize())

    @protected(ACCESS)
    def hasData(self) -> bool:
        """Whether there are any bytes."""
        return self.getSize() > 0

    @overload
    def getData(self) -> bytes | None: ...
    @overload
    def getData(self, default: Default) -> bytes | Default: ...
    @protected(ACCESS)
    def getData(self, default: object = None) -> object:
        """The whole content, loaded into memory; ``default`` where there is none. `iterate` is for large ones."""
        size = self.getSize()
        return self._content().read(0, size) if size else default

    @protected(ACCESS)
    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """``size`` bytes from ``offset`` on, or all up to the end; fewer where the content ends."""
        return self.big_file.read(offset, size) if self.big_file is not None else b""

    @protected(ACCESS)
    def iterate(self, start_offset: int = 0, end_offset: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start_offset`` to before ``end_offset`` (None: the end), in pieces of about 1 MiB."""
        return self.big_file.iterate(start_offset, end_offset) if self.big_file is not None else iter(())

    @private
    def revision(self) -> str:
        """Another text whenever the bytes are others: the ETag of downloads."""
        if self.big_file is None:
            return "0"
        return f"{(self.big_file._p_oid or b'').hex()}-{self.big_file.size:x}-{self.big_file.revision:x}"

    # -- writing

    @protected(MODIFY)
    def setData(self, data: bytes | None) -> None:
        """Replace the whole content; None and no bytes empty it."""
        self._replace_content(data)
        self._content_changed(0)

    @protected(MODIFY)
    def appendData(self, data_chunk: bytes, content_type: str | None = None) -> None:
        """Add bytes at the end, which everybody sees when the transaction commits; appends never conflict."""
        if content_type is not None and content_type != self.getContentType():
            self.edit(content_type=content_type)
        if data_chunk:
            size = self.getSize()
            self._content().append(data_chunk)
            self._content_changed(size)

    def _content(self) -> BigFile:
        """The file, made at its first use."""
        if self.big_file is None:
            self.big_file = BigFile()
        return self.big_file

    def _replace_content(self, data: bytes | None) -> None:
        # The file stays the same object: who appends to it meanwhile gets a conflict, instead of losing the bytes.
        if self.big_file is not None:
            self.big_file.truncate(0)
        if data:
            self._content().append(data)

    def _content_changed(self, kept: int) -> None:
        """For document classes: called after every change of the content, of which the first ``kept`` bytes are old."""


def format_size(size: int) -> str:
    """``0 bytes``, ``1.8 MB``: decimal units, two or three digits; raises `BadRequest` below zero."""
    if size < 0:
        raise BadRequest("a size cannot be negative")
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return "1 byte" if size == 1 else f"{size} bytes"
    return f"{value:.0f} {UNITS[unit]}" if value >= 99.95 else f"{value:.1f} {UNITS[unit]}"
