"""Finding, placing and deleting documents of a site by path, below the checks that users' own changes go through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ZODB.broken import Broken

from wendelin.core.business_templates.checking.placeholders import detach_placeholder, detach_placeholders
from wendelin.core.model.objects.copying import remove
from wendelin.core.model.objects.folder import Folder

if TYPE_CHECKING:
    from wendelin.core.model.objects.site import Site


def find(site: Site, path: str) -> Any:
    """The document at a path relative to the site (the empty path is the site itself), or None."""
    here: Any = site
    for name in path.split("/") if path else ():
        if not isinstance(here, Folder):
            return None
        here = here.get_child(name)
        if here is None:
            return None
    return here


def detach(container: Folder, id: str) -> None:
    """Delete a child with all below it, and tell subscribers."""
    site = container.getPortalObject()
    child = container.get_child(id)
    if isinstance(child, Broken):
        detach_placeholder(site, container, id)
        return
    if isinstance(child, Folder):
        detach_placeholders(site, child)
    remove(container, id)


def walk_below(document: object, path: str) -> Iterator[tuple[str, object]]:
    """``(path, document)`` for all that is below ``document``, which stands at ``path``; containers first.

    Unlike `wendelin.core.model.objects.copying.walk` it does not leave out placeholders: they have to be removed too.
    """
    if isinstance(document, Folder):
        for id in document:
            child, child_path = document.get_child(id), f"{path}/{id}"
            yield child_path, child
            yield from walk_below(child, child_path)


def paths_below(document: object, path: str) -> Iterator[str]:
    """Paths of all documents below ``document``, which stands at ``path``; containers first."""
    return (found for found, _ in walk_below(document, path))
