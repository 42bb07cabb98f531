"""Skins: methods that are data. Layers of scripts, templates, files and trusted functions, found by name on documents.

``portal_skins`` holds `SkinFolder` documents, the layers. The layer with the highest ``priority`` answers first, then
the one whose id sorts first; ``custom`` has priority 100: what is changed in the site overrides what plugins brought.
`find_method` looks a name up in one dictionary, made anew when ``site.type_token`` says that something changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from wendelin.core import contracts
from wendelin.core.errors import AttributeNotFound, BadRequest, NotFound
from wendelin.core.interfaces import IDocument, ISkinMethod
from wendelin.core.model.objects.copying import remove
from wendelin.core.model.objects.creation import identify
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import (
    DocumentAdded,
    DocumentEvent,
    DocumentModified,
    DocumentMoved,
    DocumentRemoved,
)
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import Site
from wendelin.core.model.scripting import logs
from wendelin.core.model.scripting.scripts import BoundScript
from wendelin.core.model.scripting.skin_items import SkinFile, SkinItem, TrustedMethod, from_file
from wendelin.core.registry import PluginConfig
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, private, protected

__all__ = [
    "CUSTOM",
    "SkinFile",
    "SkinFolder",
    "SkinItem",
    "SkinMethod",
    "SkinsTool",
    "TrustedMethod",
    "find_method",
    "get_type_based_method",
    "method_id_list",
    "skin_super",
]

CUSTOM = "custom"
CUSTOM_PRIORITY = 100.0


@dataclass(frozen=True, slots=True)
class SkinMethod:
    """One entry of the compiled lookup: the skin document that answers to ``id``."""

    id: str
    layer: str
    document: SkinItem

    @property
    def published(self) -> str:
        """The permission by which the method is reached by URL; "" when it is not."""
        return str(self.document.published or "")

    @property
    def request_method(self) -> str:
        """The HTTP method that may call it: "POST" unless the method says that it only reads."""
        return self.document.request_method or type(self.document).request_method

    @property
    def content_type(self) -> str:
        """What a published method answers with, unless it says otherwise; "" for a script."""
        return getattr(self.document, "content_type", "") or ""

    @property
    def title(self) -> str:
        """The document's title, or the id."""
        return self.document.title or self.id

    def bind(self, context: IDocument, traverse_subpath: tuple[str, ...] = ()) -> Any:
        """A callable that runs the method on ``context``; a script sees the ``traverse_subpath`` of the URL."""
        bound = self.document.bind(cast(Document, context))
        if traverse_subpath and isinstance(bound, BoundScript):
            bound.traverse_subpath = tuple(traverse_subpath)
        return bound


class SkinFolder(Folder):
    """A layer: methods by id. The layer with the highest ``priority`` answers first."""

    priority: float = 0.0
    permission_map = MANAGER_PERMISSION_MAP

    @private
    def detach(self, id: str) -> Document:
        """As every folder's, and forget what was remembered of the child."""
        detached = super().detach(id)
        touch(self)  # once more: DocumentRemoved is told before the document leaves
        return detached

    @private
    def method_list(self) -> Iterator[SkinMethod]:
        """The entries of this layer."""
        for item in self.iterate():
            if isinstance(item, SkinItem):
                yield SkinMethod(item.getId(), self.getId(), item)

    @private
    def put(self, id: str, item: SkinItem) -> SkinItem:
        """Attach an item, in the place of what had that id."""
        if id in self:
            remove(self, id)
        identify(item)
        self._setObject(id, item)
        return item

    @private
    def put_file(self, file_name: str, data: bytes) -> SkinItem:
        """Make the item of a file of a business template: ``.py`` a script, ``.pt`` a template, else a file."""
        return self.put(*from_file(file_name, data))


class CallablesTool(SkinFolder):
    """``portal_callables``: a layer of scripts at the root of the site, as ERP5 has it."""

    portal_type: str = "Callable Tool"


class SkinsTool(Folder):
    """``portal_skins``: holds the layers."""

    permission_map = MANAGER_PERMISSION_MAP

    @private
    def detach(self, id: str) -> Document:
        """As every folder's, and forget what was remembered of the child."""
        detached = super().detach(id)
        touch(self)
        return detached

    @private
    def layer(self, id: str, priority: float | None = None) -> SkinFolder:
        """The layer of that id, made at first use; ``priority`` is set where one is given."""
        folder: SkinFolder | None = self.get_child(id)
        if folder is None:
            folder = SkinFolder()
            folder.portal_type = "Skin Folder"
            folder.priority = CUSTOM_PRIORITY if id == CUSTOM else float(priority or 0)
            identify(folder)
            self._setObject(id, folder)
        elif priority is not None and id != CUSTOM and folder.priority != priority:
            folder.priority = float(priority)
            touch(self)
        return folder

    @private
    def layer_list(self) -> list[SkinFolder]:
        """All layers in the order in which they are asked; ``portal_callables`` is one of them."""
        callables = self.__parent__.get_child("portal_callables") if self.__parent__ is not None else None
        layers = [folder for folder in (*self.iterate(), callables) if isinstance(folder, SkinFolder)]
        return sorted(layers, key=lambda folder: (-_priority(folder), folder.getId()))

    @private
    def definition_list(self, id: str) -> list[SkinMethod]:
        """Every definition of a method, the one that answers first."""
        layers = (folder for folder in self.layer_list() if id in folder)
        return [SkinMethod(id, folder.getId(), folder[id]) for folder in layers if isinstance(folder[id], SkinItem)]

    @protected(MANAGE)
    def customise(self, method_id: str) -> SkinItem:
        """Copy what answers to ``method_id`` into ``custom``, where it can be changed; return the copy."""
        found = find_method(self.getPortalObject(), method_id)
        if found is None:
            raise NotFound(f"no layer of {self.getPath()} has a method {method_id!r}")
        if found.layer == CUSTOM:
            raise BadRequest(f"{method_id!r} is in {CUSTOM!r} already: {found.document.getPath()}")
        return self.layer(CUSTOM).put(method_id, found.document.copy())

    def _initialise(self) -> None:
        """A new site has a layer ``custom``."""
        self.layer(CUSTOM)


