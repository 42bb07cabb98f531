"""From the documents' events to the index queue."""

from __future__ import annotations

from wendelin.core.model.catalog.index_queue import Indexer, enqueue
from wendelin.core.model.catalog.indexing import lines_in_state
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import (
    DocumentAdded,
    DocumentEvent,
    DocumentModified,
    DocumentMoved,
    DocumentRemoved,
    StateChanged,
)


def catalog_of(document: Document) -> Indexer | None:
    """The catalog of the site that the document is in, or None."""
    site = document.getPortalObject()
    found: Indexer | None = None if site is None else site.get_child("portal_catalog")
    return found


def index(event: DocumentEvent) -> None:
    """Queue a document that is new, or has changed or moved."""
    document = event.document
    catalog = None if document.isTempObject() else catalog_of(document)
    if catalog is not None and document.getParentValue() is not None:
        enqueue(catalog, document.getUid(), document)


def index_state(event: StateChanged) -> None:
    """Queue a document that is in another state, and with a delivery its lines."""
    index(event)
    catalog = None if event.document.isTempObject() else catalog_of(event.document)
    if catalog is not None:
        for line in lines_in_state(event.document):
            enqueue(catalog, line.getUid(), line)


def unindex(event: DocumentRemoved) -> None:
    """Queue a document that is about to be removed, to be forgotten."""
    catalog = None if event.document.isTempObject() else catalog_of(event.document)
    if catalog is not None:
        enqueue(catalog, event.document.getUid(), None)


#: ``(event class, handler)``: what the catalog listens to.
SUBSCRIBERS = (
    (DocumentAdded, index),
    (DocumentModified, index),
    (DocumentMoved, index),
    (StateChanged, index_state),
    (DocumentRemoved, unindex),
)
