"""What a portal type will have once a set of templates is installed: properties, base categories, workflows.

The types of the set do not exist yet when it is validated; here they are put together from the templates' data.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from wendelin.core.business_templates.checking.known import SHEETS, TYPES, Known
from wendelin.core.business_templates.checking.site_paths import find
from wendelin.core.business_templates.text.source_files import tables
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.model.objects.creation import resolve_class
from wendelin.core.model.objects.editing import PLAIN, native_attributes
from wendelin.core.model.objects.properties import CategoryProperty, Property, camel_case, from_data
from wendelin.core.model.portal_types.types import IMPLIED_SHEETS

Entry = Property | CategoryProperty
PARTS: tuple[tuple[str, type[Entry]], ...] = (("property", Property), ("category", CategoryProperty))


def type_list(known: Known, type_name: str, key: str) -> list[str]:
    """A list of a portal type (``workflow_list`` ...), with what extensions in the set add to it."""
    item = known.brought.get(TYPES + type_name)
    portal_type = find(known.site, TYPES + type_name)
    own = item.data.get(key, ()) if item is not None else getattr(portal_type, key, ())
    more = (extension.data.get(key, ()) for extension in known.extensions.get(TYPES + type_name, ()))
    return [
        name for names in (own, *more) if isinstance(names, list | tuple) for name in names if isinstance(name, str)
    ]


def sheet_entries(known: Known, sheet_name: str) -> list[Entry]:
    """Properties and relations of a sheet of the set or of the site; entries that cannot be read are left out."""
    item = known.brought.get(SHEETS + str(sheet_name))
    if item is None:
        sheet = find(known.site, SHEETS + str(sheet_name))
        return [] if sheet is None else [*sheet.property_list, *sheet.category_list]
    return [entry for key, cls in PARTS for entry in _readable(cls, tables(item.data, key))]


def _readable(cls: type[Entry], entries: Iterable[dict[str, Any]]) -> Iterable[Entry]:
    for data in entries:
        try:
            entry = from_data(cls, data)
        except (BadRequest, TypeError):
            continue  # reported where the sheet itself is checked
        if isinstance(entry.id, str):
            yield entry


def property_dict(known: Known, type_name: str) -> dict[str, Entry]:
    """Properties and relations of a portal type, by id."""
    found: dict[str, Entry] = {}
    for sheet in dict.fromkeys((*IMPLIED_SHEETS, *type_list(known, type_name, "property_sheet_list"))):
        for entry in sheet_entries(known, sheet):
            found.setdefault(entry.id, entry)
    for base in type_list(known, type_name, "base_category_list"):
        found.setdefault(base, CategoryProperty(base, multivalued=True))
    return found


def value_problem(known: Known, type_name: str, id: str, value: object) -> str:
    """Why a document of the portal type cannot have that value; empty when it can."""
    if id == "id":
        return "the id of a document is the name of its file"
    properties = property_dict(known, type_name)
    entry = properties.get(id)
    if entry is None and isinstance(properties.get(id.removesuffix("_list")), Property):
        entry = properties[id.removesuffix("_list")]  # getFooList, setFooList of a list property foo
    if isinstance(entry, Property) and (entry.id == id or entry.is_list):
        try:
            entry.convert(value)
        except BadRequest as error:
            return str(error)
        return ""
    if _has_setter(_class_of(known, type_name), id) or _is_relation(properties, id):
        return ""
    close = get_close_matches(id, sorted(properties), 3)
    return f"{type_name} has no property {id!r}" + (f"; did you mean {' or '.join(close)}?" if close else "")


def _has_setter(cls: type, id: str) -> bool:
    """True for what the document class itself lets be set."""
    setters = (f"{prefix}{camel_case(id)}" for prefix in ("_set", "set"))
    return id in PLAIN or id in native_attributes(cls) or any(hasattr(cls, name) for name in setters)


def _is_relation(properties: dict[str, Entry], id: str) -> bool:
    """True for a relation in any of its forms: ``source``, ``source_list``, ``source_value`` ..."""
    relations = (name for name, entry in properties.items() if isinstance(entry, CategoryProperty))
    return any(id == name or id.startswith(f"{name}_") for name in relations)


def _class_of(known: Known, type_name: str) -> type:
    item = known.brought.get(TYPES + type_name)
    portal_type = find(known.site, TYPES + type_name)
    path = item.data.get("type_class", "") if item is not None else getattr(portal_type, "type_class", "")
    try:
        return resolve_class(path)
    except (NotFound, TypeError, AttributeError):
        return object  # reported where the type itself is checked
