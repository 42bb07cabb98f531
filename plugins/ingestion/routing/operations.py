"""Calling the script of a data operation: what it is given as ``data_chunk``.

Scripts that people write get bytes. Functions of plugins that say `takes_body` get a `Body`, which they read piece by
piece, so that a chunk of 256 MB costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from wendelin.core.model.scripting.skin_items import function_of
from wendelin.plugins.ingestion.formats.body import Body

Function = TypeVar("Function", bound=Callable[..., Any])


def takes_body(function: Function) -> Function:
    """Declare that a trusted data operation takes a `Body` as ``data_chunk``, as well as bytes."""
    function.takes_body = True  # type: ignore[attr-defined]
    return function


def takes_tag(function: Function) -> Function:
    """Declare that a trusted data operation takes the tag and the file's name, as ``reference`` and ``filename``."""
    function.takes_tag = True  # type: ignore[attr-defined]
    return function


def run_operation(
    write: Callable[..., Any], body: Body, parameter_dict: dict[str, Any], reference: str, filename: str = ""
) -> object:
    """Call a data operation's script, bound to its policy; ``filename`` where the chunk is a part of a file."""
    function = function_of(write)
    chunk = body if getattr(function, "takes_body", False) else body.read()
    tag = {"reference": reference, "filename": filename} if getattr(function, "takes_tag", False) else {}
    return write(data_chunk=chunk, **tag, **parameter_dict)
