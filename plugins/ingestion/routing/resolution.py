"""What a parsed tag leads to, remembered: the operation and the sinks, as long as no document on the way changed.

Finding them costs twenty look-ups for every chunk. They are kept for each connection, together with the serial of every
document that was looked at; a document that was changed, by whomever, has another serial, and all is found anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site

Key = tuple[str, str, str | None]  # references of the Data Ingestion, of the product and of the batch
Found = tuple[Document, dict[str, dict[str, Document]]]  # the operation, and its parameters

KNOWN = "_v_ingestion_resolutions"
LARGEST = 1000  # tags that a policy remembers, for each connection


class Resolution:
    """An operation, its parameters, and how the documents were on which they depend."""

    def __init__(self, site: Site, ingestion: Document, found: Found, documents: Iterable[Document]) -> None:
        self.found = found
        self._token = site.type_token
        self._ingestion = ingestion
        self._lines = tuple(ingestion.objectIds())
        self._serials = [(document, serial_of(document)) for document in documents]

    @property
    def is_stored(self) -> bool:
        """Whether all documents are in the database: one that was made just now may go again."""
        return all(serial is not None for _, serial in self._serials)

    def holds(self, site: Site) -> bool:
        """Whether the documents are as they were."""
        if site.type_token != self._token or any(serial_of(document) != serial for document, serial in self._serials):
            return False
        return tuple(self._ingestion.objectIds()) == self._lines


def serial_of(document: Document) -> bytes | None:
    """The transaction that wrote a document last; None for one that this transaction changed, made or removed."""
    if document._p_jar is None:
        return None
    document._p_activate()
    serial: bytes = document._p_serial
    return None if document._p_changed or serial == b"\0" * 8 else serial


def recall(policy: IDocument, key: Key) -> Found | None:
    """What was remembered and still holds; None for nothing."""
    known = policy.__dict__.get(KNOWN)
    resolution: Resolution | None = known.get(key) if known else None
    return resolution.found if resolution is not None and resolution.holds(policy.getPortalObject()) else None


def remember(policy: IDocument, key: Key, ingestion: Document, found: Found, documents: Iterable[Document]) -> None:
    """Keep what was found, unless it is not in the database yet."""
    resolution = Resolution(policy.getPortalObject(), ingestion, found, documents)
    if not resolution.is_stored:
        return
    known = policy.__dict__.setdefault(KNOWN, {})
    if len(known) >= LARGEST:
        known.clear()
    known[key] = resolution
