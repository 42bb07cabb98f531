"""How a name is found on a document: its own things first, then skins, then what it acquires from its containers.

Our own lookups over ``__parent__``: the C package Acquisition wraps objects, which breaks identity and hides
AttributeErrors raised inside properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from wendelin.core import contracts
from wendelin.core.errors import AttributeNotFound
from wendelin.core.interfaces import IDocument
from wendelin.core.security import lineage

if TYPE_CHECKING:
    from wendelin.core.model.objects.document import Document

MISSING = object()
READING = ("get", "has", "is")


def own_method(document: Document, name: str) -> Any:
    """A method of the document itself: of its class, generated from its properties, or of its workflows; or None."""
    for cls in type(document).__mro__:
        found = cls.__dict__.get(name)
        if found is not None:
            return MethodType(found, document) if isinstance(found, FunctionType) else None
    return generated_method(document, name)


def generated_method(document: IDocument, name: str) -> Any:
    """An accessor or workflow method of the document's portal type, bound; or None."""
    function = document.getTypeInfo().method_dict.get(name)
    return None if function is None else MethodType(function, document)


def acquire(document: IDocument, name: str) -> Any:
    """What the containers above ``document`` have under ``name``, or MISSING.

    Only what can be looked at is acquired: children, attributes that an instance or its special class holds, and
    methods that read (get, has, is). What changes a document is never taken from another one.
    """
    for container in lineage(document.__parent__):
        found = _acquirable(container, name)
        if found is not MISSING:
            return found
    return MISSING


def _acquirable(container: IDocument, name: str) -> Any:
    container._p_activate()
    value = container.__dict__.get(name, MISSING)
    if value is not MISSING:
        return value
    child = container.get_child(name)
    if child is not None:
        return child
    for cls in type(container).__mro__:
        if "plain_container" in cls.__dict__:
            break
        if name in cls.__dict__:
            return object.__getattribute__(container, name)
    if name.startswith(READING):
        found = generated_method(container, name)
        if found is None and getattr(type(container), "is_site", False):
            found = container.group_method(name)
        return MISSING if found is None else found
    return MISSING


def lookup(document: Document, name: str) -> Any:
    """The value of ``document.<name>`` for a name that neither the instance nor its class has.

    Order: generated accessors and workflow methods; children; skin methods by their full id; skin methods bound to
    the document's type (``<Type>_<name>``), then ``Base_<name>``; the containers. Raises `AttributeNotFound`, which
    says where it looked.
    """
    found = generated_method(document, name)
    if found is not None:
        return found
    child = document.get_child(name)
    if child is not None:
        return child
    skin_method = contracts.find_skin_method(document, name)
    if skin_method is not None:
        return skin_method.bind(document)
    value = acquire(document, name)
    if value is MISSING:
        raise AttributeNotFound(repr(document), name, _searched(document))
    return value


def _searched(document: Document) -> Iterator[str]:
    yield f"attributes of {type(document).__name__}"
    yield f"properties, categories and workflows of portal type {document.portal_type!r}"
    yield "children"
    yield "skins"
    for container in lineage(document.__parent__):
        yield container.getPath()
