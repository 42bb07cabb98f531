"""Methods made from properties: ``getFooBar``, ``setFooBar``, ``hasFooBar``, ``getFooBarList``, ``isFooBar``.

Names and meaning are ERP5's. Setters come twice: ``setFoo`` tells the catalog, ``_setFoo`` (for code that changes
several things and tells once) does not. Relations to other documents are in `wendelin.core.model.objects.relations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.model.objects.properties import Property, camel_case

if TYPE_CHECKING:
    from wendelin.core.model.objects.document import Document

Accessor = Callable[..., Any]


def with_permission(function: Accessor, permission: str, name: str) -> Accessor:
    """State what may be needed to call the accessor from outside, and how it is called in a traceback."""
    function.__permission__ = permission  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    return function


def announcing(setter: Accessor, id: str) -> Accessor:
    """The public form of a ``_set...``: the same, and subscribers hear of it when something changed."""

    def set_and_announce(self: Document, *args: Any, **kw: Any) -> None:
        if setter(self, *args, **kw) is not False:
            notify(DocumentModified(self, frozenset((id,))))

    return set_and_announce


def stored(document: Document, id: str) -> Any:
    """The value kept on the document itself, or None; a default on its class counts, a method does not."""
    document._p_activate()
    value = document.__dict__.get(id)
    if value is None:
        value = getattr(type(document), id, None)
        if callable(value) or hasattr(value, "__get__"):
            return None
    return value


def store(document: Document, id: str, value: object) -> bool:
    """Keep a value; False when it is what was there, so that nothing is written and no subscriber is bothered."""
    document._p_activate()
    if value is None:
        if id not in document.__dict__:
            return False
        delattr(document, id)
        return True
    old = document.__dict__.get(id)
    if type(old) is type(value) and old == value:
        return False
    setattr(document, id, value)
    return True


def make_property_accessors(prop: Property) -> dict[str, Accessor]:
    """All methods of one property, by name."""
    name = camel_case(prop.id)
    plain = _list_accessors(prop, name) if prop.is_list else _value_accessors(prop, name)
    read = {key: with_permission(function, prop.read_permission, key) for key, function in plain[0].items()}
    write = {key: with_permission(function, prop.write_permission, key) for key, function in plain[1].items()}
    public = {
        key.removeprefix("_"): with_permission(
            announcing(function, prop.id), prop.write_permission, key.removeprefix("_")
        )
        for key, function in write.items()
    }
    return read | write | public


def _value_accessors(prop: Property, name: str) -> tuple[dict[str, Accessor], dict[str, Accessor]]:
    id = prop.id
    fallback = prop.convert(prop.default)

    def get(self: Document, default: object = None) -> Any:
        value = stored(self, id)
        if value is not None:
            return value
        return fallback if default is None else default

    def has(self: Document) -> bool:
        return stored(self, id) is not None

    def set_(self: Document, value: object) -> bool:
        return store(self, id, prop.convert(value))

    read: dict[str, Accessor] = {f"get{name}": get, f"has{name}": has}
    if prop.type == "boolean":

        def is_(self: Document, default: object = None) -> bool:
            return bool(get(self, default))

        read[f"is{name}"] = is_
    if prop.type in ("string", "text", "selection"):

        def get_translated(self: Document, default: object = None) -> Any:
            return get(self, default)

        read[f"getTranslated{name}"] = get_translated
    return read, {f"_set{name}": set_}


def _list_accessors(prop: Property, name: str) -> tuple[dict[str, Accessor], dict[str, Accessor]]:
    # A property whose own id ends in "_list" (script_id_list) is not called getScriptIdListList.
    stem = name.removesuffix("List")
    return _list_readers(prop, name, stem), _list_writers(prop, name, stem)


def _list_readers(prop: Property, name: str, stem: str) -> dict[str, Accessor]:
    id = prop.id
    fallback = prop.convert(prop.default) or ()

    def get_list(self: Document, default: object = None) -> list[str]:
        value = stored(self, id)
        if value is None:
            value = fallback if default is None else default
        return list(value)

    def get(self: Document, default: object = None) -> Any:
        found = get_list(self)
        return found[0] if found else default

    def get_set(self: Document, default: object = None) -> list[str]:
        return sorted(set(get_list(self, default)))

    def has(self: Document) -> bool:
        return stored(self, id) is not None

    read: dict[str, Accessor] = {
        f"get{stem}List": get_list,
        f"get{stem}Set": get_set,
        f"has{name}": has,
        f"getDefault{stem}": get,
    }
    return read | {f"get{name}": get} if stem == name else read


def _list_writers(prop: Property, name: str, stem: str) -> dict[str, Accessor]:
    id = prop.id

    def set_list(self: Document, value: Iterable[str] | str | None) -> bool:
        return store(self, id, prop.convert(value))

    def set_one(self: Document, value: object) -> bool:
        single = isinstance(value, str) and prop.type == "multiple selection"
        return store(self, id, prop.convert((value,) if single else value))

    def set_default(self: Document, value: object) -> bool:
        # As in ERP5: the first of the list, before all that was there.
        first = tuple(prop.convert((value,) if isinstance(value, str) else value) or ())[:1]
        old = tuple(stored(self, id) or ())
        new = (*first, *(item for item in old if item not in first)) if first else old[1:]
        return store(self, id, new or None)

    write: dict[str, Accessor] = {
        f"_set{stem}List": set_list,
        f"_set{stem}Set": set_list,
        f"_setDefault{stem}": set_default,
    }
    return write | {f"_set{name}": set_one} if stem == name else write
