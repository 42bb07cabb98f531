"""Documents that describe others, edited as the TOML text of their business template's file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from wendelin.core.errors import BadRequest
from wendelin.core.security import MANAGE, protected


class DefinitionText:
    """A document whose definition is edited as one text; a class says how its text becomes data and back."""

    @protected(MANAGE)
    def getDefinitionText(self) -> str:
        """The definition as TOML text: what the management interface shows in its editor."""
        return self._dump_definition()

    @protected(MANAGE)
    def setDefinitionText(self, text: str) -> None:
        """Replace the definition; it counts at once. Raises `BadRequest`, and changes nothing."""
        self._setDefinitionText(text)

    def _setDefinitionText(self, text: str) -> bool:
        """What ``edit(definition_text=...)`` uses, instead of the accessor that would keep the text itself."""
        try:
            data = tomllib.loads(text or "")
        except (ValueError, RecursionError) as error:  # also numbers of many digits, and brackets in brackets
            raise BadRequest(f"the definition is not TOML: {error}") from error
        before = self._dump_definition()
        self._replace_definition(data)
        return self._dump_definition() != before

    def _dump_definition(self) -> str:
        raise NotImplementedError

    def _replace_definition(self, data: Mapping[str, Any]) -> None:
        """Put the data in place of what is there; raises `BadRequest` before anything is changed."""
        raise NotImplementedError


class DefinitionTables(DefinitionText):
    """A definition of tables: ``definition_keys`` says which. Types and property sheets have them."""

    definition_keys: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """What the document says, as the tables of its TOML file."""
        raise NotImplementedError

    def _set_data(self, data: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def _dump_definition(self) -> str:
        data = self.to_data()
        return "\n".join(_dump_tables(key, data[key]) for key in self.definition_keys if key in data)

    def _replace_definition(self, data: Mapping[str, Any]) -> None:
        unknown = sorted(set(data) - set(self.definition_keys))
        if unknown:
            known = ", ".join(f"[[{key}]]" for key in self.definition_keys)
            raise BadRequest(f"the definition has {known}, but no {', '.join(unknown)}")
        before = self._dump_definition()
        self._set_data({key: tables(data, key) for key in self.definition_keys})
        site = self.getPortalObject()  # type: ignore[attr-defined]  # it is mixed into documents
        if site is not None and self._dump_definition() != before:
            site.touch_types()


def tables(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The tables ``[[key]]``; `BadRequest` for a value that is written differently."""
    entries = data.get(key, [])
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadRequest(f"write each {key} as a table: [[{key}]]")
    return list(entries)


def _dump_tables(name: str, entries: list[Mapping[str, Any]]) -> str:
    """Each entry as a table ``[[name]]``, so that a person can add one; the library writes short ones on one line."""
    found = []
    for entry in entries:
        inner = {key: value for key, value in entry.items() if isinstance(value, list) and _are_tables(value)}
        plain = {key: value for key, value in entry.items() if key not in inner}
        found.append(f"[[{name}]]\n{tomli_w.dumps(plain)}")
        found.extend(_dump_tables(f"{name}.{key}", value) for key, value in inner.items())
    return "\n".join(found)


def _are_tables(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(item, Mapping) for item in value)
