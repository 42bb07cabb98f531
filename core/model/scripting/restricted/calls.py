"""Calls of restricted code: what may be given to functions that know nothing of the guards.

A library reads attributes and items of what it is given as it likes: ``json.load(file)`` calls ``file.read()``. So what
is guarded, documents above all, is not given to libraries, neither itself nor in a list or dictionary, nor as the
result of a function that a library calls. What only collects and iterates (``list``, ``sorted``, ``itertools``) takes a
document under the rule of a loop: the caller needs access to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any, TypeVar

import numpy
from persistent import Persistent

from wendelin.core.errors import Unauthorized
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.restricted.allowed.tables import PANDAS_ATTRIBUTES
from wendelin.core.model.scripting.restricted.modules import PLATFORM
from wendelin.core.model.scripting.restricted.objects import COLLECTIONS, OPEN_NAMES
from wendelin.core.registry import get_registry
from wendelin.core.security import ACCESS, require_permission

T = TypeVar("T")
Function = Callable[..., Any]
#: What is the same to every function: it has no attributes that a guard asks about.
_SIMPLE = frozenset({str, bytes, int, float, complex, bool, type(None), numpy.float64, numpy.int64})
#: Built-in functions that only keep, compare or name what they are given.
_KEEPING = frozenset({isinstance, issubclass, id, hash, bool, callable, repr, str})
#: Built-in functions that look no deeper than at what they are given; and what is then the same to them.
_ITERATING = frozenset({len, list, tuple, set, range, enumerate, zip, sum, any, all, isinstance, str, int, float, bool})
_SHALLOW = _SIMPLE | {list, tuple, dict, set, frozenset, range, type}
_KEEPING_METHODS = frozenset(
    ["append", "appendleft", "insert", "index", "count", "remove", "add", "discard", "get", "setdefault", "pop"]
)
#: Modules whose functions collect and iterate, and look no deeper.
_COLLECTING = frozenset(
    {"builtins", "itertools", "collections", "_collections", "heapq", "_heapq", "operator", "_operator"}
)
#: Collecting functions that iterate over the items of what they are given, too.
_UNPACKING = frozenset({"dict", "OrderedDict", "update", "from_iterable", "starmap", "product"})
#: Collecting functions that call what they are given.
_CALLING = frozenset({"map", "filter", "sorted", "min", "max", "sort", "iter"} | {"starmap", "accumulate", "groupby"})
_CALLING |= {"filterfalse", "takewhile", "dropwhile", "defaultdict"}
_MAX_DEPTH = 20
#: What code run by a script says its module is; no module of that name exists.
SCRIPTS = "restricted_script"
#: Functions that stand in for those of libraries.
STAND_INS = "wendelin.core.model.scripting.restricted.wrapped"
#: Arguments of libraries that start processes or keep files: left out, or None, or 1.
_ONE_PROCESS = frozenset({"workers", "n_jobs", "memory"})
#: Methods and functions of pandas that take names of methods.
_NAMING_METHODS = frozenset({"agg", "aggregate", "apply", "transform", "pivot_table", "crosstab", "filter", "map"})


def is_guarded(ob: object) -> bool:
    """Whether the guards ask about an object's attributes: documents, records, and what declares permissions."""
    cls = type(ob)
    if cls in _SIMPLE:
        return False
    if isinstance(ob, Persistent):
        return cls not in OPEN_NAMES
    return hasattr(cls, "attribute_permissions") or hasattr(cls, "attribute_permission_of")


def guarded_call(function: Function, /, *args: Any, **kw: Any) -> Any:
    """``function(*args, **kw)``; `Unauthorized` for what a function outside of the platform may not be given."""
    kind = type(function)
    simple = _SHALLOW if (kind is BuiltinFunctionType or kind is type) and function in _ITERATING else _SIMPLE
    for value in args if not kw else (*args, *kw.values()):
        if type(value) not in simple:
            break
    else:
        if kind is BuiltinFunctionType or (kind is FunctionType and not kw):
            return function(*args, **kw)
    home = _home(function)
    if isinstance(function, type) and issubclass(function, BaseException):
        return _collect(function, args, kw)
    if not _is_library(home):
        return function(*args, **kw)
    if home in _COLLECTING:
        return _collect(function, args, kw)
    check_options(home, function, args, kw)
    args = tuple(_given(function, value) for value in args)
    return function(*args, **{name: _given(function, value) for name, value in kw.items()})


def check_options(home: str, function: Function, args: tuple[Any, ...], kw: Mapping[str, Any]) -> None:
    """Raise `Unauthorized` for arguments that start processes, write files, or name a method that is not shown."""
    for name in _ONE_PROCESS.intersection(kw):
        if kw[name] not in (None, 1):
            raise Unauthorized(f"scripts may not use {name}={kw[name]!r}: they run in one process, and keep no files")
    if home == "pandas" and getattr(function, "__name__", "") in _NAMING_METHODS:
        for text in _texts((*args, *kw.values())):
            if text not in PANDAS_ATTRIBUTES and any(hasattr(cls, text) for cls in _pandas_classes()):
                raise Unauthorized(f"scripts may not use the method {text!r} of pandas objects")


