"""What a template may refer to: paths and names of the site, and those that the set of templates brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from wendelin.core.business_templates.checking.site_paths import find
from wendelin.core.business_templates.text.problems import REFERENCE, Problem
from wendelin.core.business_templates.text.source_files import SourceFile
from wendelin.core.model.objects.site import Site
from wendelin.core.model.scripting.skins import find_method

TYPES = "portal_types/"
SHEETS = "portal_property_sheets/"
CATEGORIES = "portal_categories/"
WORKFLOWS = "portal_workflow/"

WHAT = {TYPES: "portal type", SHEETS: "property sheet", CATEGORIES: "category", WORKFLOWS: "workflow"}


class Brought(Protocol):
    """What the checks ask of a thing that a template brings: an `Item` of `wendelin.core.business_templates.items`."""

    @property
    def source(self) -> SourceFile:
        """The file that says it, which reports problems with it."""

    @property
    def path(self) -> str:
        """Its place in the site."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What the file says of it."""

    @property
    def is_extension(self) -> bool:
        """Whether it only adds to what another template brings at that path."""

    @property
    def template(self) -> str:
        """The title of the template."""

    @property
    def skin_id(self) -> str:
        """The id under which documents find it as a method; empty for what is no skin method."""


@dataclass
class Known:
    """Answers "is there such a thing, and whose is it" for a site and the templates about to be installed.

    ``owners``: ``{path: title}`` of what is installed; ``closures``: ``{title: titles that it may rely on}``.
    """

    site: Site
    owners: Mapping[str, str]
    closures: Mapping[str, set[str]]
    brought: dict[str, Brought] = field(default_factory=dict)
    #: ``(template, path)`` for all that the set brings, also where two bring the same (which is a problem of its own).
    claims: set[tuple[str, str]] = field(default_factory=set)
    skin_methods: dict[str, Brought] = field(default_factory=dict)
    extensions: dict[str, list[Brought]] = field(default_factory=dict)

    def add(self, item: Brought) -> None:
        """Take a path, a skin method's id, or an extension of a path, that the set brings."""
        if item.is_extension:
            self.extensions.setdefault(item.path, []).append(item)
            return
        self.brought.setdefault(item.path, item)
        self.claims.add((item.template, item.path))
        if item.skin_id:
            self.skin_methods.setdefault(item.skin_id, item)

    def has(self, path: str) -> bool:
        """True if the site has something at that path, or will have it."""
        return path in self.brought or find(self.site, path) is not None

    def owner(self, path: str, template: str) -> str:
        """The title of the template that brought, or brings, the path, as ``template`` sees it; empty for the site's
        and users' own."""
        if (template, path) in self.claims:
            return template
        item = self.brought.get(path)
        return item.template if item is not None else self.owners.get(path, "")

    def check(self, item: Brought, prefix: str, names: object) -> Iterator[Problem]:
        """Problems for names in ``names`` (a list) of things below ``prefix`` that ``item`` must not refer to."""
        for name in names if isinstance(names, list | tuple) else ():
            path = f"{prefix}{name}"
            if not self.has(path):
                yield item.source.unknown(WHAT.get(prefix, "document"), str(name))
            else:
                yield from self.check_reliable(item, path, f"{WHAT.get(prefix, 'document')} {name!r}")

    def check_reliable(self, item: Brought, path: str, what: str) -> Iterator[Problem]:
        """A problem when ``item`` relies on something of a template that its own template does not depend on."""
        owner = self.owner(path, item.template)
        if owner and owner != item.template and owner not in self.closures.get(item.template, ()):
            message = f"{what} belongs to {owner}, which is not among the dependencies"
            yield item.source.problem(message, REFERENCE, near=path.rpartition("/")[2])

    def check_skin_method(self, item: Brought, name: object) -> Iterator[Problem]:
        """A problem when no skin folder has, or gets, a method of that id, or when it is not one to rely on."""
        if not isinstance(name, str) or not name:
            return
        brought, present = self.skin_methods.get(name), find_method(self.site, name)
        if brought is not None:
            yield from self.check_reliable(item, brought.path, f"skin method {name!r}")
        elif present is not None:
            yield from self.check_reliable(item, present.document.getRelativeUrl(), f"skin method {name!r}")
        else:
            yield item.source.unknown("skin method", name)
