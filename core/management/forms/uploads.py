"""Files that come with a form: to the document itself when it knows how to take one, else into a property."""

from __future__ import annotations

import mimetypes
from pathlib import PurePath
from typing import Any, Protocol, TypeGuard

from wendelin.core.errors import RequestTooLarge
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.files import Upload

#: A property is loaded whole; documents for large content take a stream.
PROPERTY_LIMIT = 64 * 2**20


class SentFile(Upload, Protocol):
    """A file that came with a form; ``type`` is its media type, as the browser says it."""

    type: str | None


def is_upload(raw: object) -> TypeGuard[SentFile]:
    """Whether that is a file that came with the form."""
    return hasattr(raw, "file")


def store_upload(document: Document, id: str, upload: SentFile) -> None:
    """Store a file that came with a form, in the document itself or in its property ``id``.

    A document class with ``setFile(upload)`` reads the spooled stream by itself. For others the bytes become the
    property ``id``. ``filename`` and ``content_type`` are set where the type has them.
    """
    filename = PurePath((upload.filename or "").replace("\\", "/")).name
    content_type = upload.type or mimetypes.guess_type(filename)[0] or "application/octet-stream"
    upload.file.seek(0)
    known = document.getTypeInfo().property_dict
    values: dict[str, Any] = {"filename": filename, "content_type": content_type}
    take = getattr(type(document), "setFile", None)
    if take is not None:
        take(document, upload)
    else:
        values[id] = upload.file.read(PROPERTY_LIMIT + 1)
        if len(values[id]) > PROPERTY_LIMIT:
            raise RequestTooLarge(f"{filename}: a file here may have {PROPERTY_LIMIT // 2**20} MB at most")
    document.edit(**{name: value for name, value in values.items() if name in known})
