"""Everything that can be wrong with a set of templates for a site, found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from wendelin.core.business_templates.checking.known import Known
from wendelin.core.business_templates.checking.site_paths import find
from wendelin.core.business_templates.dependencies import dependency_closure, missing_dependencies
from wendelin.core.business_templates.items.item import Item
from wendelin.core.business_templates.template import Template
from wendelin.core.business_templates.text.manifest import Manifest
from wendelin.core.business_templates.text.problems import OWNER, REFERENCE, Problem
from wendelin.core.errors import InvalidId
from wendelin.core.model.objects.ids import check_id

if TYPE_CHECKING:
    from wendelin.core.business_templates.business_template import BusinessTemplate
    from wendelin.core.model.objects.site import Site


def validate(site: Site, templates: Sequence[Template], available: Mapping[str, Manifest]) -> list[Problem]:
    """All problems of installing ``templates`` together; empty when they can be installed."""
    documents = site.portal_templates.installed_documents()
    installed = {document.getId(): document.manifest for document in documents}
    brought = {template.title: template.manifest for template in templates}
    known = _known(site, documents, templates, installed | brought)
    problems = [problem for template in templates for problem in template.problems]
    missing = missing_dependencies(brought, dict(available) | brought, installed)
    problems.extend(missing)
    problems.extend(_owner_problems(known, templates))
    for template in templates:
        for item in template.items:
            problems.extend(_place_problems(known, item))
            misshapen = list(item.check_shape())
            problems.extend(misshapen or item.check(known))
    # What a template without its dependencies refers to cannot be judged: most of it would be reported wrongly.
    incomplete = {problem.template for problem in missing}
    judged = (problem for problem in problems if problem.kind != REFERENCE or problem.template not in incomplete)
    return list(dict.fromkeys(judged))


def _known(
    site: Site, documents: Sequence[BusinessTemplate], templates: Sequence[Template], manifests: Mapping[str, Manifest]
) -> Known:
    owners = {path: document.getId() for document in documents for path in document.owned_paths()}
    closures = {template.title: dependency_closure(template.title, manifests) for template in templates}
    known = Known(site, owners, closures)
    for template in templates:
        for item in template.items:
            known.add(item)
    return known


def _owner_problems(known: Known, templates: Sequence[Template]) -> Iterator[Problem]:
    """Paths that two templates bring, that an installed template owns, or that are in the site already."""
    taken: dict[str, Item] = {}
    for template in templates:
        for item in template.items:
            for path in item.owned_paths:
                other = taken.setdefault(path, item)
                owner = known.owners.get(path)
                if other is not item:
                    place = f"{other.template}/{other.source.name}"
                    yield item.source.problem(f"{path!r} is brought by {place} as well", OWNER, near=item.id)
                elif owner:
                    yield item.source.problem(f"{path!r} belongs to {owner}", OWNER, near=item.id)
                elif not item.is_extension and find(known.site, path) is not None:
                    yield item.source.problem(f"{path!r} is in the site already, and no template owns it", OWNER)


def _place_problems(known: Known, item: Item) -> Iterator[Problem]:
    """A document needs an id that can stand in a path, and a container, in the site or in the set, to rely on."""
    container = item.container_path
    if not item.is_document:
        return
    try:
        check_id(item.id)
    except InvalidId as error:
        yield item.source.problem(str(error), near=item.id)
    if not container:
        return
    if not known.has(container):
        message = f"{item.path!r} has no container: nothing is, or will be, at {container!r}"
        yield item.source.problem(message, REFERENCE)
    else:
        yield from known.check_reliable(item, container, f"container {container!r}")
