"""Files that come with a form: to the document itself when it knows how to take one, else into a property."""

from __future__ import annotations

import mimetypes
from pathlib import PurePath
from typing import Any

from wendelin.core.document import Document
from wendelin.core.errors import RequestTooLarge

#: A property is loaded whole; documents for large content take a stream.
PROPERTY_LIMIT = 64 * 2**20


def store_upload(document: Document, id: str, upload: Any) -> None:
    """Store an upload (``.file``, ``.filename``, ``.type``).

    A document class with ``setFile(stream, filename=..., content_type=...)`` reads the spooled stream by itself. For
    others the bytes become the property ``id``; ``filename`` and ``content_type`` are set where the type has them.
    """
    filename = PurePath((upload.filename or "").replace("\\", "/")).name
    content_type = upload.type or mimetypes.guess_type(filename)[0] or "application/octet-stream"
    upload.file.seek(0)
    take = getattr(type(document), "setFile", None)
    if take is not None:
        take(document, upload.file, filename=filename, content_type=content_type)
        return
    data = upload.file.read(PROPERTY_LIMIT + 1)
    if len(data) > PROPERTY_LIMIT:
        raise RequestTooLarge(f"{filename}: a file here may have {PROPERTY_LIMIT // 2**20} MB at most")
    known = document.getTypeInfo().property_dict
    extra = {"filename": filename, "content_type": content_type, "size": len(data)}
    document.edit(**{id: data}, **{name: value for name, value in extra.items() if name in known and name != id})
