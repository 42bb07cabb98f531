"""Indexes written as text, in the address of a request or in a document: parsed, never evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from types import EllipsisType

from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.errors import BadRequest
from wendelin.plugins.analysis.array_types import Index, IndexEntry

RECORD = "slice_index."
PARTS = ("start", "stop", "step")
COLUMNS = "list_index"


def parse_index(expression: str) -> Index:
    """``"0:10, ..., -1"`` as NumPy takes it: ints, slices, Ellipsis, None, a field's name or a list of names.

    Raises `BadRequest` for anything else.
    """
    try:
        with parsing_alone():
            tree = ast.parse(f"_[{expression}]", mode="eval").body
        if not isinstance(tree, ast.Subscript):
            raise ValueError("not an index")
        if isinstance(tree.slice, ast.Tuple):
            return tuple(_entry(entry) for entry in tree.slice.elts)
        return _entry(tree.slice)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadRequest(
            f"index {expression!r}: expected what stands between NumPy's brackets, such as '0:10, ..., -1' or 'name'"
        ) from error


def _entry(node: ast.expr) -> IndexEntry:
    if isinstance(node, ast.Slice):
        return slice(*(None if part is None else _integer(part) for part in (node.lower, node.upper, node.step)))
    if isinstance(node, ast.List):
        return [_name(entry) for entry in node.elts]
    if isinstance(node, ast.Constant) and isinstance(node.value, str | EllipsisType | None):
        return node.value
    return _integer(node)


def _integer(node: ast.expr) -> int:
    value = ast.literal_eval(node)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _name(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not the name of a field")
    return value


def read_slices(parameters: Iterable[tuple[str, str]]) -> tuple[slice, ...]:
    """The slices of ``slice_index.start:records:int=0&slice_index.stop:records:int=10``, one per axis.

    The original's convention: each repeated ``start`` begins the next axis. The ``:records:int`` may be left out.
    Raises `BadRequest` for what is not a number.
    """
    axes: list[dict[str, int]] = []
    for key, text in parameters:
        name = key.partition(":")[0]
        if not name.startswith(RECORD):
            continue
        part = name[len(RECORD) :]
        if part not in PARTS:
            raise BadRequest(f"{key}: expected one of {', '.join(RECORD + known for known in PARTS)}")
        if not axes or part in axes[-1]:
            axes.append({})
        axes[-1][part] = _number(key, text)
    return tuple(_slice(axis) for axis in axes)


def _slice(axis: dict[str, int]) -> slice:
    if axis.get("step") == 0:
        raise BadRequest("slice_index.step cannot be 0")
    return slice(axis.get("start"), axis.get("stop"), axis.get("step"))


def _number(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadRequest(f"{key}: {text[:40]!r} is not a whole number") from error


def read_columns(parameters: Iterable[tuple[str, str]]) -> list[str]:
    """The columns of ``list_index:list=a&list_index:list=b``."""
    return [text for key, text in parameters if key.partition(":")[0] == COLUMNS]
