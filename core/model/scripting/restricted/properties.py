"""Methods that take names of properties: restricted code needs for each property the permission that the property asks.

``document.getProperty("secret")`` is no way around ``document.getSecret()``, nor ``edit`` around the setters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from wendelin.core.errors import Unauthorized
from wendelin.core.interfaces import ITypeInformation
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import camel_case
from wendelin.core.security import ACCESS, MODIFY, check_permission, get_user

Method = Callable[..., Any]


def guard_properties(document: Document, name: str, method: Any) -> Any:
    """``document.<name>`` as restricted code gets it: checked at each call where it takes names of properties."""
    wrap = _WRAPPERS.get(name)
    if wrap is not None:
        return wrap(document, method)
    if name.startswith("get") and name.endswith("Property") and name in document.getTypeInfo().accessor_dict:
        return _of_target(document, name, method)
    return method


def require_property(document: Document, id: str, info: ITypeInformation, reads: bool) -> None:
    """Raise `Unauthorized` when the user may not read, or change, the property or relation of that name."""
    permission = property_permission(info, id, reads)
    if permission is not None and not check_permission(permission, document):
        verb = "read" if reads else "change"
        raise Unauthorized(
            f"{get_user().id!r} may not {verb} the property {id!r} of {document.getPath()}: "
            f"it needs the permission {permission!r}"
        )


def property_permission(info: ITypeInformation, id: str, reads: bool) -> str | None:
    """What the property itself asks for, in any form of its name (``source_value_list``); None for an unknown one."""
    entry = info.property_dict.get(id)
    if entry is not None:
        return str(entry.read_permission if reads else entry.write_permission)
    accessor = info.method_dict.get(("get" if reads else "set") + camel_case(id))
    return None if accessor is None else getattr(accessor, "__permission__", ACCESS if reads else MODIFY)


def _reading(document: Document, method: Method) -> Method:
    @wraps(method)
    def read(id: str, *args: object, **kw: object) -> Any:
        require_property(document, id, document.getTypeInfo(), reads=True)
        return method(id, *args, **kw)

    return read


def _setting(document: Document, method: Method) -> Method:
    @wraps(method)
    def set_property(id: str, value: object) -> Any:
        _require_all(document, document.getTypeInfo(), [id])
        return method(id, value)

    return set_property


def _editing(document: Document, method: Method) -> Method:
    @wraps(method)
    def edit(**kw: Any) -> Any:
        _require_all(document, document.getTypeInfo(), kw)
        return method(**kw)

    return edit


def _creating(container: Folder, method: Method) -> Method:
    """Before there is a document, its container is asked for what a property needs beyond the usual."""

    @wraps(method)
    def new_content(id: str | None = None, portal_type: str | None = None, temp_object: bool = False, **kw: Any) -> Any:
        allowed = container.allowedContentTypes()
        name = portal_type or (allowed[0] if len(allowed) == 1 else "")
        info = container.getPortalObject().type_information(name)
        special = [id for id in kw if property_permission(info, id, reads=False) not in (None, MODIFY)]
        if not temp_object:
            _require_all(container, info, special)
        return method(id, portal_type, temp_object, **kw)

    return new_content


def _of_target(document: Document, name: str, method: Method) -> Method:
    """``getSourceProperty(id)``: the property is one of the document that the relation leads to."""
    value_getter = name.removesuffix("Property") + "Value"

    @wraps(method)
    def read(key: str, default: object = None, portal_type: str | Sequence[str] | None = None) -> Any:
        target = getattr(document, value_getter)(portal_type=portal_type)
        if target is not None:
            require_property(target, key, target.getTypeInfo(), reads=True)
        return method(key, default, portal_type)

    return read


def _require_all(document: Document, info: ITypeInformation, ids: Iterable[str]) -> None:
    for id in ids:
        require_property(document, id, info, reads=False)


_WRAPPERS: dict[str, Callable[[Any, Method], Method]] = {
    "getProperty": _reading,
    "hasProperty": _reading,
    "setProperty": _setting,
    "edit": _editing,
    "newContent": _creating,
}
