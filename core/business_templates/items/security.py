"""``security.toml``: permissions that a plugin brings, and the roles that have them on the whole site.

[permissions]
"Run notebooks" = ["Manager", "Assignor"]
"""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.business_templates.checking.known import Known
from wendelin.core.business_templates.checking.words import PERMISSION, check_roles, site_map
from wendelin.core.business_templates.items.item import Item, Record
from wendelin.core.business_templates.text.problems import OWNER, Problem
from wendelin.core.business_templates.text.shapes import shape_problems
from wendelin.core.business_templates.text.source_files import SourceFile
from wendelin.core.model.objects.site import Site
from wendelin.core.security import DEFAULT_PERMISSION_MAP, PERMISSIONS


def read_security(source: SourceFile) -> Iterator[Item]:
    """The permissions of the file."""
    permissions = source.data.get("permissions")
    for name, roles in permissions.items() if isinstance(permissions, dict) else ():
        yield PermissionItem(source, PERMISSION + name, {"roles": roles})


class PermissionItem(Item):
    """One permission and its roles in the site's map."""

    kind = "permission"
    is_document = False
    shape = {"roles": list[str]}

    def check_shape(self) -> Iterator[Problem]:
        """A problem when the roles are no list of texts."""
        yield from shape_problems(self.source, self.data, self.shape, f"permission {self.name!r}")

    @property
    def name(self) -> str:
        """The permission, which may hold a slash."""
        return self.path.removeprefix(PERMISSION)

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems for unknown roles, and for a permission that belongs to the platform or the site already."""
        yield from check_roles(self, self.data["roles"])
        if self.name in PERMISSIONS or self.name in DEFAULT_PERMISSION_MAP:
            yield self.source.problem(f"permission {self.name!r} belongs to the platform", OWNER, near=self.name)
        elif self.path not in known.owners and self.name in site_map(known.site):
            yield self.source.problem(f"the site already says who has {self.name!r}", OWNER, near=self.name)

    def install(self, site: Site) -> Record:
        """Add the permission to the site's map."""
        site.permission_map = {**site_map(site), self.name: tuple(self.data["roles"])}
        return self.record()


def remove_permission(site: Site, record: Record) -> None:
    """Take the permission out of the site's map; without any entry the map itself goes."""
    left = {name: roles for name, roles in site_map(site).items() if PERMISSION + name != record["path"]}
    if left:
        site.permission_map = left
    elif "permission_map" in vars(site):
        del site.permission_map
