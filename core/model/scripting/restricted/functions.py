"""Functions of scripts that take functions: what ``functools`` has, with the guards of a script's own calls.

Those of the library copy the attributes of what they wrap, and call it without asking.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from wendelin.core.model.scripting.restricted.calls import decorated, guarded_call
from wendelin.core.model.scripting.restricted.wrapped import WRAPPED
from wendelin.core.security import PUBLIC

_MISSING: Any = object()


class Partial:
    """``functools.partial``: a function with some arguments given."""

    __slots__ = ("_args", "_function", "_kw")

    def __init__(self, function: Callable[..., Any], /, *args: Any, **kw: Any) -> None:
        if not callable(function):
            raise TypeError("the first argument of partial is a function")
        self._function, self._args, self._kw = function, args, kw

    def __call__(self, *args: Any, **kw: Any) -> Any:
        """Call it with the rest of the arguments."""
        return guarded_call(self._function, *self._args, *args, **{**self._kw, **kw})


class CachedFunction:
    """A function that remembers its results, as ``functools.lru_cache`` makes it."""

    __slots__ = ("_cached",)
    attribute_permissions: ClassVar[dict[str, str]] = {"cache_clear": PUBLIC, "cache_info": PUBLIC}

    def __init__(self, function: Callable[..., Any], maxsize: int | None, typed: bool) -> None:
        self._cached = functools.lru_cache(maxsize, typed)(decorated(function))

    def __call__(self, *args: Any, **kw: Any) -> Any:
        """The result, remembered or new."""
        return self._cached(*args, **kw)

    def cache_info(self) -> Any:
        """How often it remembered: ``hits``, ``misses``, ``maxsize``, ``currsize``."""
        return self._cached.cache_info()

    def cache_clear(self) -> None:
        """Forget all results."""
        self._cached.cache_clear()


def lru_cache(maxsize: Any = 128, typed: bool = False) -> Any:
    """``@lru_cache`` and ``@lru_cache(maxsize=100)``."""
    if callable(maxsize):
        return CachedFunction(maxsize, 128, typed)
    return lambda function: CachedFunction(function, maxsize, typed)


def cache(function: Callable[..., Any]) -> CachedFunction:
    """``@cache``: `lru_cache` without a limit."""
    return CachedFunction(function, None, False)


def reduce(function: Callable[..., Any], values: Iterable[Any], start: Any = _MISSING) -> Any:
    """``functools.reduce``."""
    items = guarded_call(iter, values)
    rest = () if start is _MISSING else (start,)
    return functools.reduce(decorated(function), items, *rest)


def cmp_to_key(function: Callable[[Any, Any], Any]) -> Any:
    """``functools.cmp_to_key``: for ``sorted(key=...)``."""
    return functools.cmp_to_key(decorated(function))


WRAPPED.update(
    {
        ("functools", "partial"): Partial,
        ("functools", "lru_cache"): lru_cache,
        ("functools", "cache"): cache,
        ("functools", "reduce"): reduce,
        ("functools", "cmp_to_key"): cmp_to_key,
    }
)
