"""Whatever an operator or a plugin developer can use has its place in ``docs/``. The lists come from the code."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.code_blocks import ROOT
from tests.docs.parsers import command_names, find_parser, options_of
from wendelin.core.registry import PluginConfig

SOURCES = [path for folder in ("core", "plugins", "configurator") for path in sorted((ROOT / folder).rglob("*.py"))]
PAGES = {path: path.read_text("utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))}
PREFIX = "wendelin_"


@cache
def calls() -> list[tuple[Path, str, list[ast.expr]]]:
    """``(file, name of the function or method, arguments)`` of every call in the sources."""
    found = []
    for path in SOURCES:
        if "template" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                found.append((path, name, node.args))
    return found


def texts(arguments: list[ast.expr]) -> Iterator[str]:
    """The arguments that are text."""
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def first_texts(function: str) -> set[str]:
    """The first arguments of all calls of a function."""
    return {text for _, name, arguments in calls() if name == function for text in texts(arguments[:1])}


def is_documented(name: str, pattern: str = "") -> bool:
    """Whether a page has the name: as a whole word, or as ``pattern`` says."""
    wanted = re.compile(pattern or rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return any(wanted.search(text) for text in PAGES.values())


# -- hooks of the registry


def hooks() -> list[str]:
    methods = inspect.getmembers(PluginConfig, inspect.isfunction)
    return [name for name, _ in methods if not name.startswith("_")]


@pytest.mark.parametrize("name", hooks())
def test_a_hook_is_documented(name: str) -> None:
    assert f"`{name}(" in PAGES[ROOT / "docs/extend/plugins.md"]


# -- commands


@pytest.mark.parametrize("name", command_names())
def test_a_command_is_documented(name: str) -> None:
    assert is_documented(name, rf"wendelin {name}\b")


@pytest.mark.parametrize("name", command_names())
def test_the_options_of_a_command_are_documented(name: str) -> None:
    """Each stands on a page that speaks of the command, or of the script that is called as the command is."""
    written = rf"wendelin[ -]{name}\b"
    pages = [text for text in PAGES.values() if re.search(written, text)]
    missing = {
        option
        for option in options_of(find_parser(name))
        if not any(re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text) for text in pages)
    }
    assert not missing


# -- settings


def ini_settings() -> set[str]:
    """What the application reads from its section of ``development.ini``."""
    found = set()
    for path in SOURCES:
        text = path.read_text("utf-8")
        found |= set(re.findall(r'"(retry\.\w+)": ', text))
        found |= set(re.findall(r"""settings(?:\.get\(|\.setdefault\(|\[)"((?:wendelin|retry)\.[\w.]+)\"""", text))
    return found


@pytest.mark.parametrize("name", sorted(ini_settings()))
def test_a_setting_of_development_ini_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGES[ROOT / "docs/use/operations.md"]


def file_settings(receiver: str) -> set[str]:
    """The keys that ``forward.toml`` or ``mqtt.toml`` may have, sections included."""
    takers = {"take", "take_path", "section", "sections"}
    return {
        name
        for path, function, arguments in calls()
        if function in takers and path.parent.name == receiver
        for name in texts(arguments[:1])
    }


@pytest.mark.parametrize(
    ("receiver", "name"),
    [(receiver, name) for receiver in ("forward", "mqtt") for name in sorted(file_settings(receiver))],
)
def test_a_setting_of_a_receiver_is_documented(receiver: str, name: str) -> None:
    text = PAGES[ROOT / f"docs/use/{receiver}.md"]
    assert any(word in text for word in (f"`{name}`", f"`[{name}]`", f"`[[{name}]]`", f"`{name} = "))


def environment_variables() -> set[str]:
    """Variables that the sources read."""
    found = set()
    for path in SOURCES:
        found |= set(re.findall(r'"(WENDELIN_[A-Z_]+|PROMETHEUS_[A-Z_]+)"', path.read_text("utf-8")))
    return found


@pytest.mark.parametrize("name", sorted(environment_variables()))
def test_a_variable_of_the_environment_is_documented(name: str) -> None:
    assert is_documented(name)


def preferences() -> dict[str, str]:
    """``{id: title}`` of every preference of the business templates."""
    found = {}
    for path in ROOT.glob("*/**/template/property_sheets/*.toml"):
        if "node_modules" in path.parts or ".venv" in path.parts:
            continue
        for entry in tomllib.loads(path.read_text("utf-8")).get("property", []):
            if entry["id"].startswith("preferred_"):
                found[entry["id"]] = entry.get("title", "")
    return found


@pytest.mark.parametrize("name", sorted(preferences()))
def test_a_preference_is_documented(name: str) -> None:
    assert is_documented(name)


# -- numbers


def metrics() -> set[str]:
    """The names that ``/metrics`` shows: counters and histograms get the prefix, gauges are named with it."""
    counters = {name for _, function, arguments in calls() if function == "describe" for name in texts(arguments[:1])}
    gauges = {
        name for _, function, arguments in calls() if function == "GaugeMetricFamily" for name in texts(arguments[:1])
    }
    return {PREFIX + name for name in counters} | gauges


def counted() -> set[str]:
    """The names that are counted, whether somebody described them or not."""
    first = {"count": 0, "observe": 0, "count_committed": 1}
    return {
        PREFIX + name
        for path, function, arguments in calls()
        if function in first and "metrics" in path.read_text("utf-8")
        for name in texts(arguments[first[function] : first[function] + 1])
        if re.fullmatch(r"[a-z_]+_(total|seconds)", name)
    }


@pytest.mark.parametrize("name", sorted(metrics() | counted()))
def test_a_metric_is_documented(name: str) -> None:
    assert is_documented(name)


def test_what_is_counted_is_described() -> None:
    assert counted() <= metrics()


def test_the_lists_are_not_empty() -> None:
    """A list that is made from the code becomes empty, and its test worthless, when the code is written differently."""
    assert len(hooks()) > 10 and len(command_names()) > 12
    assert len(ini_settings()) >= 4 and len(environment_variables()) >= 4
    assert len(file_settings("forward")) > 10 and len(file_settings("mqtt")) > 10
    assert len(preferences()) >= 5 and len(metrics()) >= 9
