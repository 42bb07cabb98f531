"""The floors of the house: an import goes down, or sideways within a package, never up; every import is absolute.

The table is the one of docs/inside/architecture.md. Everything that names a module counts: imports at the top, inside
of functions and under ``if TYPE_CHECKING:``, and names of modules in strings. Only a registration (a module with an
``includeme``) may name by a string what stands beside or below its own package.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "inside" / "architecture.md"
TOP_FOLDERS = ("core", "plugins", "configurator")

#: From the ground up; what stands in one line is one floor. A package may import what stands before it, and itself.
ORDER = (
    ("core.errors", "core.interfaces"),
    ("core.registry",),
    ("core.contracts",),
    ("core.database",),
    ("core.instance",),
    ("core.bigdata",),
    ("core.security",),
    ("core.model.objects",),
    ("core.model.portal_types",),
    ("core.model.accounts",),
    ("core.model.scripting",),
    ("core.model.workflow",),
    ("core.model.activities",),
    ("core.model.catalog",),
    ("core.business_templates",),
    ("core.web",),
    ("core.management",),
    ("plugins.analysis", "plugins.ingestion"),
    ("configurator",),
    ("core.launcher",),
    ("core.commands",),
    ("core.cli",),
)
#: Modules that only register, or only say what a package is, with the floor up to which they may look.
REGISTRATIONS = {
    "wendelin.core": "core.management",
    "wendelin.core.model": "core.errors",
    "wendelin.plugins": "core.errors",
}
FLOORS = {f"wendelin.{name}": number for number, names in enumerate(ORDER) for name in names}
WEB_FLOOR = FLOORS["wendelin.core.web"]
WEB_LIBRARIES = {"pyramid", "pyramid_tm", "pyramid_retry", "pyramid_chameleon", "webob", "waitress"}
MODULE_NAME = re.compile(r"wendelin(\.\w+)+")


def package_of(module: str) -> str:
    """The listed package that a module belongs to."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in FLOORS:
            return name
    raise AssertionError(f"{module} is on no floor")


def floor_of(module: str) -> int:
    """The floor of a module; a registration's is the highest that it may look up to."""
    if module in REGISTRATIONS:
        return FLOORS["wendelin." + REGISTRATIONS[module]]
    return FLOORS[package_of(module)]


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


def longest_module(name: str) -> str | None:
    """The module that a dotted name leads to or through; None where it is none of ours."""
    parts = name.split(".")
    for length in range(len(parts), 1, -1):
        if (found := ".".join(parts[:length])) in MODULES:
            return found
    return None


@dataclass
class Names(ast.NodeVisitor):
    """What a source names: ``(line, module)`` of imports wherever they stand, of strings, and lines of relative
    imports.
    """

    imports: list[tuple[int, str]] = field(default_factory=list)
    strings: list[tuple[int, str]] = field(default_factory=list)
    relative: list[int] = field(default_factory=list)

    def visit_Import(self, node: ast.Import) -> None:
        self.imports += [(node.lineno, alias.name) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            self.relative.append(node.lineno)
            return
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            self.imports.append((node.lineno, full if full in MODULES else str(node.module)))

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring may name whatever it explains
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            for match in MODULE_NAME.finditer(node.value):
                if (module := longest_module(match[0])) is not None:
                    self.strings.append((node.lineno, module))


def find_names(text: str) -> Names:
    names = Names()
    names.visit(ast.parse(text))
    return names


NAMES = {module: find_names(path.read_text("utf-8")) for module, path in MODULES.items()}


def is_registration(module: str) -> bool:
    return MODULES[module].name == "__init__.py" and "def includeme(" in MODULES[module].read_text("utf-8")


def named_modules(module: str) -> list[tuple[int, str]]:
    """Every module of ours that counts as an import of ``module``."""
    names = NAMES[module]
    found = [(line, name) for line, name in names.imports if name.split(".")[0] == "wendelin" and name != module]
    return found + [(line, name) for line, name in names.strings if name != module]


@pytest.mark.parametrize("module", MODULES)
def test_no_import_goes_up(module: str) -> None:
    floor = floor_of(module)
    mine = module if module in REGISTRATIONS else package_of(module)
    wrong = [
        f"line {line}: {name}"
        for line, name in named_modules(module)
        if (floor_of(name) > floor or (floor_of(name) == floor and package_of(name) != mine))
        and not (module in REGISTRATIONS and floor_of(name) <= floor)
    ]
    assert not wrong, f"{module} is on floor {floor} and names {', '.join(wrong)}"


def folder_of(module: str) -> str:
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


def test_no_two_folders_need_each_other() -> None:
    """The folders' graph has no circle, whatever way an import is written. A registration is no part of its folder."""
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        mine = f"{module} (registration)" if is_registration(module) or module in REGISTRATIONS else folder_of(module)
        for _line, name in named_modules(module):
            name = longest_module(name) or name
            other = f"{name} (registration)" if is_registration(name) or name in REGISTRATIONS else folder_of(name)
            if other != mine:
                graph.setdefault(mine, set()).add(other)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"these folders need each other: {' -> '.join(error.args[1])}") from None


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute(module: str) -> None:
    lines = NAMES[module].relative
    assert not lines, f"{module}: relative imports in lines {lines}"


@pytest.mark.parametrize(
    "module", [name for name in MODULES if name not in REGISTRATIONS and floor_of(name) < WEB_FLOOR]
)
def test_the_object_model_knows_nothing_of_the_web(module: str) -> None:
    wrong = [f"line {line}: {name}" for line, name in NAMES[module].imports if name.split(".")[0] in WEB_LIBRARIES]
    assert not wrong, f"{module} imports {wrong}"


@pytest.mark.parametrize("module", MODULES)
def test_own_modules_are_imported_by_their_full_name(module: str) -> None:
    """``import core.x`` would find the folder too, when somebody runs Python in the sources: two copies of a class."""
    wrong = [f"line {line}: {name}" for line, name in NAMES[module].imports if name.split(".")[0] in TOP_FOLDERS]
    assert not wrong, f"{module} imports {wrong}"


def test_the_documentation_shows_the_floors_as_they_are() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    shown = [re.findall(r"`([\w/]+)(?:\.py)?`", row.split("|")[1]) for row in rows]
    assert [tuple(path.strip("/").replace("/", ".") for path in paths) for paths in shown] == list(ORDER)


def test_nothing_is_installed_outside_of_the_namespace() -> None:
    mine = {name for name, owners in packages_distributions().items() if "wendelin" in owners}
    assert {name for name in mine if not name.startswith("__editable__")} <= {"wendelin"}


def test_wrong_imports_would_be_found() -> None:
    names = find_names(
        '"""A docstring may name wendelin.core.cli."""\n'
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from wendelin.plugins import ingestion\n"
        "def f():\n    import wendelin.core.web.application\n"
        "from . import y\n"
        'command = ["python", "-m", "wendelin.core.cli:main"]\n'
    )
    assert names.imports == [
        (2, "typing"),
        (4, "wendelin.plugins.ingestion"),
        (6, "wendelin.core.web.application"),
    ]
    assert names.relative == [7] and names.strings == [(8, "wendelin.core.cli")]
    assert floor_of("wendelin.core.model.objects.folder") < floor_of("wendelin.core.web.application")