def _priority(folder: SkinFolder) -> float:
    return CUSTOM_PRIORITY if folder.getId() == CUSTOM else folder.priority


def _table(site: Site) -> dict[str, SkinMethod]:
    """The compiled lookup of a site, made anew when its type token changes."""
    kept = site.compiled("skins")
    table: dict[str, SkinMethod] | None = kept.get("methods")
    if table is None:
        table = kept["methods"] = {}
        tool = site.get_child("portal_skins")
        for folder in reversed(tool.layer_list() if tool is not None else ()):
            table.update({method.id: method for method in folder.method_list()})
    return table


def find_method(site: Site, name: str) -> SkinMethod | None:
    """The method that answers to ``name`` in this site, or None; one dictionary lookup."""
    return _table(site).get(name)


def method_id_list(site: Site) -> list[str]:
    """The ids of all methods that can be called, sorted."""
    return sorted(_table(site))


def type_based_id_list(document: IDocument, method_id: str) -> Iterator[str]:
    """The ids under which a type-based method is looked for: portal type first, then the classes, nearest first."""
    names = [document.portal_type, *(cls.__name__ for cls in type(document).__mro__ if issubclass(cls, Document))]
    for name in dict.fromkeys(name.replace(" ", "") for name in names if name):
        yield f"{name}_{method_id}"


@contracts.find_skin_method.provides
def find_skin_method(document: IDocument, name: str) -> ISkinMethod | None:
    """The skin method that ``document.<name>`` means: its full id, ``<Type>_<name>``, or ``Base_<name>``; or None."""
    site = document.getPortalObject()
    if site is None:
        return None
    found = find_method(site, name)
    if found is None and "_" not in name:
        prefix = document.portal_type.replace(" ", "")
        found = find_method(site, f"{prefix}_{name}") or find_method(site, f"Base_{name}")
    return found


@contracts.type_based_method.provides
def get_type_based_method(
    document: IDocument, method_id: str, fallback_script_id: str | None = None
) -> Callable[..., Any] | None:
    """``<Type>_<method_id>`` bound to the document; else the fallback, bound; else None."""
    site = document.getPortalObject()
    if site is None:
        return None
    for id in (*type_based_id_list(document, method_id), *filter(None, [fallback_script_id])):
        method = find_method(site, id)
        if method is not None:
            bound: Callable[..., Any] = method.bind(document)
            return bound
    return None


@contracts.skin_super.provides
def skin_super(document: IDocument, layer: str, method_id: str) -> Callable[..., Any]:
    """The definition of a method in the layers after ``layer``, bound to ``document``.

    What an overriding script calls to reach what it overrides. Raises `AttributeNotFound`.
    """
    definitions = document.getPortalObject().portal_skins.definition_list(method_id)
    names = [method.layer for method in definitions]
    after = definitions[names.index(layer) + 1 :] if layer in names else []
    if not after:
        raise AttributeNotFound(document.getPath(), method_id, [f"the skin layers after {layer!r}"])
    bound: Callable[..., Any] = after[0].bind(document)
    return bound


def touch(document: Document) -> None:
    """Let every process make its table of methods anew."""
    site = document.getPortalObject()
    if site is not None:
        site.touch_types()


def on_place_changed(event: DocumentEvent) -> None:
    """Make the tables of methods anew after a layer or an item was added or moved, or before it is removed."""
    if isinstance(event.document, SkinFolder | SkinItem):
        touch(event.document)


def on_modified(event: DocumentModified) -> None:
    """Make the tables anew after a layer changed, perhaps its priority. Items are read when they are called."""
    if isinstance(event.document, SkinFolder):
        touch(event.document)


def includeme(config: PluginConfig) -> None:
    """Watch the layers, and let scripts write into the log."""
    config.allow_module("Products.ERP5Type.Log", ["log"], module=logs.__name__)
    for event_class in (DocumentAdded, DocumentMoved, DocumentRemoved):
        config.add_subscriber(event_class, on_place_changed)
    config.add_subscriber(DocumentModified, on_modified)
