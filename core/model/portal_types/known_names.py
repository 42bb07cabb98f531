"""Names in a portal type that have to lead somewhere: its class, its property sheets, workflows, base categories.

A name that leads nowhere does nothing at first, and makes the type's documents fail later, far from where it was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from wendelin.core.errors import BadRequest, NotFound, ValidationFailed
from wendelin.core.model.objects.creation import resolve_class
from wendelin.core.model.objects.document import Document

#: Property of a portal type -> (the tool that has what it names, what that is called).
NAMED = {
    "property_sheet_list": ("portal_property_sheets", "property sheet"),
    "workflow_list": ("portal_workflow", "workflow"),
    "base_category_list": ("portal_categories", "base category"),
}


def check_names(portal_type: Document, values: Mapping[str, Any]) -> None:
    """Raise `BadRequest`, or `ValidationFailed` for several problems, for new names that lead nowhere.

    Names that the type has already are left alone: what they named may have gone with a plugin, and the rest of the
    type still has to be editable.
    """
    problems = []
    if values.get("type_class") and values["type_class"] != getattr(portal_type, "type_class", ""):
        problems += _class_problems(_label(portal_type, "type_class"), str(values["type_class"]))
    site = portal_type.getPortalObject()
    for id, (tool_id, kind) in NAMED.items():
        tool = site.get_child(tool_id) if site is not None and values.get(id) else None
        if tool is not None:
            new = set(_names(portal_type, id, values[id])) - set(getattr(portal_type, id, ()))
            problems += [
                _missing(_label(portal_type, id), kind, name, tool) for name in sorted(new) if name not in tool
            ]
    if problems:
        raise BadRequest(problems[0]) if len(problems) == 1 else ValidationFailed(problems)


def _names(portal_type: Document, id: str, value: object) -> Iterable[str]:
    prop = portal_type.getTypeInfo().property_dict.get(id)
    if prop is not None and hasattr(prop, "convert"):
        value = prop.convert(value)
    return [str(name) for name in value] if isinstance(value, Iterable) else ()


def _label(portal_type: Document, id: str) -> str:
    prop = portal_type.getTypeInfo().property_dict.get(id)
    return prop.label if prop is not None else id


def _missing(label: str, kind: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"{label}: there is no {kind} {name!r}{hint}"


def document_class_of(path: str) -> type[Document]:
    """The class that a portal type names; `NotFound` when its plugin is not installed, or it is no document class."""
    found = resolve_class(path)
    if not issubclass(found, Document):
        raise NotFound(f"{path} is no document class")
    return found


def _class_problems(label: str, path: str) -> list[str]:
    try:
        document_class_of(path)
    except NotFound as error:
        return [f"{label}: {error}"]
    return []
