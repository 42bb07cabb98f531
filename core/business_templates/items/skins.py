"""``skins/<folder>/*`` and the manifest's ``[skins.<folder>]``: layers of scripts, templates, files, functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from wendelin.core.business_templates.checking.known import Known
from wendelin.core.business_templates.checking.words import check_words
from wendelin.core.business_templates.items.item import DocumentItem, Item
from wendelin.core.business_templates.text.manifest import METHOD_KEYS, SkinLayer
from wendelin.core.business_templates.text.problems import REFERENCE, Problem
from wendelin.core.business_templates.text.source_files import SourceFile
from wendelin.core.errors import ScriptError
from wendelin.core.model.objects.site import Site
from wendelin.core.model.scripting.scripts import PythonScript
from wendelin.core.model.scripting.skin_items import SkinItem, TrustedMethod, from_file
from wendelin.core.model.scripting.skins import CUSTOM, SkinFolder
from wendelin.core.model.scripting.templates import PageTemplate

SKINS = "portal_skins/"
SUFFIXES = (".py", ".pt")


def read_skins(source: SourceFile, layers: tuple[SkinLayer, ...], files: list[tuple[str, Path]]) -> Iterator[Item]:
    """Layers first, then what is in them; ``files`` are ``(layer, path)``; the priority is 0 by default."""
    known = {layer.id: layer for layer in layers}
    for name, _ in files:
        known.setdefault(name, SkinLayer(name))
    for layer in known.values():
        yield SkinFolderItem(source, SKINS + layer.id, {"priority": layer.priority})
        for method_id, method in layer.methods.items():
            yield TrustedMethodItem(source, f"{SKINS}{layer.id}/{method_id}", method)
    for name, path in files:
        id = path.stem if path.suffix in SUFFIXES else path.name
        own = replace(source, name=f"skins/{name}/{path.name}", text="", data={})
        yield SkinFileItem(own, f"{SKINS}{name}/{id}", {"file": path})


class SkinFolderItem(DocumentItem):
    """One layer."""

    kind = "skin_folder"
    shape = {"priority": int}

    def check(self, known: Known) -> Iterator[Problem]:
        """A problem when the layer is the one that is kept for changes by users."""
        if self.id == CUSTOM:
            yield self.source.problem(f"{CUSTOM!r} is for what users change; name the folder after the template")

    def make(self, site: Site) -> SkinFolder:
        """The layer, empty."""
        folder = SkinFolder()
        folder.portal_type = "Skin Folder"
        folder.priority = float(self.data["priority"])
        return folder


class _SkinItem(DocumentItem):
    """Something in a layer: documents find it as a method."""

    @property
    def skin_id(self) -> str:
        """Its own id."""
        return self.id


class TrustedMethodItem(_SkinItem):
    """A function of an installed plugin."""

    kind = "trusted_method"
    shape = METHOD_KEYS

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with its permission, and a function that cannot be imported."""
        yield from check_words(self, known, self.data)
        method = self.make(known.site)
        try:
            method.function()
        except ScriptError as error:
            yield self.source.problem(f"trusted method {self.id}: {error}", REFERENCE, near=self.id)

    def make(self, site: Site) -> TrustedMethod:
        """The method, which imports its function when it is called."""
        method = TrustedMethod()
        method.__name__ = self.id
        for key in ("method", "title", "published", "request_method"):
            if self.data.get(key):
                setattr(method, key, self.data[key])
        return method


class SkinFileItem(_SkinItem):
    """A script, a page template, or a file, kept in the site and editable there."""

    kind = "skin_file"
    shape = {"file": Path}

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with its permission and roles, and with a script or template that does not compile."""
        try:
            made = self.make(known.site)
        except ScriptError as error:
            yield self.source.problem(str(error))
            return
        yield from check_words(self, known, vars(made))
        if isinstance(made, PythonScript | PageTemplate):
            made.__name__ = self.id
            yield from (self.source.problem(message) for message in made.checkConsistency())

    def make(self, site: Site) -> SkinItem:
        """What the file is by its suffix: a script, a page template, or a file."""
        path: Path = self.data["file"]
        return from_file(path.name, path.read_bytes())[1]
