"""Reading ``var/forward.toml`` and ``var/mqtt.toml``: every value checked, no key overlooked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from wendelin.core.errors import BadRequest, NotFound

Value = TypeVar("Value")


class Section:
    """A table of a settings file. ``take`` each key, then ``finish``: what nobody took is a mistake of the operator."""

    def __init__(self, table: dict[str, Any], place: str) -> None:
        self.table, self.place = dict(table), place

    def take(self, name: str, kind: type[Value], default: Value | None = None) -> Value:
        """The value of a key. Raises `BadRequest` when it is missing without a default, or of another type."""
        value = self.table.pop(name, default)
        if value is None:
            raise BadRequest(f"{self.place}: {name} is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise BadRequest(f"{self.place}: {name} has to be {kind.__name__}, and is {value!r}")
        return value

    def section(self, name: str) -> Section:
        """A table in this one; empty when it is not there."""
        return Section(self.take(name, dict, {}), f"{self.place}, [{name}]")

    def sections(self, name: str) -> list[Section]:
        """The tables of a list of tables ``[[name]]``."""
        tables = self.take(name, list, [])
        if not all(isinstance(table, dict) for table in tables):
            raise BadRequest(f"{self.place}: write each {name} as [[{name}]]")
        return [Section(table, f"{self.place}, [[{name}]] number {number}") for number, table in enumerate(tables, 1)]

    def take_path(self, name: str, folder: Path) -> Path | None:
        """A file, relative to ``folder``; None when it is not named. Raises `NotFound` when it is not there."""
        value = self.take(name, str, "")
        if not value:
            return None
        path = folder / value
        if not path.is_file():
            raise NotFound(f"{self.place}: {name}: there is no file {path}")
        return path

    def finish(self) -> None:
        """Raises `BadRequest` for keys that nobody took."""
        if self.table:
            raise BadRequest(f"{self.place}: there is no setting {', '.join(sorted(self.table))}")


def read_settings(path: Path) -> Section:
    """The whole file. Raises `NotFound`, or `BadRequest` when it is not TOML."""
    try:
        return Section(tomllib.loads(path.read_text("utf-8")), str(path))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{path} is not TOML: {error}") from error


def is_enabled(path: Path) -> bool:
    """Whether the file is there and does not say ``enabled = false``; a broken file is enabled, to be complained of."""
    try:
        return path.is_file() and read_settings(path).table.get("enabled", True) is not False
    except BadRequest:
        return True
