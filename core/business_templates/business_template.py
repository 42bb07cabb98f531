"""An installed business template, as a document of ``portal_templates``: what it is, and what it brought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wendelin.core.business_templates.template import Template
from wendelin.core.business_templates.text.manifest import Manifest
from wendelin.core.business_templates.text.versions import Dependency
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, VIEW, private, protected

INSTALLED = "installed"
NOT_INSTALLED = "not_installed"


class BusinessTemplate(Folder):
    """One template. ``record_list`` holds what its removal needs, so that it can go when its plugin is gone."""

    portal_type = "Business Template"
    permission_map = MANAGER_PERMISSION_MAP
    version: str = ""
    description: str = ""
    license: str = ""
    dependency_list: tuple[str, ...] = ()
    provision_list: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    revision: str = ""
    installation_state: str = NOT_INSTALLED
    record_list: tuple[dict[str, Any], ...] = ()
    #: Documents of the template's portal types that were there before it.
    earlier_path_list: tuple[str, ...] = ()
    #: Documents that came into being with it without being named by it (what scripts and classes make).
    generated_path_list: tuple[str, ...] = ()

    @classmethod
    def from_template(cls, template: Template) -> BusinessTemplate:
        """The document of a template that is being installed, not yet anywhere."""
        manifest = template.manifest
        document = cls()
        document.portal_type = cls.portal_type
        document.title, document.version = manifest.title, manifest.version
        document.description, document.license = manifest.description, manifest.license
        document.dependency_list = tuple(str(entry) for entry in manifest.dependencies)
        document.provision_list = tuple(str(entry) for entry in manifest.provisions)
        document.changes = manifest.changes
        document.revision = template.revision
        document.installation_state = INSTALLED
        return document

    @property
    def manifest(self) -> Manifest:
        """The head of the template as it was when it was installed."""
        return Manifest(
            title=self.title or self.__name__,
            version=self.version,
            description=self.description,
            license=self.license,
            dependencies=tuple(Dependency.parse(entry) for entry in self.dependency_list),
            provisions=tuple(Dependency.parse(entry) for entry in self.provision_list),
            changes=self.changes,
        )

    @private
    def owned_paths(self) -> Iterator[str]:
        """Every path that nobody else may bring."""
        for record in self.record_list:
            yield from record["owned"]

    @protected(VIEW)
    def getInstallationState(self) -> str:
        """Either "installed" or "not_installed"."""
        return self.installation_state

    @protected(VIEW)
    def getShortRevision(self) -> str:
        """The first five letters of the digest over all its files."""
        return self.revision[:5]

    @protected(VIEW)
    def getInstalledPathList(self) -> list[str]:
        """What the template brought, sorted."""
        return sorted(self.owned_paths())

    @protected(MANAGE)
    def uninstall(self, remove_user_data: bool = False) -> None:
        """Remove the template; see `TemplateTool.uninstall`."""
        self.__parent__.uninstall(self.getId(), remove_user_data=remove_user_data)
