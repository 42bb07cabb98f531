"""``paths/<relative_url>.toml``: whole documents, with large contents beside them in files of their own type.

``paths/web_page_module/x.toml`` may have ``paths/web_page_module/x.text_content.html`` beside it: the middle part is
the property's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wendelin.core.business_templates.items.item import DocumentItem, Item, Record
from wendelin.core.business_templates.known import CATEGORIES, TYPES, WORKFLOWS, Known
from wendelin.core.business_templates.problems import Problem
from wendelin.core.business_templates.site_paths import attach, find
from wendelin.core.business_templates.source import SourceFile, tables
from wendelin.core.portal_types import instantiate, type_information
from wendelin.core.workflow import initialise
from wendelin.core.workflow.engine import set_state

PATH_KEYS: dict[str, type] = {"portal_type": str, "properties": dict, "categories": list, "state": dict}


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

    def check(self, known: Known) -> Iterator[Problem]:
        data = {key: value for key, value in self.data.items() if key != "side_files"}
        yield from self.source.check_keys(data, PATH_KEYS)
        yield from known.check(self, TYPES, [data.get("portal_type", "")])
        yield from known.check(self, WORKFLOWS, list(data.get("state", ())))
        yield from self._check_states(known)
        for category in data.get("categories", ()):
            base, _, url = str(category).partition("/")
            yield from known.check(self, CATEGORIES, [base])
            if not known.has(CATEGORIES + category):
                yield from known.check(self, "", [url])
        for entry in set(self.data["side_files"]) & set(data.get("properties", ())):
            yield self.source.problem(f"property {entry!r} stands in the file and beside it", near=entry)

    def _check_states(self, known: Known) -> Iterator[Problem]:
        for workflow_id, state in self.data.get("state", {}).items():
            item = known.brought.get(WORKFLOWS + workflow_id)
            workflow = find(known.site, WORKFLOWS + workflow_id)
            states: set[str] = set()
            if item is not None:
                states = {entry.get("id", "") for entry in tables(item.data, "state")}
            elif workflow is not None:
                states = set(workflow.definition.state)
            if states and state not in states:
                yield self.source.unknown(f"state of {workflow_id}", str(state))

    def make(self, site: Any) -> Any:
        document = instantiate(type_information(site, self.data["portal_type"]))
        document.__name__, document.__parent__ = self.id, find(site, self.container_path)
        initialise(document)
        document._initialise()
        document._edit(**self._values(document))
        document.categories = tuple(dict.fromkeys((*document.categories, *self.data.get("categories", ()))))
        return document

    def _values(self, document: Any) -> dict[str, Any]:
        """Property values of the file and of the files beside it, these as text where the property is text."""
        values = dict(self.data.get("properties", {}))
        known = document.getTypeInfo().property_dict
        for property_id, side in self.data["side_files"].items():
            content = side.read_bytes()
            is_data = getattr(known.get(property_id), "type", "data") == "data"
            values[property_id] = content if is_data else content.decode("utf-8")
        return values

    def install(self, site: Any) -> Record:
        document = self.make(site)
        attach(find(site, self.container_path), self.id, document)
        for workflow_id, state in self.data.get("state", {}).items():
            set_state(document, workflow_id, state, comment=f"Installed by {self.template}")
        return self.record(portal_type=self.data["portal_type"])
