"""The guards: what restricted code may read, iterate over and change.

Documents ask `wendelin.core.security` for every name. Everything else is decided by what it is: plain
values are open; modules show what `modules` allows; classes show their class methods; for instances see `objects`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, TypeVar, cast

import numpy
from RestrictedPython.transformer import INSPECT_ATTRIBUTES

from wendelin.core import contracts
from wendelin.core.bigdata import BigArray, RAMArray
from wendelin.core.errors import Unauthorized
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.restricted.formatting import GuardedFormatter, guarded_format
from wendelin.core.model.scripting.restricted.modules import copied, is_open_class, module_attribute
from wendelin.core.model.scripting.restricted.objects import IMMUTABLE, MISSING, WRITABLE, ScriptClass, may_read
from wendelin.core.model.scripting.restricted.properties import guard_properties
from wendelin.core.security import ACCESS, MODIFY, VIEW, get_user, require_attribute, require_permission

T = TypeVar("T")


class Items(Protocol):
    """What has items."""

    def __getitem__(self, key: Any, /) -> Any:
        """The item of a key or place."""


def check_name(name: object) -> None:
    """Refuse names that lead to the inside of objects."""
    if type(name) is not str:
        raise TypeError("attribute names are plain strings")
    if name.startswith("_") or name.endswith("__roles__") or name in INSPECT_ATTRIBUTES:
        raise Unauthorized(f"scripts may not use the attribute {name!r}")


def guarded_getattr(ob: object, name: str, default: object = MISSING) -> Any:
    """``ob.name``; `Unauthorized` where the current user, or any script, may not see it."""
    check_name(name)
    try:
        return _read(ob, name)
    except AttributeError:
        if default is MISSING:
            raise
        return default


def guarded_hasattr(ob: object, name: str) -> bool:
    """Whether `guarded_getattr` would give something."""
    try:
        guarded_getattr(ob, name)
    except (AttributeError, Unauthorized):
        return False
    return True


def _read(ob: object, name: str) -> Any:
    if isinstance(ob, Document):
        return _document_attribute(ob, name)
    if isinstance(ob, str) or ob is str:
        return guarded_format(FORMATTER, ob, name) if name in ("format", "format_map") else getattr(ob, name)
    if isinstance(ob, type):
        return _class_attribute(ob, name)
    if isinstance(ob, ModuleType):
        return module_attribute(ob, name)
    if not may_read(ob, name):
        raise Unauthorized(f"scripts may not use {name!r} of {type(ob).__module__}.{type(ob).__qualname__} objects")
    return getattr(ob, name)


def _document_attribute(document: Document, name: str) -> Any:
    if name == "activate":
        require_permission(VIEW, document)
        return lambda **kw: contracts.activate(document, True, kw)  # what is called later is checked now and then
    require_attribute(document, name)
    return guard_properties(document, name, getattr(document, name))


def _class_attribute(cls: type, name: str) -> Any:
    """Of a class only what needs no instance: an unbound method would take any object for ``self``."""
    if issubclass(cls, str) and name in ("format", "format_map"):
        return guarded_format(FORMATTER, cls, name)
    value = getattr(cls, name)
    if isinstance(cls, ScriptClass) and any(
        name in vars(base) for base in cls.__mro__ if isinstance(base, ScriptClass)
    ):
        return value
    value = copied(value)
    if name == "mro" or not (cls in IMMUTABLE or is_open_class(cls) or cls.__module__ == "builtins"):
        raise Unauthorized(f"scripts may not use {name!r} of the class {cls.__qualname__}")
    unbound = callable(value) and getattr(value, "__self__", MISSING) is not cls and not isinstance(value, type)
    if unbound and cls not in IMMUTABLE and not _is_static(cls, name):
        raise Unauthorized(f"call {name!r} on an object of {cls.__qualname__}, not on the class")
    return value


def _is_static(cls: type, name: str) -> bool:
    found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return isinstance(found, staticmethod)


def guarded_getitem(ob: Items, key: object) -> Any:
    """``ob[key]``: a document out of a document needs access to it, anything else out of a document access to that."""
    value = ob[key]
    if isinstance(ob, Document):
        require_permission(ACCESS, value if isinstance(value, Document) else ob)
    return value


def guarded_iter(ob: T) -> T:
    """What a loop iterates over: the object itself, once it may be; `Unauthorized` for a document without access."""
    if isinstance(ob, Document):
        require_permission(ACCESS, ob)
    return ob


class ListWriter:
    """Writes into a list: ``items[1:2] = values`` iterates over the values."""

    __slots__ = ("_list",)

    def __init__(self, items: list[Any]) -> None:
        self._list = items

    def __setitem__(self, key: Any, value: Any) -> None:
        self._list[key] = guarded_iter(value) if type(key) is slice else value

    def __delitem__(self, key: Any) -> None:
        del self._list[key]


class ItemWriter:
    """Lets items of an object be changed, and no attribute."""

    __slots__ = ("_ob",)
    _ob: Any

    def __init__(self, ob: object) -> None:
        object.__setattr__(self, "_ob", ob)

    def __setitem__(self, key: object, value: object) -> None:
        if isinstance(value, Document):
            raise Unauthorized(f"a document cannot be stored in {type(self._ob).__name__} objects")
        self._ob[key] = value

    def __delitem__(self, key: object) -> None:
        del self._ob[key]

    def __setattr__(self, name: str, value: object) -> None:
        raise Unauthorized(f"scripts may not set the attribute {name!r} of {type(self._ob).__name__} objects")

    def __delattr__(self, name: str) -> None:
        raise Unauthorized(f"scripts may not delete the attribute {name!r} of {type(self._ob).__name__} objects")


def guarded_write(ob: object) -> Any:
    """What an assignment to an item or attribute writes to; `Unauthorized` for what scripts may not change."""
    cls = type(ob)
    if cls is list:
        return ListWriter(cast(list[Any], ob))
    if cls in WRITABLE:
        return ob
    if isinstance(ob, numpy.ndarray | memoryview) or cls.__module__.partition(".")[0] == "pandas":
        return ItemWriter(ob)
    if isinstance(cls, ScriptClass):
        return ob
    if hasattr(cls, "__setitem__") and isinstance(ob, Document | BigArray | RAMArray):
        if isinstance(ob, Document):
            require_permission(MODIFY, ob)
        return ItemWriter(ob)
    if isinstance(ob, Document):
        raise Unauthorized(
            f"{get_user().id!r}: a script changes {ob.getPath()} by its methods (edit, set...), not by attribute"
        )
    raise Unauthorized(f"scripts may not change {cls.__qualname__} objects")


def guarded_setattr(ob: object, name: str, value: object) -> None:
    """``setattr``, with the rules of an assignment."""
    check_name(name)
    setattr(guarded_write(ob), name, value)


def guarded_delattr(ob: object, name: str) -> None:
    """``delattr``, with the rules of an assignment."""
    check_name(name)
    delattr(guarded_write(ob), name)


#: ``operator: (in place, with a new object)``.
_INPLACE: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    **{"+=": (operator.iadd, operator.add), "-=": (operator.isub, operator.sub), "*=": (operator.imul, operator.mul)},
    **{"/=": (operator.itruediv, operator.truediv), "//=": (operator.ifloordiv, operator.floordiv)},
    **{
        "%=": (operator.imod, operator.mod),
        "**=": (operator.ipow, operator.pow),
        "@=": (operator.imatmul, operator.matmul),
    },
    **{"&=": (operator.iand, operator.and_), "|=": (operator.ior, operator.or_), "^=": (operator.ixor, operator.xor)},
    **{"<<=": (operator.ilshift, operator.lshift), ">>=": (operator.irshift, operator.rshift)},
}


def inplace_variable(operation: str, value: object, operand: object) -> Any:
    """``value += operand``: in place only for what a script may change."""
    in_place, binary = _INPLACE[operation]
    operand = guarded_iter(operand)
    changes = type(value) in WRITABLE or type(value) is set or isinstance(value, numpy.ndarray)
    return in_place(value, operand) if changes else binary(value, operand)


def inplace_item(operation: str, ob: Items, key: object, operand: object) -> None:
    """``ob[key] += operand``; `Unauthorized` where ``ob[key]`` could not be read or could not be assigned."""
    value = inplace_variable(operation, guarded_getitem(ob, key), operand)
    guarded_write(ob)[key] = value


FORMATTER = GuardedFormatter(guarded_getattr, guarded_getitem)
