"""Every dependency has its line in docs/inside/dependencies.md: why it is there, how it is kept, what replaces it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCUMENT = (ROOT / "docs" / "inside" / "dependencies.md").read_text("utf-8").casefold()


def name_of(requirement: str) -> str:
    """``dask[array]>=2025.1`` -> ``dask``"""
    return re.match(r"[A-Za-z0-9_.-]+", requirement)[0]


def find_names() -> list[str]:
    python = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        python += extra
    browser = json.loads((ROOT / "package.json").read_text("utf-8"))
    return sorted(
        {name_of(entry) for entry in python} | {*browser["dependencies"], *browser.get("devDependencies", {})}
    )


@pytest.mark.parametrize("name", find_names())
def test_a_dependency_is_documented(name: str) -> None:
    words = {name, name.replace("-", " "), name.removesuffix("-binary"), name.removeprefix("pytest-")}
    assert any(re.search(rf"(?<!\w){re.escape(word.casefold())}\b", DOCUMENT) for word in words)


def test_the_floor_is_python_3_11() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
