"""``paths/<relative_url>.toml``: whole documents, with large contents beside them in files of their own type.

``paths/web_page_module/x.toml`` may have ``paths/web_page_module/x.text_content.html`` beside it: the middle part is
the property's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wendelin.core.business_templates.checking.known import CATEGORIES, TYPES, WORKFLOWS, Known
from wendelin.core.business_templates.checking.site_paths import find
from wendelin.core.business_templates.checking.type_facts import property_dict, type_list, value_problem
from wendelin.core.business_templates.items.item import DocumentItem, Item, Record
from wendelin.core.business_templates.text.problems import REFERENCE, Problem
from wendelin.core.business_templates.text.source_files import SourceFile, tables
from wendelin.core.model.objects.creation import attach, begin, instantiate
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site
from wendelin.core.model.workflow.engine import set_state

PATH_KEYS: dict[str, Any] = {
    "portal_type": str,
    "properties": dict,
    "categories": list[str],
    "state": dict,
    "side_files": dict,  # put there by `read_path`
}


def read_path(source: SourceFile, path: str, side_files: Iterable[Path]) -> Item:
    """The document of a TOML file; ``side_files`` are the files beside it whose names begin with its name."""
    contents = {}
    for side in sorted(side_files):
        property_id = side.name.removeprefix(path.rpartition("/")[2] + ".").split(".")[0]
        contents[property_id] = side
    return PathItem(source, path, dict(source.data) | {"side_files": contents})


class PathItem(DocumentItem):
    """One document anywhere in the site."""

    kind = "path"
    shape = PATH_KEYS

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with the portal type, categories, workflow states, property values and files beside it."""
        portal_type = self.data.get("portal_type", "")
        yield from known.check(self, TYPES, [portal_type])
        yield from self._check_categories(known)
        if not known.has(TYPES + portal_type):
            return
        for workflow_id, state in self.data.get("state", {}).items():
            yield from self._check_state(known, workflow_id, state)
        for id, value in self.data.get("properties", {}).items():
            message = value_problem(known, portal_type, id, value)
            if message:
                yield self.source.problem(message, REFERENCE, near=id)
            if id in self.data["side_files"]:
                yield self.source.problem(f"property {id!r} stands in the file and beside it", near=id)
        for id, side in self.data["side_files"].items():
            yield from self._check_side_file(known, id, side)

    def _check_categories(self, known: Known) -> Iterator[Problem]:
        for category in self.data.get("categories", ()):
            base, _, url = category.partition("/")
            yield from known.check(self, CATEGORIES, [base])
            if not known.has(CATEGORIES + category):
                yield from known.check(self, "", [url])

    def _check_state(self, known: Known, workflow_id: str, state: object) -> Iterator[Problem]:
        portal_type = self.data["portal_type"]
        yield from known.check(self, WORKFLOWS, [workflow_id])
        if workflow_id not in type_list(known, portal_type, "workflow_list"):
            message = f"workflow {workflow_id!r} is not in the chain of {portal_type}"
            yield self.source.problem(message, REFERENCE, near=workflow_id)
        item = known.brought.get(WORKFLOWS + workflow_id)
        workflow = find(known.site, WORKFLOWS + workflow_id)
        states: list[Any] = [] if workflow is None else list(workflow.definition.state)
        if item is not None:
            states = [entry.get("id") for entry in tables(item.data, "state")]
        if state not in states:
            yield self.source.unknown(f"state of {workflow_id}", str(state))

    def _check_side_file(self, known: Known, id: str, side: Path) -> Iterator[Problem]:
        """A text has to be UTF-8; what a property is, says the portal type."""
        entry = property_dict(known, self.data["portal_type"]).get(id)
        try:
            value: Any = _content(side, entry)
        except UnicodeDecodeError as error:
            yield self.source.problem(f"{side.name} is not UTF-8 text: {error.reason} at byte {error.start}")
            return
        message = value_problem(known, self.data["portal_type"], id, value)
        if message:
            yield self.source.problem(f"{side.name}: {message}", REFERENCE)

    def make(self, site: Site) -> Document:
        """The document in the first state of its workflows, with its properties and categories."""
        document: Document = instantiate(site.type_information(self.data["portal_type"]))
        document.__name__, document.__parent__ = self.id, find(site, self.container_path)
        begin(document)
        document._edit(**self._values(document))
        document.categories = tuple(dict.fromkeys((*document.categories, *self.data.get("categories", ()))))
        return document

    def _values(self, document: Document) -> dict[str, Any]:
        """Property values of the file and of the files beside it, these as text where the property is text."""
        values = dict(self.data.get("properties", {}))
        known = document.getTypeInfo().property_dict
        for property_id, side in self.data["side_files"].items():
            values[property_id] = _content(side, known.get(property_id))
        return values

    def install(self, site: Site) -> Record:
        """Make the document, place it, and bring its workflows into the states that the file names."""
        document = self.make(site)
        attach(find(site, self.container_path), self.id, document)
        for workflow_id, state in self.data.get("state", {}).items():
            set_state(document, workflow_id, state, comment=f"Installed by {self.template}")
        return self.record(portal_type=self.data["portal_type"])


def _content(side: Path, entry: object) -> str | bytes:
    """What a file beside a document holds: text for a property that is text, else bytes."""
    content = side.read_bytes()
    return content if getattr(entry, "type", "data") == "data" else content.decode("utf-8")
