"""A site's registries as plain data that can be compared: the proof that removing a template leaves nothing behind.

Numbers, dates, owners and actors differ between two installations of the same thing, and are left out; so are
attributes that have their class's default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeGuard

from BTrees.Length import Length
from persistent import Persistent

from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.business_templates.checking.site_paths import find, walk_below
from wendelin.core.model.objects.document import Document

if TYPE_CHECKING:
    from wendelin.core.model.objects.site import Site

#: Attributes that differ between two installations of the same templates, or that only hold children.
LEFT_OUT = frozenset(
    {
        *("__name__", "__parent__", "uid", "creation_date", "modification_date", "_owner"),
        *("_tree", "_count", "_id_counter", "_type_token"),
        "_owned",  # of portal_preferences: which of its own children belongs to whom
    }
)
LEFT_OUT_KEYS = frozenset({"time", "actor"})
#: Tools that hold work in progress, indexes or accounts: their contents are no registry.
CLOSED_TOOLS = frozenset({"portal_catalog", "portal_activities", "acl_users"})


def dump(site: Site, documents: bool = False) -> dict[str, object]:
    """``{path: description}`` of the site, its tools with all they hold, its modules, and what templates own.

    With ``documents`` the contents of the modules, which users make, are described too. The result is made of
    dictionaries with text keys, lists and plain values, and can be written as JSON.
    """
    found: dict[str, object] = {"": describe(site)}
    for id in site:
        if id in CLOSED_TOOLS:
            found[id] = {"class": _class_name(site.get_child(id))}
        else:
            deep = documents or not id.endswith("_module")
            found[id] = describe(site.get_child(id))
            if deep:
                found.update((path, describe(document)) for path, document in walk_below(site.get_child(id), id))
    for template in site.portal_templates.installed_documents():
        for path in template.owned_paths():
            document = find(site, path)
            if path not in found and document is not None:
                found[path] = describe(document)
    return dict(sorted(found.items()))


def describe(document: object) -> dict[str, object]:
    """The class and the attributes of one document, without its children."""
    return {"class": _class_name(document), **_attributes(document)}


def _attributes(thing: object) -> dict[str, object]:
    """What the instance says differently from its class."""
    if isinstance(thing, Persistent):
        thing._p_activate()
    cls = type(thing)
    return {
        name: canonical(value)
        for name, value in sorted(vars(thing).items())
        if name not in LEFT_OUT and not name.startswith("_v_") and not _is_default(cls, name, value)
    }


def _is_default(cls: type, name: str, value: object) -> bool:
    default = getattr(cls, name, None)
    return type(default) is type(value) and default == value


def canonical(value: object) -> object:
    """Any value as plain data with a stable order."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Length):
        return value()
    if isinstance(value, Document):
        return value.getPath()
    if isinstance(value, BigFile):
        content = hashlib.sha256()
        for block in value.iterate():
            content.update(block)
        return {"class": _class_name(value), "size": value.size, "sha256": content.hexdigest()}
    if isinstance(value, BigArray):
        return {"class": _class_name(value), "shape": list(value.shape), "dtype": str(value.dtype)}
    if is_dataclass(value) and not isinstance(value, type):
        return {"class": _class_name(value)} | {
            entry.name: canonical(getattr(value, entry.name)) for entry in fields(value)
        }
    return _collection(value)


def _collection(value: object) -> object:
    if _is_table(value):
        return {str(key): canonical(item) for key, item in sorted(value.items()) if key not in LEFT_OUT_KEYS}
    if _is_sequence(value):
        return [canonical(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((canonical(item) for item in value), key=str)
    return {"class": _class_name(value), **_attributes(value)} if hasattr(value, "__dict__") else str(value)


def _is_table(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """True for mappings and for BTrees, which have ``iteritems`` as well."""
    return isinstance(value, Mapping) or hasattr(value, "iteritems")


def _is_sequence(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, list | tuple) or type(value).__name__ == "PersistentList"


def _class_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