@cache
def _pandas_classes() -> tuple[type, ...]:
    from pandas import DataFrame, Series
    from pandas.api import typing

    return (DataFrame, Series, typing.DataFrameGroupBy, typing.SeriesGroupBy, typing.Resampler, typing.Rolling)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts((*value.keys(), *value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)


def _home(function: Function) -> str:
    """The package that a function's code belongs to."""
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType:
        name = function.__globals__.get("__name__")
        if name == STAND_INS:
            return "libraries"
    elif type(function) is BuiltinFunctionType:
        owner = function.__self__
        if owner is None or isinstance(owner, ModuleType):
            name = function.__module__
        else:
            name = owner.__module__ if isinstance(owner, type) else type(owner).__module__
    else:
        name = function.__module__ if isinstance(function, type) else type(function).__module__
    return name.partition(".")[0] if isinstance(name, str) else "builtins"


@lru_cache(maxsize=1024)
def _is_library(home: str) -> bool:
    """Whether code is neither the platform's, nor a plugin's, nor a script's: it asks for no rights."""
    own = {name.partition(".")[0] for name in (PLATFORM, *get_registry().package_list)}
    return home not in own and home not in (SCRIPTS, "RestrictedPython")


def _collect(function: Function, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
    name = getattr(function, "__name__", "")
    owner = getattr(function, "__self__", None)
    if _keeps(function, name, owner):
        return function(*args, **kw)
    deep = name in _UNPACKING
    for value in (*args, *kw.values()):
        for found in _guarded_parts(value) if deep else (value,):
            if is_guarded(found):
                require_iteration(found)
    if name in _CALLING:
        args = tuple(map(_called, args))
        kw = {key: _called(value) for key, value in kw.items()}
    return function(*args, **kw)


def _keeps(function: Function, name: str, owner: object) -> bool:
    if isinstance(function, type) or isinstance(owner, ModuleType):
        return function in _KEEPING
    return name in _KEEPING_METHODS and isinstance(owner, COLLECTIONS)


def require_iteration(ob: object) -> None:
    """Raise `Unauthorized` unless a loop over the object is allowed."""
    if isinstance(ob, Document):
        require_permission(ACCESS, ob)


def _called(value: Any) -> Any:
    """A function that another one will call, with the checks of a call by a script."""
    if callable(value) and not isinstance(value, Document) and _is_library(_home(value)):
        return decorated(value)
    return value


def decorated(function: Function) -> Function:
    """A function under its guard: for where it is called by others than the script (decorators, ``map``)."""

    def call(*args: Any, **kw: Any) -> Any:
        return guarded_call(function, *args, **kw)

    return call


def _given(function: Function, value: Any) -> Any:
    """What a library is given for a value: the value, or a function or iterator whose results are looked at too."""
    cls = type(value)
    if cls in _SIMPLE:
        return value
    _refuse(function, value)
    if cls in (FunctionType, MethodType):
        return _with_checked_result(function, value)
    if cls is GeneratorType or (isinstance(value, Iterator) and cls.__module__ in ("builtins", "itertools")):
        return _checked_items(function, value)
    return value


def _with_checked_result(function: Function, callback: Function) -> Function:
    def call(*args: Any, **kw: Any) -> Any:
        result = guarded_call(callback, *args, **kw)
        _refuse(function, result)
        return result

    call.__name__ = callback.__name__
    return call


def _checked_items(function: Function, items: Iterable[T]) -> Iterator[T]:
    for item in items:
        _refuse(function, item)
        yield item


def _refuse(function: Function, value: Any) -> None:
    for found in _guarded_parts(value):
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        raise Unauthorized(
            f"scripts give {_home(function)} values, not {type(found).__name__} objects: {name}() would look into them "
            "without asking for rights (read what it needs first, e.g. getData())"
        )


def _guarded_parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """The guarded objects in a value: itself, or what lists, tuples, sets and dictionaries hold at any depth."""
    if isinstance(value, Mapping) and not is_guarded(value):
        yield from _guarded_items(value.keys(), depth)
        yield from _guarded_items(value.values(), depth)
    elif isinstance(value, list | tuple | set | frozenset):
        yield from _guarded_items(value, depth)
    elif is_guarded(value):
        yield value


def _guarded_items(items: Iterable[Any], depth: int) -> Iterator[Any]:
    if set(map(type, items)) <= _SIMPLE:
        return
    if depth > _MAX_DEPTH:
        raise Unauthorized(f"scripts give libraries at most {_MAX_DEPTH} lists within one another")
    for item in items:
        if type(item) not in _SIMPLE:
            yield from _guarded_parts(item, depth + 1)
