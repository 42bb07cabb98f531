"""The shape of templates' data: which keys a table may have, and of which type their values are.

A shape is a mapping of keys to: a type; ``list[str]``; ``[shape]`` for an array of tables that each have an ``id``;
``object`` for anything. What has a wrong shape is reported, and not looked at further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeGuard, get_args, get_type_hints

from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.source_files import SourceFile

Shape = Mapping[str, object]
TITLES: dict[object, str] = {
    str: "a text",
    list: "a list",
    list[str]: "a list of texts",
    bool: "true or false",
    dict: "a table",
}


def shape_of(cls: type) -> dict[str, object]:
    """The shape of a table that one of the plain classes (`Property`, `Action` ...) is made from."""
    hints = get_type_hints(cls)
    return {entry.name: _value_shape(hints[entry.name]) for entry in fields(cls)}


def _value_shape(hint: object) -> object:
    if hint in (str, bool, int, float):
        return hint
    if hint == tuple[str, ...]:
        return list[str]
    element = get_args(hint)[0] if get_args(hint) else None
    if isinstance(element, type) and hasattr(element, "__dataclass_fields__"):
        return [shape_of(element)]
    return object


def shape_problems(source: SourceFile, data: Mapping[str, Any], shape: Shape, where: str = "") -> Iterator[Problem]:
    """Problems for unknown keys and for values that do not fit, at any depth; ``where`` says which table it is."""
    prefix = f"{where}: " if where else ""
    for key, value in data.items():
        expected = shape.get(key)
        if key not in shape:
            yield source.problem(f"{prefix}unknown key {key!r}; known are {', '.join(sorted(shape))}", near=key)
        elif isinstance(expected, list):
            yield from table_problems(source, key, value, expected[0])
        elif not fits(value, expected):
            yield source.problem(f"{prefix}{key} must be {_title(expected)}, not {value!r}", near=key)


def id_problems(source: SourceFile, key: str, entries: object) -> Iterator[Problem]:
    """Problems with the array of tables ``[[key]]`` and its ids, whatever else stands in the tables."""
    ids = [{"id": entry.get("id")} for entry in entries] if _are_tables(entries) else entries
    yield from table_problems(source, key, ids, {"id": object})


def table_problems(source: SourceFile, key: str, entries: object, shape: Shape) -> Iterator[Problem]:
    """Problems with the array of tables ``[[key]]``: no tables, no ids, ids that stand twice, wrong shapes."""
    if not _are_tables(entries):
        yield source.problem(f"{key} must be tables, written [[{key}]]", near=key)
        return
    seen = set()
    for entry in entries:
        id = entry.get("id")
        if not isinstance(id, str) or not id:
            yield source.problem(f"[[{key}]] {entry.get('title', '')!r} needs a text 'id'", near=f"[[{key}]]")
        elif id in seen:
            yield source.problem(f"[[{key}]] {id!r} stands twice", near=id)
        else:
            seen.add(id)
        yield from shape_problems(source, entry, shape, f"[[{key}]] {id!r}")


def _are_tables(entries: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)


def fits(value: object, expected: object) -> bool:
    """True if a TOML value has the type that the key asks for; an integer is a float as well, a boolean is not."""
    if expected is object:
        return True
    if isinstance(value, bool):
        return expected is bool
    if expected is float:
        return isinstance(value, int | float)
    if expected == list[str]:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(expected, type) and isinstance(value, expected)


def _title(expected: object) -> str:
    return TITLES.get(expected, "a number")
