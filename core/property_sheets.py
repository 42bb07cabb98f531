"""Property sheets: named sets of properties and relations that portal types are put together from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wendelin.core.errors import BadRequest
from wendelin.core.folder import Folder
from wendelin.core.properties import CategoryProperty, Property, from_data, to_data
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, protected


class PropertySheetTool(Folder):
    """``portal_property_sheets``: property sheets by name."""

    portal_type = "Property Sheet Tool"
    permission_map = MANAGER_PERMISSION_MAP


class PropertySheet(Folder):
    """One sheet: ``property_list`` and ``category_list`` in the order in which forms show them."""

    portal_type = "Property Sheet"
    description: str = ""
    property_list: tuple[Property, ...] = ()
    category_list: tuple[CategoryProperty, ...] = ()

    @classmethod
    def from_data(cls, id: str, data: Mapping[str, Any]) -> PropertySheet:
        """Build from the mapping of ``property_sheets/<id>.toml``; `BadRequest` says which entry is wrong."""
        sheet = cls()
        sheet.__name__ = id
        sheet.description = data.get("description", "")
        sheet.property_list = tuple(_entry(Property, id, entry) for entry in data.get("property", ()))
        sheet.category_list = tuple(_entry(CategoryProperty, id, entry) for entry in data.get("category", ()))
        unknown = sorted(set(data) - {"description", "property", "category"})
        if unknown:
            raise BadRequest(f"property sheet {id!r} has no {', '.join(unknown)}")
        return sheet

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
        return from_data(cls, data)
    except (BadRequest, TypeError) as error:
        raise BadRequest(f"property sheet {sheet!r}, entry {data.get('id', '?')!r}: {error}") from error
