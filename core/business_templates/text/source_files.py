"""Reading the text files of a business template's folder, so that every problem names its file and line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wendelin.core.business_templates.text.problems import REFERENCE, SYNTAX, Problem
from wendelin.core.errors import BusinessTemplateError

LINE_PATTERN = re.compile(r"\(at line (\d+)")


@dataclass
class SourceFile:
    """One TOML file of a template: its data, and the means to report what is wrong with it."""

    template: str
    name: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def problem(self, message: str, kind: str = SYNTAX, near: str = "") -> Problem:
        """A problem of this file; ``near`` is a text that stands on the line meant."""
        return Problem(kind, message, self.template, self.name, self.line_of(near) if near else 0)

    def unknown(self, what: str, value: str) -> Problem:
        """A reference to something that neither the site nor the set of templates has."""
        return self.problem(f"unknown {what} {value!r}", REFERENCE, near=value)

    def line_of(self, text: str) -> int:
        """The number (from 1) of the first line that holds the quoted text, or the text itself; 0 when none does."""
        lines = self.text.splitlines()
        for needle in (f'"{text}"', f"'{text}'", text):
            for number, line in enumerate(lines, start=1):
                if needle in line:
                    return number
        return 0


def read_source(folder: Path, path: Path, template: str, problems: list[Problem]) -> SourceFile:
    """Read a TOML file; what cannot be read or parsed goes to ``problems`` and gives empty data."""
    source = SourceFile(template, path.relative_to(folder).as_posix(), "")
    try:
        source.text = path.read_text(encoding="utf-8")
        source.data = tomllib.loads(source.text)
    except UnicodeDecodeError as error:
        problems.append(source.problem(f"is not UTF-8 text: {error.reason} at byte {error.start}"))
    except (ValueError, RecursionError) as error:  # also numbers of many digits, and brackets in brackets
        match = LINE_PATTERN.search(str(error))
        problems.append(Problem(SYNTAX, f"not TOML: {error}", template, source.name, int(match[1]) if match else 0))
    return source


def template_files(folder: Path) -> list[Path]:
    """The files of a template, in a stable order; caches and hidden files are no part of it."""
    if not folder.is_dir():
        raise BusinessTemplateError(f"{folder} is not a folder")
    return sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(folder)))


def digest(folder: Path, files: list[Path]) -> str:
    """The revision: SHA-256 over names and contents of all files, in hexadecimal."""
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def tables(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The tables of the array ``[[key]]``; what is no table is left out (`shapes.table_problems` reports it)."""
    entries = data.get(key)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)
