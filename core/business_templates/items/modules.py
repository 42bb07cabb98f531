"""``modules.toml``: modules and tools at the root of the site."""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.business_templates.checking.known import CATEGORIES, TYPES, Known
from wendelin.core.business_templates.items.item import Item, Record
from wendelin.core.business_templates.text.problems import Problem
from wendelin.core.business_templates.text.source_files import SourceFile, tables
from wendelin.core.model.objects.creation import attach, begin, instantiate
from wendelin.core.model.objects.site import Site

MODULE_KEYS: dict[str, type] = {
    "id": str,
    "portal_type": str,
    "title": str,
    "description": str,
    "business_application": str,
    "id_generator": str,
}
PLAIN_KEYS = ("title", "description", "id_generator")


def read_modules(source: SourceFile) -> Iterator[Item]:
    """The modules and tools of the file, in order."""
    for entry in tables(source.data, "module"):
        yield ModuleItem(source, str(entry.get("id", "")), entry)


class ModuleItem(Item):
    """One module (``x_module``) or tool (``portal_x``)."""

    kind = "module"
    shape = MODULE_KEYS

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems for a portal type or a business application that does not exist."""
        yield from known.check(self, TYPES, [self.data.get("portal_type", "")])
        if "business_application" in self.data:
            yield from known.check(self, CATEGORIES + "business_application/", [self.data["business_application"]])

    def install(self, site: Site) -> Record:
        """Make the module and put it at the root of the site."""
        information = site.type_information(self.data["portal_type"])
        module = instantiate(information)
        module.__name__, module.__parent__ = self.id, site
        for key in PLAIN_KEYS:
            if key in self.data:
                setattr(module, key, self.data[key])
        if "business_application" in self.data:
            module.categories = (f"business_application/{self.data['business_application']}",)
        begin(module)
        attach(site, self.id, module)
        return self.record(portal_type=self.data["portal_type"])
