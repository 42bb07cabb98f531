"""Copying, moving and removing documents with all that is below them; subscribers hear of every part.

A copy is made by serialising: persistent parts (BTrees, big files) are copied too, documents outside the copied part
are referred to. What belongs to one document alone (number, dates, owner, workflow states, local roles) starts anew.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from wendelin.core import contracts
from wendelin.core.errors import BadRequest, DisallowedContent, NotFound
from wendelin.core.interfaces import IDocument, IFolder
from wendelin.core.model.objects.creation import identify
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import DocumentAdded, DocumentModified, DocumentMoved, DocumentRemoved, notify
from wendelin.core.model.objects.ids import generate_id
from wendelin.core.model.objects.relations import find_references, update_references
from wendelin.core.security import ADD, COPY, DELETE, VIEW, check_permission, require_permission

if TYPE_CHECKING:
    from wendelin.core.model.objects.folder import Folder

INDIVIDUAL = ("workflow_history", "_local_roles", "_owner", "creation_date", "modification_date", "_id_counter")


def walk(document: Document) -> Iterator[Document]:
    """The document and all below it, containers first."""
    yield document
    for child in document.objectValues() if hasattr(type(document), "objectValues") else ():
        yield from walk(child)


@contracts.announce_viewers.provides
def announce_viewers(document: IDocument) -> None:
    """Have the document and all below it catalogued anew: who may see them has changed."""
    if isinstance(document, Document):
        for part in walk(document):
            notify(DocumentModified(part))


def delete_children(container: IFolder, ids: Iterable[str]) -> None:
    """Delete children; all are there, and the current user may delete each of them, or nothing is deleted."""
    id_list = list(dict.fromkeys(ids))
    for id in id_list:
        require_permission(DELETE, container[id])
    for id in id_list:
        remove(container, id)


def remove(container: IFolder, id: str) -> None:
    """Take a child out, without asking for rights; subscribers are told of each part before it leaves.

    What a temporary copy (`Document.asContext`) holds is still in the original, and nothing happens to it.
    """
    if not container.isTempObject():
        for part in reversed(list(walk(container[id]))):
            notify(DocumentRemoved(part, part.__parent__))
    container.detach(id)


def move(document: Document, target: IDocument, new_id: str) -> None:
    """Put a document elsewhere, or under another id; relations that lead to it or into it follow."""
    moved = [(part, part.getPath(), find_references(part)) for part in walk(document)]
    document.__parent__.detach(document.__name__)
    target._attach(new_id, document)
    for part, old_path, references in moved:
        update_references(references, part)
        notify(DocumentMoved(part, old_path))


class _Copier(pickle.Pickler):
    """Pickles a document and what it owns; other documents, and parts that copy themselves, go by identity."""

    def __init__(self, stream: io.BytesIO, inside: set[int], shared: tuple[Any, ...] = ()) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self.inside = inside
        self.shared = {id(part) for part in shared}
        self.others: list[Any] = []

    def persistent_id(self, obj: object) -> int | None:
        if isinstance(obj, Document) or id(obj) in self.shared:
            if id(obj) in self.inside:
                return None
            self.others.append(obj)
        elif hasattr(type(obj), "__copy__") and isinstance(obj, Persistent):
            # Big files and arrays know how to share their extents with a copy. Mappings copy what is in memory.
            obj._p_activate()
            self.others.append(copy.copy(obj))
        else:
            return None
        return len(self.others) - 1


class _Builder(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, others: list[Any]) -> None:
        super().__init__(stream)
        self.others = others

    def persistent_load(self, pid: int) -> Any:
        return self.others[pid]


def duplicate(document: Document, with_children: bool = True) -> Any:
    """A copy of the document and all below it that the user may view, not yet anywhere; it starts its own life."""
    hidden: list[tuple[str, ...]] = []
    # Kept in a list: ids are good while objects are in memory.
    parts = list(_walk_visible(document, (), hidden)) if with_children else [document]
    stream = io.BytesIO()
    copier = _Copier(stream, {id(part) for part in parts}, () if with_children else _children_of(document))
    copier.dump(document)
    stream.seek(0)
    made = _Builder(stream, copier.others).load()
    for path in hidden:
        _leave_out(made, path)
    for part in walk(made) if with_children else [made]:
        _begin_anew(part)
    return made


def _walk_visible(document: Document, path: tuple[str, ...], hidden: list[tuple[str, ...]]) -> Iterator[Document]:
    """As `walk`, without what the current user may not view: the paths of that go into ``hidden``."""
    yield document
    for child in document.objectValues() if hasattr(type(document), "objectValues") else ():
        below = (*path, child.__name__)
        if check_permission(VIEW, child):
            yield from _walk_visible(child, below, hidden)
        else:
            hidden.append(below)


def _leave_out(made: Any, path: tuple[str, ...]) -> None:
    """Take a part out of a copy. What stands there is the original itself, which must not notice."""
    for id in path[:-1]:
        made = made._tree[id]
    del made._tree[path[-1]]
    made._count.change(-1)


def _children_of(document: Document) -> tuple[Any, ...]:
    """The records that hold the document's children."""
    document._p_activate()
    return tuple(document.__dict__[name] for name in ("_tree", "_count") if name in document.__dict__)


