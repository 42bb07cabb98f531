"""What stands in the database: class paths that must never change, old records, and two processes at once."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from ZODB.POSException import ConflictError

from tests.core.business_templates.template_factory import TemplateMaker, module_files
from wendelin.core.business_templates import dump, install, uninstall
from wendelin.core.business_templates.business_template import BusinessTemplate
from wendelin.core.database import Database
from wendelin.core.model.objects.creation import attach
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import get_site

CLASSES = [
    ("wendelin.core.business_templates.business_template", "BusinessTemplate"),
    ("wendelin.core.business_templates.tool", "TemplateTool"),
    ("wendelin.core.model.objects.files", "File"),
    ("wendelin.core.model.objects.files", "Image"),
]
#: What a template of version 1.0 left in portal_templates; the attributes that came later are not there.
OLD_STATE: dict[str, Any] = {
    "title": "old",
    "version": "1.0",
    "installation_state": "installed",
    "dependency_list": ("erp5_core",),
    "record_list": (
        {"kind": "portal_type", "path": "portal_types/Old", "owned": ("portal_types/Old",)},
        {"kind": "module", "path": "old_module", "owned": ("old_module",)},
        {
            "kind": "type_extension",
            "path": "portal_types/File",
            "owned": (),
            "template": "old",
            "added": {"type_group_list": ("old",)},
        },
        {"kind": "action", "path": "portal_actions/old", "owned": ("portal_actions/old",)},
        {"kind": "permission", "path": "permission_map/Be old", "owned": ("permission_map/Be old",)},
    ),
}


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_class_paths_of_records(module: str, name: str) -> None:
    record = f"c{module}\n{name}\n.".encode()
    assert pickle.loads(record).__name__ == name


def test_a_template_of_an_old_version_can_be_removed(site: Any) -> None:
    before = dump(site, documents=True)
    old = BusinessTemplate()
    old.__setstate__(dict(OLD_STATE))
    attach(site.portal_templates, "old", old)
    attach(site, "old_module", Folder())
    site.portal_types["File"].type_group_list = (*site.portal_types["File"].type_group_list, "old")
    site.permission_map = {"Be old": ("Manager",)}
    assert site.portal_templates["old"].revision == ""
    assert {row.title: row.state for row in site.portal_templates.getRepositoryBusinessTemplateList()}[
        "old"
    ] == "Absent"
    uninstall(site, "old")
    assert dump(site, documents=True) == before


def test_two_processes_that_install_the_same(database: Database, add_template: TemplateMaker) -> None:
    add_template("a", module_files("ant"))
    with database.transaction() as first:
        install(get_site(first), "a")
        with pytest.raises(ConflictError), database.transaction() as second:
            install(get_site(second), "a")
            first.transaction_manager.commit()
            first.transaction_manager.begin()
    with database.transaction() as third:
        assert install(get_site(third), "a") == []
        assert get_site(third).portal_templates.getInstalledBusinessTemplateTitleList() == ["a", "erp5_core"]


def test_installing_is_repeated_after_a_conflict(database: Database, add_template: TemplateMaker) -> None:
    add_template("a", module_files("ant"))
    add_template("b", module_files("bee"))
    attempts = []

    def install_a(connection: Any) -> list[str]:
        attempts.append(connection)
        new = install(get_site(connection), "a")
        if len(attempts) == 1:
            with database.transaction() as other:
                install(get_site(other), "b")
        return new

    assert database.run(install_a) == ["a"]
    assert len(attempts) == 2
    with database.transaction() as connection:
        titles = get_site(connection).portal_templates.getInstalledBusinessTemplateTitleList()
    assert titles == ["a", "b", "erp5_core"]
