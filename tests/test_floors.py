"""The floors of the house: an import goes down or sideways, never up; and every import is absolute.

The table is the one of docs/inside/architecture.md. Imports inside of functions count as well; those under
``if TYPE_CHECKING:`` do not: they are for readers, and never run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP_FOLDERS = ("core", "plugins", "configurator")

FLOORS = {
    "wendelin.core.interfaces": 1,
    "wendelin.core.errors": 1,
    "wendelin.core.registry": 1,
    "wendelin.core.database": 2,
    "wendelin.core.bigdata": 2,
    "wendelin.core": 3,
    "wendelin.core.business_templates": 4,
    "wendelin.core.web": 5,
    "wendelin.core.management": 5,
    "wendelin.plugins": 6,
    "wendelin.configurator": 7,
    "wendelin.core.cli": 7,
    "wendelin.core.commands": 7,
    "wendelin.core.launcher": 7,
}
WEB_LIBRARIES = {"pyramid", "pyramid_tm", "pyramid_retry", "pyramid_chameleon", "webob", "waitress"}


def floor_of(module: str) -> int:
    """The floor of the longest listed prefix."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        found = FLOORS.get(".".join(parts[:length]))
        if found is not None:
            return found
    raise AssertionError(f"{module} is on no floor")


def find_modules() -> Iterator[tuple[str, Path]]:
    """Every module of the packages, with its file; scripts that are business template data are not modules."""
    for top in TOP_FOLDERS:
        for path in sorted((ROOT / top).rglob("*.py")):
            relative = path.relative_to(ROOT)
            if all((ROOT / parent / "__init__.py").is_file() for parent in relative.parents if parent.parts):
                parts = relative.with_suffix("").parts
                name = ".".join(("wendelin", *parts))
                yield name.removesuffix(".__init__"), path


MODULES = dict(find_modules())


class ImportFinder(ast.NodeVisitor):
    """Collects ``(line, module)`` of every import that runs, and the lines of relative ones."""

    def __init__(self) -> None:
        self.imports: list[tuple[int, str]] = []
        self.relative: list[int] = []

    def visit_If(self, node: ast.If) -> None:
        names = {child.id for child in ast.walk(node.test) if isinstance(child, ast.Name)}
        for child in node.orelse if "TYPE_CHECKING" in names else [*node.body, *node.orelse]:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        self.imports += [(node.lineno, alias.name) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            self.relative.append(node.lineno)
            return
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            self.imports.append((node.lineno, full if full in MODULES else str(node.module)))


def find_imports(text: str) -> ImportFinder:
    finder = ImportFinder()
    finder.visit(ast.parse(text))
    return finder


@pytest.mark.parametrize("module", MODULES)
def test_no_import_goes_up(module: str) -> None:
    finder = find_imports(MODULES[module].read_text("utf-8"))
    floor = floor_of(module)
    wrong = [
        f"line {line}: {name} (floor {floor_of(name)})"
        for line, name in finder.imports
        if name.split(".")[0] == "wendelin" and floor_of(name) > floor
    ]
    assert not wrong, f"{module} is on floor {floor} and imports {', '.join(wrong)}"


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute(module: str) -> None:
    lines = find_imports(MODULES[module].read_text("utf-8")).relative
    assert not lines, f"{module}: relative imports in lines {lines}"


@pytest.mark.parametrize("module", [name for name in MODULES if floor_of(name) < 5])
def test_the_object_model_knows_nothing_of_the_web(module: str) -> None:
    finder = find_imports(MODULES[module].read_text("utf-8"))
    wrong = [f"line {line}: {name}" for line, name in finder.imports if name.split(".")[0] in WEB_LIBRARIES]
    assert not wrong, f"{module} imports {wrong}"


@pytest.mark.parametrize("module", MODULES)
def test_own_modules_are_imported_by_their_full_name(module: str) -> None:
    """``import core.x`` would find the folder too, when somebody runs Python in the sources: two copies of a class."""
    finder = find_imports(MODULES[module].read_text("utf-8"))
    wrong = [f"line {line}: {name}" for line, name in finder.imports if name.split(".")[0] in TOP_FOLDERS]
    assert not wrong, f"{module} imports {wrong}"


def test_nothing_is_installed_outside_of_the_namespace() -> None:
    mine = {name for name, owners in packages_distributions().items() if "wendelin" in owners}
    assert {name for name in mine if not name.startswith("__editable__")} <= {"wendelin"}


def test_a_wrong_import_would_be_found() -> None:
    finder = find_imports(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from wendelin.plugins import x\n"
        "def f():\n    import wendelin.core.web.application\n"
        "from . import y\n"
    )
    assert finder.imports == [(1, "typing"), (5, "wendelin.core.web.application")]
    assert finder.relative == [6]
    assert floor_of("wendelin.core.web.application") == 5 and floor_of("wendelin.core.model.objects.folder") == 3
