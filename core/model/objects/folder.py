"""Documents that hold documents. Children live in a BTree; nearly every document can hold some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree

from wendelin.core.database import is_broken
from wendelin.core.errors import DuplicateId, NotFound, Unauthorized
from wendelin.core.model.objects.copying import copy_children, delete_children, move, paste
from wendelin.core.model.objects.creation import create
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import DocumentAdded, notify
from wendelin.core.model.objects.ids import IdCounter, check_address, check_id
from wendelin.core.security import (
    ACCESS,
    ADD,
    COPY,
    DELETE,
    MODIFY,
    VIEW,
    check_permission,
    get_user,
    private,
    protected,
    public,
)

RAISE = object()
#: Arguments of ERP5's ``newContent`` about activities and indexing.
LATER = frozenset(
    {"activate_kw", "reindex_kw", "is_indexable", "immediate_reindex", "compute_local_role", "notify_workflow"}
)


class Folder(Document):
    """A document with children, reached as ``folder["1"]`` and ``folder.child_id``."""

    #: Attributes of this class and those above it are not acquired; those of a class that inherits from it are.
    plain_container = True

    _tree: Any = None
    _count: Any = None
    _id_counter: IdCounter | None = None

    # -- reading

    @private
    def get_child(self, name: str) -> Any:
        """The child with that id, or None."""
        tree = self.__dict__.get("_tree") if self._loaded() else None
        return None if tree is None else tree.get(name)

    def __getitem__(self, name: str) -> Any:
        child = self.get_child(name)
        if child is None:
            raise NotFound(f"{self.getPath()} has no {name!r}")
        return child

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get_child(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree or ())

    @private
    def ids_behind(self, id: str) -> Iterator[str]:
        """The ids that follow ``id`` in the order of iteration, found without passing over those before it."""
        return iter(() if self._tree is None else self._tree.keys(id, None, True))

    def __len__(self) -> int:
        return self._count() if self._count is not None else 0

    def __bool__(self) -> bool:
        return True

    @protected(ACCESS)
    def get(self, name: str, default: object = None) -> Any:
        """The child with that id, or ``default``."""
        child = self.get_child(name)
        return default if child is None else child

    @protected(ACCESS)
    def objectIds(self, portal_type: str | Iterable[str] | None = None) -> list[str]:
        """The ids of the children, in their order; of those portal types only where some are given."""
        return [child.__name__ for child in self.iterate(portal_type)] if portal_type else list(self)

    @protected(ACCESS)
    def objectValues(self, portal_type: str | Iterable[str] | None = None) -> list[Document]:
        """The children, in the order of their ids; of those portal types only where some are given."""
        return list(self.iterate(portal_type))

    @private
    def iterate(self, portal_type: str | Iterable[str] | None = None) -> Iterator[Any]:
        """As `objectValues`, one at a time: memory stays bounded in a folder of millions.

        Placeholders (documents whose plugin is not installed at present) are left out here, as in searches.
        """
        wanted = frozenset((portal_type,)) if isinstance(portal_type, str) else frozenset(portal_type or ())
        for child in (self._tree or {}).values():
            if not is_broken(child) and (not wanted or child.portal_type in wanted):
                yield child

    @protected(ACCESS)
    def contentValues(
        self,
        portal_type: str | Iterable[str] | None = None,
        checked_permission: str | None = VIEW,
        sort_on: str | list[tuple[str, str]] | None = None,
    ) -> list[Document]:
        """The children that the current user may see (``checked_permission``), sorted by properties."""
        found = [
            child
            for child in self.iterate(portal_type)
            if checked_permission is None or check_permission(checked_permission, child)
        ]
        keys = [(sort_on, "ascending")] if isinstance(sort_on, str) else list(sort_on or ())
        for key, *order in reversed(keys):
            descending = bool(order) and order[0].lower().startswith("desc")
            found.sort(key=lambda child: _sortable(child.getProperty(key)), reverse=descending)
        return found

    @protected(ACCESS)
    def hasContent(self) -> bool:
        """Whether there is any child."""
        return bool(self._tree)

    @protected(ACCESS)
    def searchFolder(self, **kw: Any) -> Any:
        """Catalog search among the children."""
        return self.getPortalObject().portal_catalog(parent_uid=self.getUid(), **kw)

    @protected(ACCESS)
    def countFolder(self, **kw: Any) -> Any:
        """``[[number]]`` of the children that the catalog finds for the conditions."""
        return self.getPortalObject().portal_catalog.countResults(parent_uid=self.getUid(), **kw)

    @private
    def unrestrictedTraverse(self, path: str | Iterable[str], default: object = RAISE) -> Any:
        """The document at a path below this one, without asking for rights; from the site if it begins with "/"."""
        names = path.split("/") if isinstance(path, str) else list(path)
        here: Document | None = self
        if names and names[0] == "":
            site = self.getPortalObject()
            here = site
            names = names[2:] if len(names) > 1 and site is not None and names[1] == site.__name__ else names[1:]
        for name in filter(None, names):
            here = here.get_child(name) if here is not None else None
            if here is None or is_broken(here):
                if default is RAISE:
                    raise NotFound(f"{self.getPath()}: nothing at {'/'.join(names)!r}")
                return default
        return here

    @public
    def restrictedTraverse(self, path: str | Iterable[str], default: object = RAISE) -> Any:
        """As `unrestrictedTraverse`, for what the current user may view; else `Unauthorized`."""
        found = self.unrestrictedTraverse(path, default)
        if isinstance(found, Document) and found is not self and not check_permission(VIEW, found):
            if default is not RAISE:
                return default
            raise Unauthorized(f"user {get_user().id!r} may not view {found.getPath()}")
        return found

    # -- adding

    @public
    def allowedContentTypes(self) -> list[str]:
        """The portal types that may be added here, hidden ones too."""
        return list(self.getTypeInfo().allowed_content_type_list)

    @public
    def getVisibleAllowedContentTypeList(self) -> list[str]:
        """The portal types of the Add menu: allowed, not hidden, and permitted to the current user."""
        info, site = self.getTypeInfo(), self.getPortalObject()
        hidden = set(info.hidden_content_type_list)
        return [
            name
            for name in info.allowed_content_type_list
            if name not in hidden and check_permission(site.type_information(name).permission or ADD, self)
        ]

    @protected(ACCESS)
    def keys(self) -> list[str]:
        """The ids of the children: a folder can be read as a dictionary."""
        return list(self)

    @protected(ACCESS)
    def values(self) -> list[Document]:
        """The same as `objectValues`."""
        return self.objectValues()

    @protected(ACCESS)
    def items(self) -> list[tuple[str, Document]]:
        """Ids and children."""
        return [(child.__name__, child) for child in self.iterate()]

    @protected(ADD)
    def newContent(
        self, id: str | None = None, portal_type: str | None = None, temp_object: bool = False, **kw: Any
    ) -> Any:
        """Create a document here and return it.

        ``portal_type`` may be left out where only one type is allowed; ``id`` is generated where none is given. With
        ``temp_object`` the document knows this folder as its container but is not kept. Raises `DisallowedContent`,
        `InvalidId`, `DuplicateId`, `BadRequest`, and `Unauthorized` where the portal type asks for a permission of its
        own; then nothing is added. What ERP5 takes besides (``activate_kw``, ``is_indexable``, ...) says how things are
        done later that are done at once here: it is accepted and makes no difference.
        """
        values = {key: value for key, value in kw.items() if key not in LATER}
        return create(self, id, portal_type, temp_object, values)

    def _check_free(self, id: str) -> None:
        check_id(id)
        if self.get_child(id) is not None:
            raise DuplicateId(f"{self.getPath()} already has {id!r}")

    def _setObject(self, id: str, document: Document) -> None:
        """Attach a document that is ready, and tell subscribers."""
        self._attach(id, document)
        notify(DocumentAdded(document, self))

    def _attach(self, id: str, document: Document) -> None:
        self._check_free(id)
        if self._tree is None:
            self._tree, self._count = OOBTree(), Length()
        document.__name__, document.__parent__ = id, self
        self._tree[id] = document
        self._count.change(1)

    @private
    def id_counter(self) -> IdCounter:
        """The record that ids are reserved on."""
        if self._id_counter is None:
            self._id_counter = IdCounter()
        return self._id_counter

    # -- removing, moving, copying

    @protected(DELETE)
    def manage_delObjects(self, ids: str | Iterable[str]) -> None:
        """Delete children. Raises `NotFound` or `Unauthorized` before anything is deleted when one cannot be."""
        delete_children(self, [ids] if isinstance(ids, str) else ids)

    @protected(DELETE)
    def deleteContent(self, id: str | Iterable[str]) -> None:
        """The same as `manage_delObjects`."""
        self.manage_delObjects(id)

    @private
    def detach(self, id: str) -> Document:
        """Take a child out, and tell nobody: `remove` and `move` of the module `copying` do that."""
        document: Document = self[id]
        del self._tree[id]
        self._count.change(-1)
        return document

    @protected(MODIFY)
    def manage_renameObject(self, id: str, new_id: str) -> None:
        """Give a child another id; its relations from elsewhere follow."""
        self._check_free(check_address(self, new_id))
        move(self[id], self, new_id)

    @protected(COPY)
    def manage_copyObjects(self, ids: str | Iterable[str]) -> tuple[str, ...]:
        """What `manage_pasteObjects` of another container takes to copy these children."""
        return ("copy", *self._clipped(ids))

    @protected(COPY)
    def manage_cutObjects(self, ids: str | Iterable[str]) -> tuple[str, ...]:
        """What `manage_pasteObjects` of another container takes to move these children."""
        return ("cut", *self._clipped(ids))

    def _clipped(self, ids: str | Iterable[str]) -> list[str]:
        return [self[id].getRelativeUrl() for id in ([ids] if isinstance(ids, str) else ids)]

    @protected(ADD)
    def manage_pasteObjects(self, clipboard: Iterable[str]) -> list[Document]:
        """Copy or move here what another container put on the clipboard; returns the documents as they are here."""
        return paste(self, tuple(clipboard))

    @protected(ADD)
    def copyContent(
        self, ids: Iterable[str], target: Folder | None = None, id_list: list[str | None] | None = None
    ) -> list[Any]:
        """Copies of children, in ``target`` or here, under ``id_list`` or new ids."""
        return copy_children(self, list(ids), target if target is not None else self, id_list)


def _sortable(value: object) -> tuple[int, Any]:
    """A key that puts what is not set first and never compares different kinds."""
    if value is None:
        return (0, 0)
    if isinstance(value, int | float):
        return (1, value)
    return (2, value.casefold() if isinstance(value, str) else str(value))
