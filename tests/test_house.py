"""A house that a stranger finds his way in: small folders, small files, names that say one thing, types that say
which.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_floors import MODULES, ROOT

MOST_SIBLINGS = 15
MOST_LINES = 400
MOST_ANY = 0.08
SOURCES = {module: path.read_text("utf-8") for module, path in MODULES.items()}
FOLDERS = sorted({path.parent for path in MODULES.values()})
#: Folders whose modules are named for what they are about: a command, a kind of item, a guard, a page, a receiver.
NAMED_FOR_THEIR_SUBJECT = (
    "core.commands",
    "core.business_templates.items",
    "core.model.scripting.restricted",
    "core.management.",
    "plugins.ingestion.receivers.",
)
#: File names that stand in several folders because they mean the same in each.
SHARED_NAMES = {
    "__init__": "the map of a package",
    "tool": "the document portal_... at the root of a site",
    "skins": "skin methods: of core their lookup, of a plugin those that it brings",
    "views": "addresses: of core how they are registered, of a plugin its own",
    "command": "the subcommand of `wendelin` that starts a program",
}


def siblings(folder: Path) -> list[str]:
    """The modules and packages of a folder; data folders and the package's own ``__init__.py`` are none."""
    modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    packages = [path.name for path in folder.iterdir() if (path / "__init__.py").is_file()]
    return sorted(modules + packages)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path) -> None:
    assert len(siblings(folder)) <= MOST_SIBLINGS, f"{folder.relative_to(ROOT)}: {siblings(folder)}"


def test_files_are_small() -> None:
    long = {module: text.count("\n") for module, text in SOURCES.items() if text.count("\n") > MOST_LINES}
    assert not long, f"which noun wants to leave? {long}"


def test_a_file_name_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        if not module.removeprefix("wendelin.").startswith(NAMED_FOR_THEIR_SUBJECT):
            places.setdefault(path.stem, []).append(module)
    twice = {name: found for name, found in places.items() if len(found) > 1 and name not in SHARED_NAMES}
    assert not twice, twice


def parameters(text: str) -> Iterator[ast.arg]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found = node.args
            named = [*found.posonlyargs, *found.args, *found.kwonlyargs, found.vararg, found.kwarg]
            yield from (arg for arg in named if arg is not None and arg.arg not in ("self", "cls", "mcs"))


def test_parameters_have_types_that_say_something() -> None:
    """``Any`` says nothing: at most eight of a hundred parameters have it; every one has an annotation."""
    found = [arg for text in SOURCES.values() for arg in parameters(text)]
    assert [arg.arg for arg in found if arg.annotation is None] == []
    untold = [arg for arg in found if isinstance(arg.annotation, ast.Name) and arg.annotation.id == "Any"]
    assert len(untold) < MOST_ANY * len(found), f"{len(untold)} of {len(found)}"
