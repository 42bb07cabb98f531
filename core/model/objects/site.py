"""The site: root object of everything, ``/erp5``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import Any, cast

from persistent import Persistent
from ZODB.Connection import Connection

from wendelin.core import contracts
from wendelin.core.errors import NotFound
from wendelin.core.interfaces import ISite, ITypeInformation
from wendelin.core.model.objects.creation import identify, resolve_class
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.registry import Registration, get_registry
from wendelin.core.security import ACCESS, private, protected, public

SITE_ID = "erp5"
MODULE_SUFFIX = "_module"


class TypeToken(Persistent):
    """Changes whenever anything changes that compiled types and skins are made from. Random, not a count: after an
    aborted change the same count would come again with other contents."""

    token = ""


class Site(Folder):
    """The root document. ``versions`` says up to which evolution step of each plugin the site was brought."""

    is_site = True
    portal_type = "ERP5 Site"
    versions: Mapping[str, int] = {}
    configured: bool = False
    _type_token: TypeToken
    #: The roles of permissions on the whole site; a site without any has no such attribute.
    permission_map: Mapping[str, tuple[str, ...]]

    def __init__(self) -> None:
        self._type_token = TypeToken()
        self.touch_types()

    def __getattr__(self, name: str) -> Any:
        method = self.group_method(name)
        return method if method is not None else super().__getattr__(name)

    @private
    def group_method(self, name: str) -> Callable[[], list[str]] | None:
        """``getPortalDataSinkTypeList`` and the like, for any group and from any document; None for another name."""
        group = group_getter(name)
        return None if group is None else partial(group_type_list, self, group)

    @private
    def attribute_permission_of(self, name: str) -> str | None:
        """What restricted code needs for the methods of `group_method`; None for other names: as declared."""
        return None if group_getter(name) is None else ACCESS

    @public
    def getPath(self) -> str:
        """``/erp5``."""
        return f"/{self.__name__}"

    @property
    def type_token(self) -> str:
        """Compare with what a compiled table was made for."""
        return self._type_token.token

    def touch_types(self) -> None:
        """Types, property sheets, categories, workflows or skins changed: compiled tables are made anew."""
        self._type_token.token = secrets.token_hex(8)

    def compiled(self, table: str) -> dict[Any, Any]:
        """This connection's table of that name (types, skins, workflow chains).

        It is empty again when `type_token` changes.
        """
        self._p_activate()
        token = self._type_token.token
        kept: tuple[str, dict[str, dict[Any, Any]]] | None = self.__dict__.get("_v_compiled")
        if kept is None or kept[0] != token:
            kept = self.__dict__["_v_compiled"] = (token, {})
        return kept[1].setdefault(table, {})

    @private
    def type_information(self, portal_type: str) -> ITypeInformation:
        """The compiled portal type of that name; an empty one where the site does not know it."""
        types = self.compiled("types")
        info: ITypeInformation | None = types.get(portal_type)
        if info is None:
            info = types[portal_type] = contracts.compile_type(self, portal_type)
        return info

    # -- modules

    @protected(ACCESS)
    def getModuleList(self) -> list[Document]:
        """The modules: children of the root that are no tools, by title."""
        found = [child for id, child in self._tree.items() if id.endswith(MODULE_SUFFIX)]
        return sorted(found, key=lambda module: module.getTitle().casefold())

    @protected(ACCESS)
    def getDefaultModule(self, portal_type: str) -> Folder:
        """The module whose documents are of that portal type; `NotFound` when there is none."""
        conventional = portal_type.lower().replace(" ", "_") + MODULE_SUFFIX
        module: Folder | None = self.get_child(conventional)
        if module is None:
            module = next(
                (m for m in cast(list[Folder], self.getModuleList()) if portal_type in m.allowedContentTypes()), None
            )
        if module is None:
            raise NotFound(f"no module takes {portal_type!r}: is the business template that brings it installed?")
        return module

    @protected(ACCESS)
    def getDefaultModuleId(self, portal_type: str) -> str:
        """The id of `getDefaultModule`."""
        return self.getDefaultModule(portal_type).getId()

    @protected(ACCESS)
    def getDefaultModuleValue(self, portal_type: str) -> Folder:
        """The same as `getDefaultModule`: scripts of the original use both."""
        return self.getDefaultModule(portal_type)


def create_site(root: MutableMapping[str, Any], id: str = SITE_ID) -> Site:
    """Make a bare site in the database's root mapping: tools only, no business template. The caller commits."""
    site = Site()
    site.__name__, site.title = id, "Wendelin"
    identify(site, owner="")
    root[id] = site
    for entry in get_registry().get("tool").values():
        add_tool(site, entry.name, *entry.value)
    site.versions = latest_versions()
    return site


def add_tool(site: Site, id: str, class_path: str, portal_type: str, title: str) -> Any:
    """Put a tool at the site's root."""
    tool = resolve_class(class_path)()
    tool.portal_type, tool.title = portal_type, title
    identify(tool, owner="")
    site._attach(id, tool)
    tool._initialise()
    return tool


def get_site(connection: Connection, id: str = SITE_ID) -> Site:
    """The site of an open connection; `NotFound` when the database is new."""
    site = connection.root().get(id)
    if site is None:
        raise NotFound(f"the database has no site {id!r}: start it once with 'wendelin standalone'")
    return cast(Site, site)


def latest_versions() -> dict[str, int]:
    """For each plugin the number of its last evolution step."""
    found: dict[str, int] = {}
    for step in get_registry().get_list("evolution_step"):
        found[step.plugin] = max(found.get(step.plugin, 0), step.options["number"])
    return found


def pending_evolution(site: Site) -> list[Registration]:
    """Evolution steps that this site still needs, core's first; each is run in a transaction of its own."""
    steps = [
        step
        for step in get_registry().get_list("evolution_step")
        if step.options["number"] > site.versions.get(step.plugin, 0)
    ]
    order = {plugin: place for place, plugin in enumerate(get_registry().plugin_list)}
    return sorted(steps, key=lambda step: (order.get(step.plugin, len(order)), step.plugin, step.options["number"]))


def evolve(site: Site, step: Registration) -> None:
    """Run one evolution step and remember it. The caller commits."""
    step.value(site)
    site.versions = {**site.versions, step.plugin: step.options["number"]}


def group_type_list(site: ISite, group: str) -> list[str]:
    """The portal types of a type group (``data_sink``), by name."""
    return sorted(data.__name__ for data in site["portal_types"].iterate() if group in data.type_group_list)


def group_getter(name: str) -> str | None:
    """``getPortalDataSinkTypeList`` -> ``data_sink``; None for another name."""
    if not (name.startswith("getPortal") and name.endswith("TypeList")):
        return None
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name[len("getPortal") : -len("TypeList")])
    return words.lstrip("_") or None
