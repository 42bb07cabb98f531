"""File and Image: documents with a content of any size, which know its name and type."""

from __future__ import annotations

import mimetypes
from typing import BinaryIO, Protocol, TypeVar, cast, overload

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.big_file_document import BigFileDocument
from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.security import MODIFY, VIEW, protected

Default = TypeVar("Default")

DEFAULT_CONTENT_TYPE = "application/octet-stream"
BLOCK_SIZE = 1 << 20


class Upload(Protocol):
    """A file as a web form sends it; the name may hold the folders of the sender's machine."""

    file: BinaryIO
    filename: str | None


def stream_of(file: BinaryIO | Upload) -> BinaryIO:
    """The open file of an upload; what is no upload is taken for an open file itself."""
    return cast(BinaryIO, getattr(file, "file", file))


class File(BigFileDocument):
    """A file. Its bytes are read in parts with `read` and `iterate`; `getData` loads all of them.

    Who may view a file may read its content, as its page offers it for download.
    """

    portal_type = "File"
    filename: str | None = None
    content_type: str | None = None
    editable_attributes = frozenset({"filename", "content_type"})
    attribute_permissions = dict.fromkeys(("getSize", "getFormattedSize", "getData", "read", "iterate"), VIEW)

    # -- reading

    @overload
    def getData(self) -> bytes: ...
    @overload
    def getData(self, default: Default) -> bytes | Default: ...
    def getData(self, default: object = None) -> object:
        """The whole content at once, in memory; ``default`` (or no bytes) where there is none."""
        found = super().getData(default)
        return b"" if found is None else found

    @protected(VIEW)
    def getFilename(self, default: str | None = None) -> str:
        """The name that a browser saves the file under; without one the reference, or the id."""
        return self.filename or default or self.getProperty("reference") or self.getId()

    @protected(VIEW)
    def getContentType(self, default: str | None = None) -> str:
        """The MIME type: the one given, else the one that the file name tells."""
        guessed = mimetypes.guess_type(self.filename)[0] if self.filename else None
        return self.content_type or guessed or default or DEFAULT_CONTENT_TYPE

    # -- writing: the methods with an underscore are `edit`'s, which tells the catalog by itself

    def _setData(self, data: bytes | None) -> bool:
        self._replace_content(data)
        return True

    def _setFile(self, file: BinaryIO | Upload) -> bool:
        stream = stream_of(file)
        if not hasattr(stream, "read"):
            raise BadRequest(f"{self.getPath()}: a file must be open for reading, not {type(file).__name__}")
        self._replace_content(None)
        while block := stream.read(BLOCK_SIZE):
            self._content().append(block)
        filename = getattr(file, "filename", None)
        if filename:
            self.filename = str(filename).replace("\\", "/").rpartition("/")[2]
        return True

    @protected(MODIFY)
    def setFile(self, file: BinaryIO | Upload) -> None:
        """Replace the content by that of an open binary file, or of an upload, whose name is taken over as well.

        It is read in blocks. Raises `BadRequest` for what is no open file.
        """
        self._setFile(file)
        self._content_changed(0)

    def _content_changed(self, kept: int) -> None:
        notify(DocumentModified(self, frozenset(("data", "size"))))


class Image(File):
    """A picture."""

    portal_type = "Image"
