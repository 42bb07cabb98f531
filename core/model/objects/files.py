"""File and Image: documents with a content of any size, kept as a `BigFile`."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from typing import Any, BinaryIO

from wendelin.core.bigdata import BigFile
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.security import ACCESS, MODIFY, VIEW, private, protected

DEFAULT_CONTENT_TYPE = "application/octet-stream"
BLOCK_SIZE = 1 << 20


class File(Document):
    """A file. Its bytes are read in parts with `read` and `iterate`; `getData` loads all of them."""

    portal_type = "File"
    filename: str | None = None
    content_type: str | None = None
    _data: BigFile | None = None
    editable_attributes = frozenset({"filename", "content_type"})

    # -- reading

    @protected(VIEW)
    def getSize(self) -> int:
        """The length in bytes."""
        return 0 if self._data is None else self._data.size

    @protected(VIEW)
    def getData(self, default: Any = None) -> Any:
        """The whole content at once, in memory; ``default`` (or no bytes) where there is none."""
        if self._data is None or not self._data.size:
            return b"" if default is None else default
        return self._data.read(0, self._data.size)

    @protected(ACCESS)
    def hasData(self) -> bool:
        """Whether the file has any bytes."""
        return self.getSize() > 0

    @private
    def revision(self) -> str:
        """Another text whenever the content is another: an entity tag."""
        if self._data is None:
            return "0"
        return f"{(self._data._p_oid or b'').hex()}-{self._data.size:x}-{self._data.revision:x}"

    @protected(VIEW)
    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """``size`` bytes from ``offset`` on, or up to the end."""
        return b"" if self._data is None else self._data.read(offset, size)

    @protected(VIEW)
    def iterate(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` in blocks of about 1 MiB: memory stays bounded."""
        return iter(()) if self._data is None else self._data.iterate(start, end)

    @protected(VIEW)
    def getFilename(self, default: str | None = None) -> str:
        """The name that a browser saves the file under; without one the reference, or the id."""
        return self.filename or default or self.getProperty("reference") or self.getId()

    @protected(VIEW)
    def getContentType(self, default: str | None = None) -> str:
        """The MIME type: the one given, else the one that the file name tells."""
        guessed = mimetypes.guess_type(self.filename)[0] if self.filename else None
        return self.content_type or guessed or default or DEFAULT_CONTENT_TYPE

    # -- writing

    def _setData(self, data: bytes | None) -> bool:
        """Replace the content, without telling the catalog."""
        self._data = BigFile()
        if data:
            self._data.append(data)
        return True

    @protected(MODIFY)
    def setData(self, data: bytes | None) -> None:
        """Replace the content; None and b"" empty the file."""
        self._setData(data)
        self._announce()

    def _setFile(self, file: Any) -> bool:
        """Replace the content by that of an open binary file, or of an upload with ``.file`` and ``.filename``."""
        stream: BinaryIO = getattr(file, "file", file)
        if not hasattr(stream, "read"):
            raise BadRequest(f"{self.getPath()}: a file must be open for reading, not {type(file).__name__}")
        self._data = BigFile()
        while block := stream.read(BLOCK_SIZE):
            self._data.append(block)
        filename = getattr(file, "filename", None)
        if filename:
            self.filename = str(filename).replace("\\", "/").rpartition("/")[2]
        return True

    @protected(MODIFY)
    def setFile(self, file: Any) -> None:
        """Replace the content by that of an open binary file, read in blocks."""
        self._setFile(file)
        self._announce()

    @protected(MODIFY)
    def appendData(self, data: bytes) -> None:
        """Add bytes at the end."""
        if self._data is None:
            self._data = BigFile()
        self._data.append(data)
        self._announce()

    def _announce(self) -> None:
        notify(DocumentModified(self, frozenset(("data", "size"))))


class Image(File):
    """A picture."""

    portal_type = "Image"
