"""The templates that could be installed: folders that plugins registered as kind "business_template".

Reading is cached per process and follows changes of the files, so that asking often costs a few ``stat`` calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from wendelin.core.business_templates.template import Template, read_template
from wendelin.core.business_templates.text.manifest import MANIFEST_NAME, Manifest, read_manifest
from wendelin.core.business_templates.text.problems import DEPENDENCY, SYNTAX, Problem, raise_problems
from wendelin.core.business_templates.text.source_files import template_files
from wendelin.core.registry import get_registry

Signature = tuple[tuple[str, int, int], ...]

_manifests: dict[Path, tuple[Signature, Manifest]] = {}
_templates: dict[Path, tuple[Signature, Template]] = {}


def folder_dict() -> dict[str, Path]:
    """``{title: folder}`` of all registered templates; a folder that is gone is left out."""
    found = {name: Path(entry.value) for name, entry in get_registry().get("business_template").items()}
    return {title: folder for title, folder in found.items() if (folder / MANIFEST_NAME).is_file()}


def available_manifests() -> dict[str, Manifest]:
    """``{title: manifest}`` of all registered templates. What is wrong with one is told when it is installed."""
    return {title: replace(_manifest(folder), title=title) for title, folder in folder_dict().items()}


def load_templates(titles: Iterable[str]) -> list[Template]:
    """Read templates whole, in the given order; MissingDependency lists every unknown title."""
    folders = folder_dict()
    titles = list(titles)
    known = ", ".join(sorted(folders)) or "none"
    raise_problems(
        Problem(DEPENDENCY, f"unknown business template {title!r}; available: {known}")
        for title in titles
        if title not in folders
    )
    return [_checked_title(load_folder(folders[title]), title) for title in titles]


def _checked_title(template: Template, title: str) -> Template:
    """The template, with a problem more when its folder is registered under another title than its manifest has."""
    if template.title == title:
        return template
    problem = Problem(SYNTAX, f"title is {template.title!r}, but it is registered as {title!r}", title, MANIFEST_NAME)
    return replace(template, problems=(*template.problems, problem))


def load_folder(folder: Path) -> Template:
    """Read the template in a folder, or take what was read before if no file has changed."""
    signature = _signature(folder, template_files(folder))
    cached = _templates.get(folder)
    if cached is None or cached[0] != signature:
        cached = _templates[folder] = (signature, read_template(folder))
    return cached[1]


def _manifest(folder: Path) -> Manifest:
    signature = _signature(folder, [folder / MANIFEST_NAME])
    cached = _manifests.get(folder)
    if cached is None or cached[0] != signature:
        cached = _manifests[folder] = (signature, read_manifest(folder, [])[0])
    return cached[1]


def _signature(folder: Path, files: list[Path]) -> Signature:
    stats = ((path, path.stat()) for path in files)
    return tuple((path.relative_to(folder).as_posix(), stat.st_mtime_ns, stat.st_size) for path, stat in stats)
