"""Each package begins with a map of its rooms: its docstring names every module and package in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.code_blocks import ROOT

PACKAGES = [
    init.parent
    for top in ("core", "plugins", "configurator")
    for init in sorted((ROOT / top).rglob("__init__.py"))
    if "template" not in init.relative_to(ROOT).parts
]


def name_of(package: Path) -> str:
    return package.relative_to(ROOT).as_posix()


def rooms_of(package: Path) -> set[str]:
    """The names of the modules and packages in a package."""
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


def map_of(package: Path) -> set[str]:
    """The words between backticks of a package's docstring, without a suffix or the path before them."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    words = re.findall(r"`+([\w./]+)`+", text)
    return {word.removesuffix("/").removesuffix(".py").split("/")[-1].split(".")[-1] for word in words}


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_a_package_names_its_rooms(package: Path) -> None:
    missing = rooms_of(package) - map_of(package)
    assert not missing, f"{name_of(package)}/__init__.py does not name {sorted(missing)}"
