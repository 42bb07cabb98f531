"""``business_template.toml``: what a business template is called, what it needs, and the layers of its skins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.shapes import fits, shape_problems
from wendelin.core.business_templates.text.source_files import SourceFile, read_source
from wendelin.core.business_templates.text.versions import DEPENDENCY_PATTERN, Dependency, is_version
from wendelin.core.errors import BusinessTemplateError

MANIFEST_NAME = "business_template.toml"
MANIFEST_KEYS: dict[str, type] = {
    "title": str,
    "version": str,
    "description": str,
    "license": str,
    "dependencies": list[str],
    "provisions": list[str],
    "changes": list[str],
    "skins": dict,
}
SKIN_KEYS: dict[str, type] = {"priority": int, "methods": dict}
METHOD_KEYS: dict[str, type] = {"method": str, "published": str, "request_method": str, "title": str}


@dataclass(frozen=True)
class SkinLayer:
    """A skin folder of the manifest: its priority, and its trusted methods as ``{id: {"method": "module:name"}}``."""

    id: str
    priority: int = 0
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The head of a template; ``provisions`` are virtual names, each ``name`` or ``name (= version)``."""

    title: str
    version: str
    description: str = ""
    license: str = ""
    dependencies: tuple[Dependency, ...] = ()
    provisions: tuple[Dependency, ...] = ()
    changes: tuple[str, ...] = ()
    skins: tuple[SkinLayer, ...] = ()


def read_manifest(folder: Path, problems: list[Problem]) -> tuple[Manifest, SourceFile]:
    """Read the manifest; problems are appended, and what cannot be used is left out."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise BusinessTemplateError(f"{folder} has no {MANIFEST_NAME}: it is not a business template")
    source = read_source(folder, path, folder.name, problems)
    title = source.data.get("title")
    if isinstance(title, str) and DEPENDENCY_PATTERN.fullmatch(title):
        source.template = title
    problems.extend(_check(source))
    data: dict[str, Any] = {
        key: value for key, value in source.data.items() if fits(value, MANIFEST_KEYS.get(key, type(None)))
    }
    manifest = Manifest(
        title=source.template,
        version=data.get("version", "0"),
        description=data.get("description", ""),
        license=data.get("license", ""),
        dependencies=_parse_dependencies(source, data, "dependencies", problems),
        provisions=_parse_dependencies(source, data, "provisions", problems),
        changes=tuple(str(change) for change in data.get("changes", ())),
        skins=tuple(_skin_layers(data.get("skins", {}))),
    )
    return manifest, source


def _check(source: SourceFile) -> Iterator[Problem]:
    data = source.data
    yield from shape_problems(source, data, MANIFEST_KEYS)
    if not isinstance(data.get("title"), str) or not DEPENDENCY_PATTERN.fullmatch(data["title"]):
        yield source.problem("title must be a name such as 'erp5_core'", near="title")
    if not is_version(str(data.get("version", ""))):
        yield source.problem(f"version must look like 1.0, not {data.get('version', '')!r}", near="version")
    for name, skin in _tables(data.get("skins")):
        yield from shape_problems(source, skin, SKIN_KEYS, f"skins.{name}")
        for method_id, method in _tables(skin.get("methods")):
            yield from shape_problems(source, method, METHOD_KEYS, f"skins.{name}.methods.{method_id}")
            if ":" not in str(method.get("method", "")):
                yield source.problem(f"{method_id} needs method = 'module:function'", near=method_id)


def _tables(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of a table that are tables themselves."""
    if isinstance(value, dict):
        yield from ((key, entry) for key, entry in value.items() if isinstance(entry, dict))


def _parse_dependencies(
    source: SourceFile, data: dict[str, Any], key: str, problems: list[Problem]
) -> tuple[Dependency, ...]:
    found = []
    for text in data.get(key, ()):
        try:
            found.append(Dependency.parse(str(text)))
        except ValueError as error:
            problems.append(source.problem(f"{key}: {error}", near=str(text)))
    return tuple(found)


def _skin_layers(skins: dict[str, Any]) -> Iterator[SkinLayer]:
    for name, skin in _tables(skins):
        priority = skin.get("priority")
        yield SkinLayer(name, priority if isinstance(priority, int) else 0, dict(_tables(skin.get("methods"))))
