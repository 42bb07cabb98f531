"""The modules that the documentation names, and what it names in them, are there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.docs.code_blocks import PAGES, ROOT

#: ``wendelin.core.security``, ``core.web``, ``wendelin.core.bigdata.BigFile`` between backticks, or in an import.
NAME = re.compile(r"(?<![\w./-])(?:wendelin\.)?((?:core|plugins|configurator)(?:\.\w+)+)")
FULL_NAME = re.compile(r"(?<![\w./-])wendelin\.((?:core|plugins|configurator)(?:\.\w+)+)")
#: Names of files are for `tests/docs/test_links.py`.
NO_MODULES = re.compile(r"\.(?:py|md|toml|pt|sh|ini)$")


def names_of(page: Path) -> set[str]:
    return {name for name in NAME.findall(page.read_text("utf-8")) if not NO_MODULES.search(name)}


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = f"wendelin.{name}".split(".")
    for length in range(len(parts), 1, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_and_what_is_in_them_are_there(page: Path) -> None:
    assert not sorted(name for name in names_of(page) if not exists(name))


@pytest.mark.parametrize("folder", ["core", "plugins", "configurator", "benchmarks", "examples"])
def test_names_in_sources_are_there(folder: str) -> None:
    """In comments and docstrings as well, which no other tool reads."""
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(set(FULL_NAME.findall(path.read_text("utf-8"))))
        if not exists(name)
    ]
    assert not wrong


def test_a_name_that_is_not_there_would_be_found() -> None:
    assert exists("core.security.check_permission") and exists("core.bigdata.BigFile")
    assert not exists("core.security.nobody") and not exists("core.nowhere.at_all")
