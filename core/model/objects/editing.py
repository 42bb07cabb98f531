"""Reading and changing a document by property id: what ``getProperty`` and ``edit`` do.

`hookable` marks methods of document classes that interactions of workflows may hook.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

from wendelin.core import contracts
from wendelin.core.errors import BadRequest, ValidationFailed
from wendelin.core.model.objects.accessors import store
from wendelin.core.model.objects.attributes import own_method
from wendelin.core.model.objects.properties import camel_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wendelin.core.model.objects.document import Document

# What every document has without a property sheet saying so.
NATIVE = {"id": "getId", "uid": "getUid", "path": "getPath", "relative_url": "getRelativeUrl", "owner": "getOwner"}
PLAIN = ("title", "description")

Method = TypeVar("Method", bound=Callable[..., Any])


def hookable(method: Method) -> Method:
    """Let interactions hook a method of a document class. Generated accessors and transitions need no mark."""
    name = method.__name__

    @wraps(method)
    def call(self: Document, *args: Any, **kw: Any) -> Any:
        return contracts.run_hooked(self, name, method, args, kw)

    return call  # type: ignore[return-value]  # it has the signature of the method that it wraps


def get_property(document: Document, id: str, default: object = None) -> Any:
    """The document's own value under a property id, through its getter; ``default`` where it has none."""
    method = own_method(document, NATIVE.get(id) or "get" + camel_case(id))
    if method is not None:
        value = method()
        return default if value is None else value
    document._p_activate()
    value = document.__dict__.get(id)
    if value is None:
        value = getattr(type(document), id, None)
        if callable(value) or hasattr(value, "__get__"):
            return default
    return default if value is None else value


def set_properties(document: Document, values: Mapping[str, Any]) -> list[str]:
    """Change several properties; returns the names of those that differ now.

    Every name and value is looked at before the first is changed. Raises `ValidationFailed` with all problems, a
    plain `BadRequest` when there is one.
    """
    setters, problems = {}, []
    for id, value in values.items():
        if id == "id":
            continue
        try:
            setters[id] = find_setter(document, id)
            check_value(document, id, value)
        except BadRequest as error:
            problems.append(str(error))
    if problems:
        raise BadRequest(problems[0]) if len(problems) == 1 else ValidationFailed(problems)
    changed = [id for id, setter in setters.items() if setter(values[id]) is not False]
    if "id" in values and values["id"] and values["id"] != document.__name__:
        document.setId(values["id"])
        changed.append("id")
    return changed


def find_setter(document: Document, id: str) -> Any:
    """The bound setter for a property or category form (``source``, ``source_value``, ``source_list``)."""
    name = camel_case(id)
    for prefix in ("_set", "set"):
        method = own_method(document, prefix + name)
        if method is not None:
            return method
    if id in PLAIN or (id in native_attributes(type(document))):
        return lambda value: set_plain(document, id, value)
    known = sorted(document.getTypeInfo().property_dict)
    close = get_close_matches(id, known, 3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    raise BadRequest(f"portal type {document.portal_type!r} has no property {id!r}{hint}")


def native_attributes(cls: type) -> frozenset[str]:
    """Attributes that a document class declares as editable by name (``editable_attributes``)."""
    return frozenset().union(*(vars(base).get("editable_attributes", ()) for base in cls.__mro__))


def set_plain(document: Document, id: str, value: object) -> bool:
    """Keep a value as it is, a list as a tuple; False when it is what was there."""
    return store(document, id, tuple(value) if isinstance(value, list) else value)


def check_value(document: Document, id: str, value: object) -> None:
    """Raise `BadRequest` when the property's type cannot take the value."""
    prop = document.getTypeInfo().property_dict.get(id)
    convert = getattr(prop, "convert", None)
    if convert is not None:
        convert(value)


def check_consistency(document: Document, fixit: bool = False) -> list[str]:
    """Required properties that are empty, and what ``<Type>_checkConsistency`` of the skins adds.

    A script that can repair what it finds takes the parameter ``fixit``.
    """
    messages = [
        f"{prop.label} must be defined"
        for prop in document.getTypeInfo().property_dict.values()
        if prop.required and get_property(document, prop.id) in (None, "", [], ())
    ]
    method = document.getTypeBasedMethod("checkConsistency")
    if method is not None:
        repairing = {"fixit": True} if fixit and _takes_fixit(method) else {}
        messages.extend(str(message) for message in method(**repairing) or ())
    return messages


def _takes_fixit(method: Any) -> bool:
    script = getattr(method, "script", None)
    parameters = str(signature(method)) if script is None else script.parameters or ""
    return re.search(r"\bfixit\b", parameters) is not None