def _begin_anew(document: Document) -> None:
    for name in INDIVIDUAL:
        document.__dict__.pop(name, None)
    identify(document)


def copy_into(target: Folder, document: Document, id: str | None = None) -> Any:
    """Put a copy of a document, with all below it, into ``target``; returns the copy."""
    _check_allowed(target, document)
    made = duplicate(document)
    target._attach(id or _free_id(target, document.__name__), made)
    for part in walk(made):
        contracts.begin_workflows(part)
    _after_clone(made)
    for part in walk(made):
        notify(DocumentAdded(part, part.__parent__))
    return made


def copy_children(container: Folder, ids: list[str], target: Folder, id_list: list[Any] | None = None) -> list[Any]:
    """Copies of children, in ``target``; what the current user may not copy, or not put there, is refused first."""
    documents = [container[id] for id in ids]
    require_permission(ADD, target)
    for document in documents:
        require_permission(COPY, document)
    new_ids = id_list or [None] * len(documents)
    return [copy_into(target, document, id) for document, id in zip(documents, new_ids, strict=True)]


def _after_clone(document: Document) -> None:
    method = document.getTypeBasedMethod("afterClone")
    if method is not None:
        method()


def _free_id(target: Folder, id: str) -> str:
    """A number where the container's ids are numbers; else the old id with a suffix."""
    if id.isdigit() or target.getTypeInfo().id_generator:
        return generate_id(target)
    candidate, number = (id, 1) if target.get_child(id) is None else (f"copy_of_{id}", 1)
    while target.get_child(candidate) is not None:
        number += 1
        candidate = f"copy{number}_of_{id}"
    return candidate


def _check_allowed(target: Folder, document: Document) -> None:
    allowed: Iterable[str] = target.getTypeInfo().allowed_content_type_list
    if document.portal_type not in allowed:
        raise DisallowedContent(f"{target.getPath()} does not take {document.portal_type!r}")


def paste(target: Folder, clipboard: tuple[str, ...]) -> list[Document]:
    """Copy or move what `manage_copyObjects` or `manage_cutObjects` named; everything is checked before the first."""
    operations: dict[str, Callable[[Folder, Document], Document]] = {"copy": copy_into, "cut": _move_into}
    if not clipboard or clipboard[0] not in operations:
        raise BadRequest("nothing to paste: copy or cut something first")
    site = target.getPortalObject()
    documents = [site.unrestrictedTraverse(url, None) for url in clipboard[1:]]
    for url, document in zip(clipboard[1:], documents, strict=True):
        if document is None:
            raise NotFound(f"{url} is not there any more")
        _check_allowed(target, document)
        require_permission(COPY, document)
        if clipboard[0] == "cut":
            require_permission(DELETE, document)
    return [operations[clipboard[0]](target, document) for document in documents]


def _move_into(target: Folder, document: Document) -> Document:
    if target in walk(document):
        raise BadRequest(f"{document.getPath()} cannot be moved into itself")
    if document.__parent__ is not target:
        id = document.__name__
        move(document, target, id if target.get_child(id) is None else _free_id(target, id))
    return document


def temporary_copy(document: Document) -> Any:
    """A copy that has the same place and number, but is not kept: for `Document.asContext`.

    What is below the document is not copied: its children are reached through the copy as they are, with their own
    rights, and adding to the copy or deleting from it leaves the original alone.
    """
    children = document.__dict__.get("_tree") if document._loaded() else None
    made = duplicate(document, with_children=False)
    if children is not None:
        made._tree, made._count = OOBTree(children), Length(len(document))
    made.__parent__, made.__name__ = document.__parent__, document.__name__
    made.uid, made.temporary = document.uid, True
    made.workflow_history = document.workflow_history
    return made
