"""The way up from a document to the site."""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.interfaces import IDocument


def lineage(document: IDocument | None) -> Iterator[IDocument]:
    """The document, its container, and so on up to the site, each loaded from the database."""
    while document is not None:
        parent = getattr(document, "__parent__", None)  # this loads it: the __dict__ of one that is not loaded is empty
        yield document
        document = parent
