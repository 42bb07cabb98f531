"""What users made that would go, or lose its meaning, with a template: found before anything is removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from wendelin.core.business_templates.checking.known import TYPES
from wendelin.core.business_templates.checking.site_paths import find, paths_below
from wendelin.core.business_templates.items.portal_types import REFERENCE_LISTS
from wendelin.core.business_templates.items.removers import is_document
from wendelin.core.model.objects.folder import Folder

if TYPE_CHECKING:
    from wendelin.core.business_templates.business_template import BusinessTemplate
    from wendelin.core.model.objects.site import Site

SHOWN = 20
EXAMINED = 1000


def generated_paths(site: Site, paths: Iterable[str], owned: set[str]) -> Iterator[str]:
    """Documents below the given paths that no template names: right after installing, what installing itself made."""
    for path in paths:
        yield from (found for found in paths_below(find(site, path), path) if found not in owned)


def content_paths(site: Site, template: BusinessTemplate) -> Iterator[str]:
    """Documents inside what the template brought that it did not bring, containers first."""
    known = {*template.owned_paths(), *template.generated_path_list}
    for record in template.record_list:
        if is_document(record):
            for path in _children(site, record["path"]):
                if path not in known:
                    yield path
                    yield from paths_below(find(site, path), path)


def type_paths(site: Site, template: BusinessTemplate, limit: int | None = None) -> Iterator[str]:
    """Documents of the template's portal types that stand elsewhere and came after it; of the first ``limit`` ones."""
    owned = {*template.owned_paths(), *template.generated_path_list, *template.earlier_path_list}
    owned.update(other.getRelativeUrl() for other in site.portal_templates.installed_documents())
    for path in islice(documents_of(site, brought_types(template.record_list)), limit):
        if not any(ancestor in owned for ancestor in _path_and_containers(path)):
            yield path


def documents_of(site: Site, portal_types: Iterable[str]) -> Iterator[str]:
    """Relative URLs of all catalogued documents of the portal types."""
    names = sorted(portal_types)
    if names:
        for brain in site.portal_catalog.unrestrictedSearchResults(portal_type=names):
            yield brain.relative_url


def brought_types(records: Iterable[dict[str, Any]]) -> list[str]:
    """The names of the portal types among the records."""
    return [record["path"].removeprefix(TYPES) for record in records if record["kind"] == "portal_type"]


def reference_list(site: Site, template: BusinessTemplate) -> list[tuple[str, str, str]]:
    """``(portal type, attribute, name)``: what types that stay say of things that go. Users write such things."""
    going = set(template.owned_paths())
    added = {
        (record["path"], attribute, name)
        for record in template.record_list
        for attribute, names in record.get("added", {}).items()
        for name in names
    }
    return [
        (portal_type.getId(), attribute, name)
        for portal_type in site.portal_types.iterate()
        if TYPES + portal_type.getId() not in going
        for attribute, prefix in REFERENCE_LISTS.items()
        for name in getattr(portal_type, attribute)
        if prefix + name in going and (TYPES + portal_type.getId(), attribute, name) not in added
    ]


def drop_references(site: Site, references: Iterable[tuple[str, str, str]]) -> None:
    """Take names of things that go out of the lists of types that stay."""
    for type_name, attribute, name in references:
        portal_type = find(site, TYPES + type_name)
        setattr(portal_type, attribute, tuple(entry for entry in getattr(portal_type, attribute) if entry != name))


def user_data_problems(site: Site, template: BusinessTemplate) -> list[str]:
    """One line for each thing of users that stands in the way, at most `SHOWN` of each sort."""
    contents = _listed(content_paths(site, template), "was made by users inside what the template brought")
    # With contents there is reason enough to refuse: a full module is not gone through to find what stands elsewhere.
    candidates = type_paths(site, template, limit=EXAMINED if contents else None)
    elsewhere = _listed(candidates, "is of a portal type of the template")
    references = [
        f"portal type {type_name!r} refers to {name!r} in its {attribute}"
        for type_name, attribute, name in reference_list(site, template)
    ]
    return [*contents, *elsewhere, *references]


def _listed(paths: Iterator[str], reason: str) -> list[str]:
    found = list(islice(paths, SHOWN + 1))
    lines = [f"{path} {reason}" for path in found[:SHOWN]]
    return [*lines, "... and more"] if len(found) > SHOWN else lines


def _children(site: Site, path: str) -> Iterator[str]:
    document = find(site, path)
    for id in document if isinstance(document, Folder) else ():
        yield f"{path}/{id}"


def _path_and_containers(path: str) -> Iterator[str]:
    """``a/b/c``, ``a/b``, ``a``: a relative path, as text, and the paths of its containers."""
    while path:
        yield path
        path = path.rpartition("/")[0]
