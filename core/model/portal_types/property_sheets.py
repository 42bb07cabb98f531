"""Property sheets: named sets of properties and relations that portal types are put together from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.accessors import make_property_accessors
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import CategoryProperty, Property, from_data, to_data
from wendelin.core.model.objects.relations import make_category_accessors
from wendelin.core.model.portal_types.definition_text import DefinitionTables, tables
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, protected

ID = re.compile("[a-z][a-z0-9_]*")


class PropertySheetTool(Folder):
    """``portal_property_sheets``: property sheets by name."""

    portal_type = "Property Sheet Tool"
    permission_map = MANAGER_PERMISSION_MAP


class PropertySheet(DefinitionTables, Folder):
    """One sheet: ``property_list`` and ``category_list`` in the order in which forms show them."""

    portal_type = "Property Sheet"
    description: str = ""
    property_list: tuple[Property, ...] = ()
    category_list: tuple[CategoryProperty, ...] = ()
    definition_keys = ("property", "category")

    @classmethod
    def from_data(cls, id: str, data: Mapping[str, Any]) -> PropertySheet:
        """Build from the mapping of ``property_sheets/<id>.toml``; `BadRequest` says which entry is wrong."""
        sheet = cls()
        sheet.__name__ = id
        sheet._set_data(data)
        return sheet

    def _set_data(self, data: Mapping[str, Any]) -> None:
        unknown = sorted(set(data) - {"description", "property", "category"})
        if unknown:
            raise BadRequest(f"property sheet {self.__name__!r} has no {', '.join(unknown)}")
        properties = tuple(_entry(Property, self.__name__, entry) for entry in tables(data, "property"))
        categories = tuple(_entry(CategoryProperty, self.__name__, entry) for entry in tables(data, "category"))
        self.property_list, self.category_list = properties, categories
        self.description = data.get("description", self.description)

    @protected(MANAGE)
    def to_data(self) -> dict[str, Any]:
        """The reverse of `from_data`."""
        data: dict[str, Any] = {"description": self.description} if self.description else {}
        if self.property_list:
            data["property"] = [to_data(entry) for entry in self.property_list]
        if self.category_list:
            data["category"] = [to_data(entry) for entry in self.category_list]
        return data


def _entry(cls: type, sheet: str, data: Mapping[str, Any]) -> Any:
    try:
        entry: Any = from_data(cls, data)
        if not (isinstance(entry.id, str) and ID.fullmatch(entry.id)):
            raise BadRequest("an id is small letters, digits and _, beginning with a letter")
        # Types are compiled from entries later: what methods cannot be made from is found here, where it was written.
        (make_category_accessors if cls is CategoryProperty else make_property_accessors)(entry)
    except (BadRequest, TypeError, AttributeError) as error:
        raise BadRequest(f"property sheet {sheet!r}, entry {data.get('id', '?')!r}: {error}") from error
    return entry
