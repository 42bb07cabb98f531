"""From the documents' events to the index queue."""

from __future__ import annotations

from typing import Any

from wendelin.core.model.catalog.index_queue import enqueue
from wendelin.core.model.objects.events import (
    DocumentAdded,
    DocumentEvent,
    DocumentModified,
    DocumentMoved,
    DocumentRemoved,
    StateChanged,
)


def catalog_of(document: Any) -> Any:
    """The catalog of the site that the document is in, or None."""
    site = document.getPortalObject()
    return None if site is None else site.get_child("portal_catalog")


def index(event: DocumentEvent) -> None:
    """The document is new, or has changed or moved."""
    document = event.document
    catalog = None if document.isTempObject() else catalog_of(document)
    if catalog is not None and document.getParentValue() is not None:
        enqueue(catalog, document.getUid(), document)


def unindex(event: DocumentRemoved) -> None:
    """The document is about to go."""
    catalog = None if event.document.isTempObject() else catalog_of(event.document)
    if catalog is not None:
        enqueue(catalog, event.document.getUid(), None)


SUBSCRIBERS = (
    (DocumentAdded, index),
    (DocumentModified, index),
    (DocumentMoved, index),
    (StateChanged, index),
    (DocumentRemoved, unindex),
)
