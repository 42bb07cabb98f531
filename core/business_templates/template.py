"""A business template, read from its folder: the manifest, the items in the order in which they are installed, and
every problem that reading found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wendelin.core.business_templates.checking.known import SHEETS, TYPES, WORKFLOWS
from wendelin.core.business_templates.items.actions import read_actions
from wendelin.core.business_templates.items.categories import read_categories
from wendelin.core.business_templates.items.item import Item
from wendelin.core.business_templates.items.modules import read_modules
from wendelin.core.business_templates.items.paths import read_path
from wendelin.core.business_templates.items.portal_types import PortalTypeItem
from wendelin.core.business_templates.items.preferences import read_preferences
from wendelin.core.business_templates.items.property_sheets import PropertySheetItem
from wendelin.core.business_templates.items.security import read_security
from wendelin.core.business_templates.items.skins import read_skins
from wendelin.core.business_templates.items.type_extensions import TypeExtensionItem
from wendelin.core.business_templates.items.workflows import WorkflowItem
from wendelin.core.business_templates.text.manifest import MANIFEST_NAME, Manifest, read_manifest
from wendelin.core.business_templates.text.problems import SYNTAX, Problem
from wendelin.core.business_templates.text.shapes import id_problems, shape_problems
from wendelin.core.business_templates.text.source_files import SourceFile, digest, read_source, template_files

FOLDERS = ("portal_types", "property_sheets", "workflows", "categories", "skins", "paths")
SINGLE_FILES: dict[str, tuple[Callable[[SourceFile], Iterator[Item]], str]] = {
    "modules.toml": (read_modules, "module"),
    "actions.toml": (read_actions, "action"),
    "preferences.toml": (read_preferences, "preference"),
    "security.toml": (read_security, "permissions"),
}


@dataclass(frozen=True)
class Template:
    """What a folder holds. ``problems`` are those of reading; what depends on a site is in `validation`."""

    folder: Path
    manifest: Manifest
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]
    revision: str

    @property
    def title(self) -> str:
        """The title that the manifest gives, or the folder's name where it gives none."""
        return self.manifest.title


def read_template(folder: Path) -> Template:
    """Read a folder. Only a folder without a manifest raises; every other problem is kept in the result."""
    files = template_files(folder)
    problems: list[Problem] = []
    manifest, source = read_manifest(folder, problems)
    reading = _Reading(folder, manifest, source, files, problems)
    items = tuple(item for part in reading.parts() for item in part)
    problems.extend(reading.strangers())
    return Template(folder, manifest, items, tuple(problems), digest(folder, files))


@dataclass
class _Reading:
    """The parts of a template in the order in which they have to be installed."""

    folder: Path
    manifest: Manifest
    source: SourceFile
    files: list[Path]
    problems: list[Problem]

    def parts(self) -> Iterator[Iterable[Item]]:
        """Definitions first, then what is made of them; extensions after every type of the template itself."""
        types = [(path, self.read(path)) for path in self.below("portal_types", ".toml")]
        yield self.single("security.toml")
        yield [PropertySheetItem(s, SHEETS + p.stem, s.data) for p, s in self.sources("property_sheets")]
        for path, source in self.sources("categories"):
            yield read_categories(source, path.stem)
        yield [WorkflowItem(s, WORKFLOWS + p.stem, s.data) for p, s in self.sources("workflows")]
        yield read_skins(self.source, self.manifest.skins, self.skin_files())
        for kind, extends in ((PortalTypeItem, False), (TypeExtensionItem, True)):
            found = [(p, s) for p, s in types if (s.data.get("extends") is True) == extends]
            yield [kind(s, TYPES + p.stem, s.data) for p, s in found]
        yield self.single("modules.toml")
        yield self.single("preferences.toml")
        yield self.paths()
        yield self.single("actions.toml")

    def read(self, path: Path) -> SourceFile:
        return read_source(self.folder, path, self.manifest.title, self.problems)

    def below(self, folder: str, suffix: str = "") -> list[Path]:
        """Files of one of the template's folders."""
        base = self.folder / folder
        return [path for path in self.files if base in path.parents and path.name.endswith(suffix)]

    def sources(self, folder: str) -> list[tuple[Path, SourceFile]]:
        return [(path, self.read(path)) for path in self.below(folder, ".toml")]

    def single(self, name: str) -> Iterator[Item]:
        """The items of a file at the top of the folder, if it is there."""
        path = self.folder / name
        if path in self.files:
            read, key = SINGLE_FILES[name]
            source = self.read(path)
            is_table = key == "permissions"
            self.problems.extend(shape_problems(source, source.data, {key: dict if is_table else list}))
            if not is_table:
                self.problems.extend(id_problems(source, key, source.data.get(key, [])))
            yield from read(source)

    def skin_files(self) -> list[tuple[str, Path]]:
        return [(path.parent.name, path) for path in self.below("skins") if path.parent.parent == self.folder / "skins"]

    def paths(self) -> Iterator[Item]:
        """Documents of ``paths``, containers before what they hold."""
        files = self.below("paths")
        main = sorted((path for path in files if path.suffix == ".toml"), key=lambda path: (len(path.parts), path))
        for path in main:
            side = [other for other in files if _is_beside(other, path)]
            url = path.relative_to(self.folder / "paths").as_posix().removesuffix(".toml")
            yield read_path(self.read(path), url, side)

    def strangers(self) -> Iterator[Problem]:
        """Problems for files that mean nothing in a template; forgotten text would otherwise be lost in silence."""
        for path in self.files:
            if not self._means_something(path):
                name = path.relative_to(self.folder).as_posix()
                yield Problem(SYNTAX, "this file has no place in a business template", self.manifest.title, name)

    def _means_something(self, path: Path) -> bool:
        parts = path.relative_to(self.folder).parts
        if len(parts) == 1:
            return parts[0] == MANIFEST_NAME or parts[0] in SINGLE_FILES or parts[0].lower().startswith("readme")
        if parts[0] == "skins":
            return len(parts) == 3
        if parts[0] == "paths":
            return path.suffix == ".toml" or any(_is_beside(path, other) for other in self.below("paths", ".toml"))
        return parts[0] in FOLDERS and len(parts) == 2 and path.suffix == ".toml"


def _is_beside(path: Path, main: Path) -> bool:
    """True if ``path`` is a content file of the document in ``main``: ``x.text_content.html`` beside ``x.toml``."""
    stem = main.name.removesuffix(".toml")
    rest = path.name.removeprefix(stem + ".")
    return path.parent == main.parent and path.suffix != ".toml" and rest != path.name and rest.count(".") == 1
