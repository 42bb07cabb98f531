"""Removing and moving documents with all that is below them, so that subscribers hear of every part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wendelin.core.model.objects.events import DocumentMoved, DocumentRemoved, notify
from wendelin.core.security import DELETE, require_permission

if TYPE_CHECKING:
    from wendelin.core.model.objects.document import Document


def walk(document: Document) -> Iterator[Document]:
    """The document and all below it, containers first."""
    from wendelin.core.model.objects.folder import Folder

    yield document
    if isinstance(document, Folder):
        for child in document.objectValues():
            yield from walk(child)


def delete_children(container: Any, ids: Iterable[str]) -> None:
    """Delete children; all are there, and the current user may delete each of them, or nothing is deleted."""
    id_list = list(dict.fromkeys(ids))
    for id in id_list:
        require_permission(DELETE, container[id])
    for id in id_list:
        remove(container, id)


def remove(container: Any, id: str) -> None:
    """Take a child out, without asking for rights; subscribers are told of each part before it leaves.

    What a temporary copy (`Document.asContext`) holds is still in the original, and nothing happens to it.
    """
    if not container.isTempObject():
        for part in reversed(list(walk(container[id]))):
            notify(DocumentRemoved(part, part.__parent__))
    container._detach(id)


def move(document: Any, target: Any, new_id: str) -> None:
    """Put a document elsewhere, or under another id; relations that lead to it or into it follow."""
    from wendelin.core.model.portal_types.categories import find_references, update_references

    moved = [(part, part.getPath(), find_references(part)) for part in walk(document)]
    document.__parent__._detach(document.__name__)
    target._attach(new_id, document)
    for part, old_path, references in moved:
        update_references(references, part)
        notify(DocumentMoved(part, old_path))
