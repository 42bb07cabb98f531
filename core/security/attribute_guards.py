"""Which permission guards an attribute of a document: asked by restricted scripts, templates and URLs.

The places are searched in the order of a document's attribute lookup; the first that has the name answers:
class (declarations), properties, accessors and workflow methods, children, skin methods, then the container.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from wendelin.core import contracts
from wendelin.core.errors import AttributeNotFound, Unauthorized
from wendelin.core.interfaces import IDocument
from wendelin.core.security.current_user import get_user
from wendelin.core.security.decisions import check_permission
from wendelin.core.security.permissions import ACCESS, VIEW


class Guard(NamedTuple):
    """``permission`` (None: private) has to be checked on ``document``, which is not always the one that was asked."""

    document: IDocument
    permission: str | None


_MISSING = object()
_UNDECLARED = object()


def declared_permission(cls: type, name: str) -> Any:
    """What ``cls`` and its bases declare for ``name``: a permission, None (private), _UNDECLARED or _MISSING.

    Methods and properties carry ``__permission__``; other class attributes are listed in a class's
    ``attribute_permissions`` (name -> permission). The nearest class that declares anything wins: a method that
    overrides another without a declaration keeps the permission of the one it overrides.
    """
    found = _MISSING
    for base in cls.__mro__:
        namespace = vars(base)
        listed: Mapping[str, str | None] = namespace.get("attribute_permissions") or {}
        if name in listed:
            return listed[name]
        if name in namespace:
            value = namespace[name]
            value = getattr(value, "fget", None) or getattr(value, "__func__", None) or value
            declared = getattr(value, "__dict__", {}).get("__permission__", _MISSING)
            if declared is not _MISSING:
                return declared
            found = _UNDECLARED
    return found


def find_guard(document: IDocument, name: str) -> Guard | None:
    """What guards ``document.<name>``; None where neither the document nor a container has it."""
    if name.startswith("_"):
        return Guard(document, None)
    place = document
    while place is not None and hasattr(place, "__parent__"):
        guard = _own_guard(place, name)
        if guard is not None:
            return guard
        if place is document and _is_skin_method(document, name):
            return Guard(document, VIEW)
        place = place.__parent__
    return None


def _own_guard(place: IDocument, name: str) -> Guard | None:
    dynamic = getattr(type(place), "attribute_permission_of", None)  # a class that answers names it makes up
    if dynamic is not None and (permission := dynamic(place, name)) is not None:
        return Guard(place, permission)
    declared = declared_permission(type(place), name)
    if declared not in (_MISSING, _UNDECLARED):
        return Guard(place, declared)
    for permission in _generated(place, name):
        return Guard(place, permission)
    if declared is _UNDECLARED or name in place.__dict__:
        return Guard(place, None)
    child = place.get_child(name) if hasattr(type(place), "get_child") else None
    if child is not None:
        return Guard(child, ACCESS)
    return None


def _generated(place: IDocument, name: str) -> list[str | None]:
    """The permission of what the portal type brings (property, accessor, workflow method); empty for nothing."""
    info = place.getTypeInfo() if hasattr(type(place), "getTypeInfo") else None
    if info is None:
        return []
    if name in info.property_dict:
        return [info.property_dict[name].read_permission or ACCESS]
    function = info.method_dict.get(name)
    return [] if function is None else [getattr(function, "__permission__", None)]


def _is_skin_method(document: IDocument, name: str) -> bool:
    return hasattr(type(document), "getPortalObject") and contracts.find_skin_method(document, name) is not None


def attribute_permission(document: IDocument, name: str) -> str | None:
    """The permission needed to reach ``document.<name>``; None where it is private or not there.

    For a child, and for what is acquired, the permission counts on another object than ``document``: to decide, use
    :func:`check_attribute` or :func:`require_attribute`.
    """
    guard = find_guard(document, name)
    return None if guard is None else guard.permission


def check_attribute(document: IDocument, name: str) -> bool:
    """Whether the current user may reach ``document.<name>`` from a script or URL; False where it does not exist."""
    guard = find_guard(document, name)
    return guard is not None and check_permission(guard.permission, guard.document)


def require_attribute(document: IDocument, name: str) -> None:
    """Raise Unauthorized unless the user may reach ``document.<name>``, AttributeNotFound where there is none."""
    guard = find_guard(document, name)
    path = document.getPath() if hasattr(document, "getPath") else repr(document)
    if guard is None:
        raise AttributeNotFound(path, name)
    if not check_permission(guard.permission, guard.document):
        why = "is private" if guard.permission is None else f"needs the permission {guard.permission!r}"
        raise Unauthorized(f"{get_user().id!r} may not use {name!r} of {path}: it {why}")
