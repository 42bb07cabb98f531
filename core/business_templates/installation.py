"""Installing and removing templates, inside the caller's transaction: nothing here commits.

Everything is validated before anything is written, so a refusal leaves the site as it was. An error in the middle (a
script of a plugin that fails) is not caught: the caller aborts the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from wendelin.core.business_templates.business_template import BusinessTemplate
from wendelin.core.business_templates.checking.site_paths import detach, find
from wendelin.core.business_templates.dependencies import dependent_list, resolve, sort_templates
from wendelin.core.business_templates.items.item import Record
from wendelin.core.business_templates.items.modules import ModuleItem
from wendelin.core.business_templates.items.paths import PathItem
from wendelin.core.business_templates.items.removers import is_document, remove
from wendelin.core.business_templates.repository import available_manifests, load_templates
from wendelin.core.business_templates.template import Template
from wendelin.core.business_templates.text.problems import raise_problems
from wendelin.core.business_templates.user_data import (
    brought_types,
    documents_of,
    drop_references,
    generated_paths,
    reference_list,
    type_paths,
    user_data_problems,
)
from wendelin.core.business_templates.validation import validate
from wendelin.core.errors import BusinessTemplateError, DependentsRemain, UserDataRemains
from wendelin.core.model.objects.creation import attach

if TYPE_CHECKING:
    from wendelin.core.model.objects.site import Site

#: Called as ``progress(done, total, text)`` while templates are installed.
Progress = Callable[[int, int, str], None]
CORE = "erp5_core"


def bootstrap(site: Site) -> None:
    """Install ``erp5_core`` into a bare site."""
    install(site, CORE)


def install(
    site: Site, titles: str | Iterable[str], progress: Progress | None = None, install_dependency: bool = False
) -> list[str]:
    """Install templates that plugins registered, dependencies first; returns the titles that are new.

    What is installed already is passed over. With ``install_dependency`` whatever they depend on is installed as well.
    Raises MissingDependency, PathOwned or (problems of several sorts) BusinessTemplateError, each with every problem.
    """
    wanted = [titles] if isinstance(titles, str) else list(titles)
    tool = site.portal_templates
    available, installed = available_manifests(), tool.installed_manifests()
    if install_dependency:
        new = resolve(wanted, available, installed)
    else:
        chosen = dict.fromkeys(title for title in wanted if title not in installed)
        load_templates(chosen)  # tells which of them nobody knows
        new = sort_templates({title: available[title] for title in chosen})
    templates = load_templates(new)
    raise_problems(validate(site, templates, available))
    total = sum(len(template.items) for template in templates)
    done = 0
    for template in templates:
        done = _install_one(site, template, progress, done, total)
    return new


def _install_one(site: Site, template: Template, progress: Progress | None, done: int, total: int) -> int:
    records: list[Record] = []
    compiled = False
    for item in template.items:
        if not compiled and isinstance(item, ModuleItem | PathItem):
            site.touch_types()  # from here on documents of the new types are made
            compiled = True
        record = item.install(site)
        if record is not None:
            records.append(record)
        done += 1
        if progress is not None:
            progress(done, total, f"{template.title}: {item.path}")
    site.touch_types()
    _remember(site, template, records)
    return done


def _remember(site: Site, template: Template, records: list[Record]) -> None:
    """Keep what the template brought in a document of ``portal_templates``."""
    document = BusinessTemplate.from_template(template)
    document.record_list = tuple(records)
    owned = set(document.owned_paths())
    paths = [record["path"] for record in records if is_document(record)]
    document.generated_path_list = tuple(sorted(set(generated_paths(site, paths, owned))))
    made = owned.union(document.generated_path_list)
    document.earlier_path_list = tuple(sorted(set(documents_of(site, brought_types(records))) - made))
    attach(site.portal_templates, template.title, document)


def uninstall(site: Site, title: str, remove_user_data: bool = False) -> None:
    """Remove a template and exactly what it brought.

    Raises DependentsRemain with the templates that need it, and UserDataRemains with what users made in its modules or
    of its portal types, unless ``remove_user_data`` says that this may go. The plugin need not be there any more.
    """
    document = site.portal_templates.getInstalledBusinessTemplate(title, strict=True)
    if document is None:
        raise BusinessTemplateError(f"business template {title!r} is not installed")
    dependents = dependent_list(title, site.portal_templates.installed_manifests())
    if dependents:
        raise DependentsRemain([f"{name} depends on {title}" for name in dependents])
    problems = [] if remove_user_data else user_data_problems(site, document)
    if problems:
        raise UserDataRemains([f"{title} cannot be removed without data of users:", *problems])
    _remove_user_data(site, document)
    for record in reversed(document.record_list):
        remove(site, record)
    detach(site.portal_templates, title)
    site.touch_types()


def _remove_user_data(site: Site, document: BusinessTemplate) -> None:
    """Delete what `user_data_problems` lists; what stands inside of what goes is deleted with its container."""
    drop_references(site, reference_list(site, document))
    for path in list(type_paths(site, document)):
        container_path, _, id = path.rpartition("/")
        container = find(site, container_path)
        if container is not None and id in container:
            detach(container, id)
