"""The way up from a document to the site."""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.interfaces import IDocument


def lineage(document: IDocument | None) -> Iterator[IDocument]:
    """The document, its container, and so on up to the site, each loaded from the database."""
    while document is not None:
        if getattr(document, "_p_jar", None) is not None:
            document._p_activate()  # the __dict__ of an object that is not loaded yet is empty
        yield document
        document = document.__dict__.get("__parent__")
