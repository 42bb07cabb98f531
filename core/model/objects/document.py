"""Documents: persistent objects with a place in the site, a portal type, properties, categories and a history.

Properties are plain attributes under their property's id; categories are the tuple ``categories``. What a document can
do comes from its class, and from its portal type: `Document.__getattr__` finds the rest
(`wendelin.core.model.objects.attributes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from persistent import Persistent

from wendelin.core import contracts
from wendelin.core.interfaces import ITypeInformation
from wendelin.core.model.objects import attributes, editing, relations
from wendelin.core.model.objects.editing import hookable
from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.model.objects.properties import camel_case
from wendelin.core.security import (
    ACCESS,
    CHANGE_LOCAL_ROLES,
    MODIFY,
    VIEW,
    lineage,
    private,
    protected,
    public,
    require_permission,
    set_local_roles,
)

GENERATED_PREFIXES = ("_set",)


class Document(Persistent):
    """Anything kept in a site. Class attributes are the defaults of old records: never remove one without evolution."""

    __name__: str = ""
    __parent__: Any = None
    portal_type: str = ""
    title: str | None = None
    uid: int = 0
    categories: tuple[str, ...] = ()
    workflow_history: Any = None
    creation_date: datetime | None = None
    modification_date: datetime | None = None
    _owner: str
    temporary: bool = False
    is_site = False
    __array_ufunc__ = None  # NumPy does not compute with documents

    def __array__(self, *args: object, **kw: object) -> NoReturn:
        """NumPy takes no document for a sequence: it would read the document without asking for rights."""
        raise TypeError(f"{self!r} is no array")

    def __repr__(self) -> str:
        return f"<{self.portal_type or type(self).__name__} {self.getPath()}>"

    def __getattr__(self, name: str) -> Any:
        # Called only when the instance and its class have no such name, or when a property of the class raised.
        if name.startswith("_") and not name.startswith(GENERATED_PREFIXES):
            raise AttributeError(name)
        if hasattr(type(self), name):
            return super().__getattribute__(name)  # the property's own error, never a container's attribute
        return attributes.lookup(self, name)

    def _initialise(self) -> None:
        """For document classes: called on a new document before its first properties are set."""

    # -- identity and place

    @public
    def getId(self) -> str:
        """The last segment of the path."""
        return self.__name__

    @protected(MODIFY)
    def setId(self, id: str) -> None:
        """Rename within the container; relations that lead here are brought along."""
        if id != self.__name__:
            self.__parent__.manage_renameObject(self.__name__, id)

    @public
    def getUid(self) -> int:
        """The document's number in the catalog; it never changes."""
        return self.uid

    @public
    def getPath(self) -> str:
        """``/erp5/data_stream_module/1``."""
        names = [document.__name__ for document in lineage(self)]
        return "/" + "/".join(reversed(names))

    @public
    def getRelativeUrl(self) -> str:
        """The path below the site: ``data_stream_module/1``."""
        names = [document.__name__ for document in lineage(self)]
        return "/".join(reversed(names[:-1]))

    @public
    def absolute_url(self, relative: bool = False) -> str:
        """The path; the web application puts scheme and host before it."""
        return self.getRelativeUrl() if relative else self.getPath()

    @public
    def getPortalType(self) -> str:
        """The name of the portal type."""
        return self.portal_type

    @public
    def getPortalTypeName(self) -> str:
        """The same as `getPortalType`: scripts of the original use both."""
        return self.portal_type

    @public
    def getParentValue(self) -> Any:
        """The container; None for a document that is nowhere."""
        return self.__parent__

    @public
    def getPortalObject(self) -> Any:
        """The site that the document is in, also for a temporary one; None for one that is nowhere."""
        document = self
        while (parent := document.__parent__) is not None:
            document = parent
        return document if type(document).is_site else None

    @public
    def isTempObject(self) -> bool:
        """Whether the document is not kept: made with ``temp_object``, or by `asContext`."""
        return self.temporary

    @private
    def get_child(self, name: str) -> Any:
        """A document that holds nothing has no children."""
        return None

    @public
    def getTypeInfo(self) -> ITypeInformation:
        """What the portal type says, compiled (`wendelin.core.model.portal_types.types`)."""
        site = self.getPortalObject()
        if site is None:
            return contracts.untyped(self.portal_type)
        info: ITypeInformation = site.type_information(self.portal_type)
        return info

    # -- titles and dates

    @protected(ACCESS)
    def getTitle(self, default: str | None = None) -> str:
        """The title; the id where none is set."""
        return self.title or default or self.__name__

    @protected(ACCESS)
    def getTitleOrId(self) -> str:
        """The same as `getTitle`, which never is empty."""
        return self.getTitle()

    @protected(ACCESS)
    def getCreationDate(self) -> datetime | None:
        """When the document was created, in UTC."""
        return self.creation_date

    @protected(ACCESS)
    def getModificationDate(self) -> datetime | None:
        """When the document was changed last, in UTC."""
        return self.modification_date

    @protected(ACCESS)
    def getOwner(self) -> str:
        """The id of the user who created the document."""
        return self.__dict__.get("_owner", "") if self._loaded() else ""

    @private
    def set_owner(self, user_id: str) -> None:
        """Let somebody own the document: for code that creates on behalf of others."""
        self._owner = user_id

    def _loaded(self) -> bool:
        self._p_activate()
        return True

    # -- properties

    @protected(ACCESS)
    def getProperty(self, id: str, default: object = None) -> Any:
        """The value of a property, category or workflow state of this document itself; nothing is acquired."""
        return editing.get_property(self, id, default)

    @protected(MODIFY)
    def setProperty(self, id: str, value: object) -> None:
        """Change one property."""
        self.edit(**{id: value})

    @protected(ACCESS)
    def hasProperty(self, id: str) -> bool:
        """Whether a value is set on this document itself."""
        method = attributes.own_method(self, "has" + camel_case(id))
        return bool(method()) if method is not None else editing.get_property(self, id) is not None

    @protected(ACCESS)
    def getPropertyIdList(self) -> list[str]:
        """The ids of the properties that the portal type defines."""
        return list(self.getTypeInfo().property_dict)

    @protected(MODIFY)
    @hookable
    def edit(self, **kw: Any) -> None:
        """Change properties and categories; the change is dated, recorded in the history, and catalogued once.

        Raises `BadRequest` for a name that the portal type does not know or a value it cannot take; then nothing is
        changed.
        """
        changed = self._edit(**kw)
        if changed:
            self.modification_date = datetime.now(UTC)
            if not self.isTempObject():
                contracts.record_edit(self)
            notify(DocumentModified(self, frozenset(changed)))

    def _edit(self, **kw: Any) -> list[str]:
        """As `edit`, without date, history and catalog; returns the names of what changed."""
        return editing.set_properties(self, kw)

    @protected(MODIFY)
    def reindexObject(self, *args: Any, **kw: Any) -> None:
        """Tell the catalog to look at this document again."""
        notify(DocumentModified(self))

    # -- categories

    @protected(ACCESS)
    def getCategoryList(self) -> list[str]:
        """``["resource/data_product_module/1", ...]``."""
        return list(self.categories)

    @protected(MODIFY)
    def setCategoryList(self, category_list: Iterable[str]) -> None:
        """Replace all relations at once."""
        new = tuple(dict.fromkeys(category_list))
        if new != self.categories:
            self.categories = new
            notify(DocumentModified(self, frozenset(("categories",))))

    @protected(ACCESS)
    def isMemberOf(self, category: str) -> bool:
        """Whether a relation leads to that category or below it: ``use/big_data``."""
        base, _, path = category.partition("/")
        return any(url == path or url.startswith(path + "/") for url in relations.url_list(self, base))

    # -- skins, workflows, roles, activities

    @protected(VIEW)
    def getTypeBasedMethod(self, method_id: str, fallback_script_id: str | None = None) -> Any:
        """The skin method ``<Type>_<method_id>`` of the portal type or of a class above; else the fallback; or None."""
        return contracts.type_based_method(self, method_id, fallback_script_id)

    @protected(ACCESS)
    def checkConsistency(self, fixit: bool = False, **kw: Any) -> list[str]:
        """What is wrong with the document, as messages; empty when all is well. ``fixit`` repairs what can be."""
        if fixit:
            require_permission(MODIFY, self)
        return editing.check_consistency(self, fixit)

    @protected(ACCESS)
    def getLocalRoles(self) -> Mapping[str, tuple[str, ...]]:
        """Roles that users have on this document and below it."""
        self._p_activate()
        return dict(self.__dict__.get("_local_roles") or {})

    @protected(CHANGE_LOCAL_ROLES)
    def manage_setLocalRoles(self, user_id: str, role_list: Iterable[str]) -> None:
        """Give a user roles here and below; an empty list takes them away."""
        set_local_roles(self, user_id, role_list)

    @protected(VIEW)
    def skinSuper(self, layer: str, method_id: str) -> Any:
        """What a skin method overrides: the definition in the layers after ``layer``, bound to this document."""
        return contracts.skin_super(self, layer, method_id)

    @private
    def activate(self, **kw: Any) -> Any:
        """``document.activate(tag="x").method(arguments)`` runs the method later, in a worker (activities)."""
        return contracts.activate(self, False, kw)

    @protected(ACCESS)
    def hasActivity(self, **kw: Any) -> bool:
        """Whether something is still to be done on this document."""
        return bool(self.getPortalObject().portal_activities.hasActivity(document=self, **kw))

    @protected(ACCESS)
    def Base_getRelatedObjectList(self, portal_type: relations.TypeFilter = None, **kw: Any) -> list[Any]:
        """The documents that have a relation to this one, of whatever base category, and that the user may view."""
        return relations.referring_value_list(self, portal_type, kw)

    @protected(VIEW)
    def Base_createCloneDocument(self, id: str | None = None) -> Any:
        """A copy beside the original: same properties and children, workflows at their start."""
        return self.__parent__.copyContent([self.__name__], id_list=[id] if id else None)[0]

    # -- as somebody else sees it

    @protected(ACCESS)
    def asContext(self, **kw: Any) -> Any:
        """A temporary copy of this document with other property values; the original and the database stay as is."""
        from wendelin.core.model.objects.copying import temporary_copy

        copy = temporary_copy(self)
        copy._edit(**kw)
        return copy
