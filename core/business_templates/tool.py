"""``portal_templates``: the installed business templates, and the original's API to list, install and remove them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from wendelin.core.business_templates import installation
from wendelin.core.business_templates.business_template import INSTALLED, NOT_INSTALLED, BusinessTemplate
from wendelin.core.business_templates.dependencies import provider_list, resolve, sort_templates
from wendelin.core.business_templates.repository import available_manifests, folder_dict
from wendelin.core.business_templates.text.manifest import Manifest
from wendelin.core.business_templates.text.versions import Dependency, compare_version_strings, compare_versions
from wendelin.core.errors import MissingDependency
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, PUBLIC, private, protected

NEW, PRESENT, OLD, ABSENT = "New", "Present", "Old", "Absent"


@dataclass(frozen=True)
class RepositoryTemplate:
    """One row of the list of templates. ``state``: "New" (not installed), "Present" (installed), "Old" (a newer version
    is there than the installed one), "Absent" (installed, and its plugin is gone)."""

    title: str
    version: str
    description: str
    license: str
    dependency_list: tuple[str, ...]
    provision_list: tuple[str, ...]
    state: str
    installation_state: str
    installed_version: str = ""

    #: Scripts of managers, who alone get rows, read all of it.
    attribute_permissions: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            *("title", "version", "description", "license", "dependency_list", "provision_list"),
            *("state", "installation_state", "installed_version"),
        ),
        PUBLIC,
    )


class TemplateTool(Folder):
    """Holds a `BusinessTemplate` for each installed template; what could be installed is in the registry."""

    portal_type = "Template Tool"
    permission_map = MANAGER_PERMISSION_MAP

    @private
    def installed_documents(self) -> list[BusinessTemplate]:
        """The installed templates, by title."""
        found = (child for child in self.iterate() if isinstance(child, BusinessTemplate))
        return [document for document in found if document.installation_state == INSTALLED]

    @private
    def installed_manifests(self) -> dict[str, Manifest]:
        """``{title: manifest}`` of what is installed."""
        return {document.getId(): document.manifest for document in self.installed_documents()}

    # -- what is installed

    @protected(MANAGE)
    def getInstalledBusinessTemplateList(self) -> list[BusinessTemplate]:
        """The documents of the installed templates, by title."""
        return self.installed_documents()

    @protected(MANAGE)
    def getInstalledBusinessTemplateTitleList(self) -> list[str]:
        """The titles of the installed templates, sorted."""
        return [document.getId() for document in self.installed_documents()]

    @protected(MANAGE)
    def getInstalledBusinessTemplate(self, title: str, strict: bool = False) -> BusinessTemplate | None:
        """The installed template of that title or (not ``strict``) one that provides the name; or None."""
        document = self.get_child(title)
        if isinstance(document, BusinessTemplate) and document.installation_state == INSTALLED:
            return document
        if strict:
            return None
        found = provider_list(Dependency(title), self.installed_manifests())
        return self.get_child(found[0]) if found else None

    @protected(MANAGE)
    def getInstalledBusinessTemplateRevision(self, title: str) -> str | None:
        """The digest of the installed template's files, or None."""
        document = self.getInstalledBusinessTemplate(title)
        return None if document is None else document.revision

    # -- what there is

    @protected(MANAGE)
    def getRepositoryList(self) -> list[str]:
        """The folders of all registered templates."""
        return sorted(str(folder) for folder in folder_dict().values())

    @protected(MANAGE)
    def getRepositoryBusinessTemplateList(
        self, update_only: bool = False, template_list: Iterable[str] | None = None
    ) -> list[RepositoryTemplate]:
        """All templates that plugins registered or that are installed, by title; with ``update_only`` those with an
        installed older version; of ``template_list`` only, where it is given."""
        available, installed = available_manifests(), self.installed_manifests()
        wanted = None if template_list is None else set(template_list)
        titles = sorted(title for title in {*available, *installed} if wanted is None or title in wanted)
        rows = [_row(available.get(title), installed.get(title)) for title in titles]
        return [row for row in rows if not update_only or row.state == OLD]

    @protected(MANAGE)
    def getUpdatedRepositoryBusinessTemplateList(self) -> list[RepositoryTemplate]:
        """The templates of which a newer version is registered than the installed one."""
        return self.getRepositoryBusinessTemplateList(update_only=True)

    @protected(MANAGE)
    def getLastestBTOnRepos(self, title: str, version_restriction: str | None = None) -> RepositoryTemplate:
        """The registered template of that title, whose version satisfies ``">= 1.0"``. MissingDependency for none."""
        manifest = available_manifests().get(title)
        if manifest is None:
            raise MissingDependency(f"unknown business template {title!r}: no installed plugin registers it")
        if version_restriction and not compare_version_strings(manifest.version, version_restriction):
            raise MissingDependency(f"{title} is there in version {manifest.version}, not {version_restriction}")
        return _row(manifest, self.installed_manifests().get(title))

    @protected(MANAGE)
    def getDependencyList(self, title: str) -> list[str]:
        """What the registered or installed template depends on: ``["erp5_core (>= 1.0)"]``."""
        manifests = self.installed_manifests() | available_manifests()
        return [str(dependency) for dependency in manifests[title].dependencies] if title in manifests else []

    @protected(MANAGE)
    def getProviderList(self, title: str) -> list[str]:
        """Titles of the registered templates that satisfy a dependency on ``title``."""
        return provider_list(Dependency.parse(title), available_manifests())

    @protected(MANAGE)
    def IsOneProviderInstalled(self, title: str) -> bool:
        """Whether something installed satisfies a dependency on ``title``."""
        return bool(provider_list(Dependency.parse(title), self.installed_manifests()))

    @protected(MANAGE)
    def sortBusinessTemplateList(self, title_list: Iterable[str]) -> list[str]:
        """The same titles, each after what it depends on."""
        available, wanted = available_manifests(), set(title_list)
        return [title for title in sort_templates(available) if title in wanted]

    @protected(MANAGE)
    def resolveBusinessTemplateListDependency(self, title_list: Iterable[str]) -> list[str]:
        """What has to be installed so that all of ``title_list`` are, in order; MissingDependency has every problem."""
        return resolve(title_list, available_manifests(), self.installed_manifests())

    # -- changes; the caller's transaction holds them together

    @protected(MANAGE)
    def installBusinessTemplateListFromRepository(
        self,
        template_list: Iterable[str],
        install_dependency: bool = False,
        progress: installation.Progress | None = None,
    ) -> list[str]:
        """Install registered templates; returns the titles that are new (`installation.install`)."""
        return installation.install(self.getPortalObject(), template_list, progress, install_dependency)

    @protected(MANAGE)
    def uninstall(self, title: str, remove_user_data: bool = False) -> None:
        """Remove an installed template (`installation.uninstall`)."""
        installation.uninstall(self.getPortalObject(), title, remove_user_data)

    @protected(MANAGE)
    def compareVersions(self, version1: str, version2: str) -> int:
        """-1, 0 or 1, as Debian compares."""
        return compare_versions(version1, version2)

    @protected(MANAGE)
    def compareVersionStrings(self, version: str, comparing_string: str) -> bool:
        """Whether ``version`` satisfies ``comparing_string`` (``">= 1.0"``)."""
        return compare_version_strings(version, comparing_string)


def _row(available: Manifest | None, installed: Manifest | None) -> RepositoryTemplate:
    manifest = available or installed
    assert manifest is not None
    return RepositoryTemplate(
        title=manifest.title,
        version=manifest.version,
        description=manifest.description,
        license=manifest.license,
        dependency_list=tuple(str(entry) for entry in manifest.dependencies),
        provision_list=tuple(str(entry) for entry in manifest.provisions),
        state=_state(available, installed),
        installation_state=NOT_INSTALLED if installed is None else INSTALLED,
        installed_version="" if installed is None else installed.version,
    )


def _state(available: Manifest | None, installed: Manifest | None) -> str:
    if installed is None:
        return NEW
    if available is None:
        return ABSENT
    return OLD if compare_versions(installed.version, available.version) < 0 else PRESENT
