"""Documents whose class is gone with its plugin: they load as placeholders, and have to be removable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ZODB.broken import Broken

from wendelin.core.model.catalog.index_queue import enqueue
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import Site


def detach_placeholders(site: Site, container: Folder) -> None:
    """Remove all placeholders below a folder, from the catalog too, without telling subscribers, who could not read
    them."""
    for id in list(container):
        child = container.get_child(id)
        if isinstance(child, Broken):
            detach_placeholder(site, container, id)
        elif isinstance(child, Folder):
            detach_placeholders(site, child)


def detach_placeholder(site: Site, container: Folder, id: str) -> None:
    """Remove one placeholder with all below it."""
    for uid in _uids(container.get_child(id)):
        enqueue(site.portal_catalog, uid, None)
    container.detach(id)


def _uids(document: Document | Broken) -> Iterator[int]:
    """The numbers of a document and all below it, as far as they can be read."""
    state = placeholder_state(document) if isinstance(document, Broken) else vars(document)
    if state.get("uid"):
        yield state["uid"]
    for child in (state.get("_tree") or {}).values():
        if not isinstance(child, Broken):
            child._p_activate()
        yield from _uids(child)


def placeholder_state(document: Broken) -> dict[str, Any]:
    """What the record of a placeholder holds."""
    document._p_activate()
    state = document.__Broken_state__
    return state if isinstance(state, dict) else {}
