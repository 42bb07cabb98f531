"""Portal types: what a kind of document is, as data that can be changed in the site.

A `PortalType` document is the data; `TypeInformation` is what lookups use: the same, with all methods that its property
sheets, base categories and workflows generate. It is compiled at first use and kept per database connection until
anything it was made from changes (``site.type_token``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from wendelin.core import contracts
from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import ISite, ITypeInformation
from wendelin.core.model.objects.accessors import make_property_accessors
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import CategoryProperty, Property, from_data, to_data
from wendelin.core.model.objects.relations import make_category_accessors, make_related_accessors
from wendelin.core.model.objects.site import group_type_list
from wendelin.core.model.portal_types.actions import Action, Dialog, Form
from wendelin.core.model.portal_types.definition_text import DefinitionTables
from wendelin.core.model.portal_types.known_names import check_names, document_class_of
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, protected

DEFAULT_CLASS = "wendelin.core.model.objects.folder.Folder"
IMPLIED_SHEETS = ("Base",)
AGGREGATE = "aggregate"


class TypesTool(Folder):
    """``portal_types``: portal types by name."""

    portal_type = "Types Tool"
    permission_map = MANAGER_PERMISSION_MAP


class ActionTool(Folder):
    """``portal_actions``: actions that are offered everywhere (``category`` "global" or "user")."""

    portal_type = "Action Tool"
    permission_map = MANAGER_PERMISSION_MAP
    action_list: tuple[Action, ...] = ()


class PortalType(DefinitionTables, Folder):
    """One portal type. The attributes are the keys of ``portal_types/<Type>.toml``."""

    portal_type = "Base Type"
    description: str = ""
    type_class: str = DEFAULT_CLASS
    type_icon: str = ""
    id_generator: str = ""
    permission: str = ""
    init_script: str = ""
    property_sheet_list: tuple[str, ...] = ()
    base_category_list: tuple[str, ...] = ()
    allowed_content_type_list: tuple[str, ...] = ()
    hidden_content_type_list: tuple[str, ...] = ()
    workflow_list: tuple[str, ...] = ()
    type_group_list: tuple[str, ...] = ()
    field_list: tuple[str, ...] = ()
    list_column_list: tuple[str, ...] = ()
    action_list: tuple[Action, ...] = ()
    form_list: tuple[Form, ...] = ()
    dialog_list: tuple[Dialog, ...] = ()
    definition_keys = ("action", "form", "dialog")

    editable_attributes = frozenset(
        {
            "description",
            "type_class",
            "type_icon",
            "id_generator",
            "permission",
            "init_script",
            "property_sheet_list",
            "base_category_list",
            "allowed_content_type_list",
            "hidden_content_type_list",
            "workflow_list",
            "type_group_list",
            "field_list",
            "list_column_list",
        }
    )

    @classmethod
    def from_data(cls, id: str, data: Mapping[str, Any]) -> PortalType:
        """Build from the mapping of ``portal_types/<id>.toml``; `BadRequest` says which key is wrong."""
        portal_type = cls()
        portal_type.__name__ = id
        portal_type._set_data(data)
        return portal_type

    def _set_data(self, data: Mapping[str, Any]) -> None:
        new: dict[str, Any] = {}
        for key, value in data.items():
            if key in _BUILDERS:
                new[f"{key}_list"] = tuple(_built(self.__name__, key, entry) for entry in value)
            elif key in self.editable_attributes or key == "title":
                new[key] = tuple(value) if isinstance(value, list) else value
            else:
                raise BadRequest(f"portal type {self.__name__!r} has no {key!r}")
        for key, value in new.items():
            setattr(self, key, value)

    @protected(MANAGE)
    def to_data(self) -> dict[str, Any]:
        """The reverse of `from_data`: only what differs from the defaults."""
        data: dict[str, Any] = {"title": self.title} if self.title else {}
        for key in sorted(self.editable_attributes):
            value = getattr(self, key)
            if value != getattr(type(self), key):
                data[key] = list(value) if isinstance(value, tuple) else value
        for key, entries in (("action", self.action_list), ("form", self.form_list), ("dialog", self.dialog_list)):
            if entries:
                data[key] = [to_data(entry) for entry in entries]
        return data

    def _edit(self, **kw: Any) -> list[str]:
        check_names(self, kw)
        changed = super()._edit(**kw)
        site = self.getPortalObject()
        if changed and site is not None:
            site.touch_types()
        return changed


_BUILDERS: Mapping[str, Callable[[Any], Any]] = {
    "action": lambda entry: from_data(Action, entry),
    "form": lambda entry: from_data(Form, entry),
    "dialog": Dialog.from_data,
}


def _built(id: str, key: str, entry: Mapping[str, Any]) -> Any:
    try:
        return _BUILDERS[key](entry)
    except (BadRequest, TypeError) as error:
        raise BadRequest(f"portal type {id!r}, {key} {entry.get('id', '?')!r}: {error}") from error


@dataclass
class TypeInformation:
    """A portal type, compiled. ``property_dict`` holds properties and relations by id, in form order;
    ``method_dict`` every generated method by name; ``accessor_dict`` those of them that come from properties."""

    portal_type: str
    type_class: str = DEFAULT_CLASS
    title: str = ""
    description: str = ""
    icon: str = ""
    id_generator: str = ""
    permission: str = ""
    init_script: str = ""
    property_dict: dict[str, Property | CategoryProperty] = field(default_factory=dict)
    base_category_list: tuple[str, ...] = ()
    allowed_content_type_list: tuple[str, ...] = ()
    hidden_content_type_list: tuple[str, ...] = ()
    workflow_list: tuple[str, ...] = ()
    type_group_list: tuple[str, ...] = ()
    field_list: tuple[str, ...] = ()
    list_column_list: tuple[str, ...] = ()
    action_list: tuple[Action, ...] = ()
    form_list: tuple[Form, ...] = ()
    dialog_list: tuple[Dialog, ...] = ()
    accessor_dict: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    method_dict: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def document_class(self) -> type:
        """The class of its documents; `NotFound` when its plugin is not installed, or it is no document class."""
        return document_class_of(self.type_class)


@contracts.untyped.provides
def untyped(portal_type: str) -> ITypeInformation:
    """What is known of a portal type outside of any site: its name."""
    return TypeInformation(portal_type)


@contracts.compile_type.provides
def compile_type(site: ISite, portal_type: str) -> ITypeInformation:
    """A portal type with all methods that its sheets, base categories and workflows generate."""
    data = site["portal_types"].get_child(portal_type)
    if data is None:
        # A document of a removed plugin, or of the bare site before its first template: it still can be looked at.
        return TypeInformation(portal_type, method_dict=_related_accessors(site))
    properties = _property_dict(site, data)
    accessors = _accessors([*properties.values(), *_aggregates(site, properties)])
    base_categories = tuple(
        dict.fromkeys(entry.base for entry in properties.values() if isinstance(entry, CategoryProperty))
    )
    hooked = contracts.workflow_methods(site, portal_type, tuple(data.workflow_list), accessors)
    return TypeInformation(
        portal_type=portal_type,
        title=data.title or portal_type,
        icon=data.type_icon,
        property_dict=properties,
        base_category_list=base_categories,
        accessor_dict=accessors,
        method_dict={**_related_accessors(site), **hooked},
        **{name: getattr(data, name) for name in _COPIED},
    )


_COPIED = (PortalType.editable_attributes - {"type_icon", "property_sheet_list", "base_category_list"}) | {
    "action_list",
    "form_list",
    "dialog_list",
}


def _property_dict(site: ISite, data: PortalType) -> dict[str, Property | CategoryProperty]:
    """All properties of a type by id: sheets in their order, then base categories that no sheet describes."""
    found: dict[str, Property | CategoryProperty] = {}
    sheets = site["portal_property_sheets"]
    for name in dict.fromkeys((*IMPLIED_SHEETS, *data.property_sheet_list)):
        sheet = sheets.get_child(name)
        for entry in (*sheet.property_list, *sheet.category_list) if sheet is not None else ():
            found.setdefault(entry.id, entry)
    for base in data.base_category_list:
        found.setdefault(base, CategoryProperty(base, multivalued=True))
    return found


def _aggregates(site: ISite, properties: Mapping[str, Property | CategoryProperty]) -> list[CategoryProperty]:
    """``getAggregate<Type>Value`` and the like for every portal type of items, where documents aggregate any.

    These are methods only: a form shows what property sheets describe.
    """
    if not any(entry.base == AGGREGATE for entry in properties.values() if isinstance(entry, CategoryProperty)):
        return []
    items = site.compiled("item types")
    if "all" not in items:
        items["all"] = [
            CategoryProperty(
                f"{AGGREGATE}_{name.lower().replace(' ', '_')}", base_category=AGGREGATE, portal_type=(name,)
            )
            for name in group_type_list(site, "item")
        ]
    return [entry for entry in items["all"] if entry.id not in properties]


def _accessors(entries: Iterable[Property | CategoryProperty]) -> dict[str, Callable[..., Any]]:
    methods: dict[str, Callable[..., Any]] = {}
    for entry in entries:
        for name, function in _accessors_of(entry).items():
            methods.setdefault(name, function)
    return methods


@cache
def _shared_accessors(key: str, entry: Property | CategoryProperty) -> dict[str, Callable[..., Any]]:
    if isinstance(entry, CategoryProperty):
        return make_category_accessors(entry)
    return make_property_accessors(entry)


def _accessors_of(entry: Property | CategoryProperty) -> dict[str, Callable[..., Any]]:
    try:
        return _shared_accessors(type(entry).__name__, entry)
    except TypeError:  # a default that cannot be hashed: not shared between types
        return _shared_accessors.__wrapped__("", entry)


def _related_accessors(site: ISite) -> dict[str, Callable[..., Any]]:
    compiled = site.compiled("related accessors")
    methods: dict[str, Callable[..., Any]] | None = compiled.get("all")
    if methods is None:
        methods = compiled["all"] = {}
        for base in site["portal_categories"]:
            methods.update(_shared_related(base))
    return methods


_shared_related = cache(make_related_accessors)
