"""``property_sheets/<Sheet>.toml``: properties and relations that portal types are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wendelin.core.business_templates.checking.known import CATEGORIES, TYPES, Known
from wendelin.core.business_templates.items.item import DocumentItem, Item
from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.shapes import shape_of
from wendelin.core.business_templates.text.source_files import tables
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.properties import CategoryProperty, Property, from_data
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.property_sheets import PropertySheet


class PropertySheetItem(DocumentItem):
    """One property sheet."""

    kind = "property_sheet"
    shape = {
        "description": str,
        "property": [shape_of(Property)],
        "category": [shape_of(CategoryProperty)],
    }

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with values of properties and relations, and with what relations lead to."""
        for key, cls in (("property", Property), ("category", CategoryProperty)):
            for entry in tables(self.data, key):
                yield from check_plain(self, cls, entry)
        for entry in tables(self.data, "category"):
            base_category = entry.get("base_category") or entry.get("id", "")
            yield from known.check(self, CATEGORIES, [base_category])
            yield from known.check(self, TYPES, entry.get("portal_type"))

    def make(self, site: Site) -> PropertySheet:
        """The property sheet, with its properties and relations."""
        return PropertySheet.from_data(self.id, self.data)


def check_plain(item: Item, cls: type, entry: dict[str, Any]) -> Iterator[Problem]:
    """A problem when the plain class does not take the entry's keys or values."""
    try:
        from_data(cls, entry)
    except (BadRequest, TypeError) as error:
        yield item.source.problem(f"{entry.get('id', '')!r}: {error}", near=str(entry.get("id", "")))
