"""`hookable`: marks methods of document classes that interactions of workflows may hook
(`wendelin.core.model.workflow`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def hookable(method: Method) -> Method:
    """Let interactions hook a method of a document class. Generated accessors and transitions need no mark."""
    name = method.__name__

    @wraps(method)
    def call(self: Any, *args: Any, **kw: Any) -> Any:
        from wendelin.core.model.workflow.interactions import run_hooked  # same floor; it imports documents

        return run_hooked(self, name, method, *args, **kw)

    return call  # type: ignore[return-value]
