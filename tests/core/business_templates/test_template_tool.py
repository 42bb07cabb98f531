"""``portal_templates``: the original's names for listing, resolving, installing and removing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.business_templates.template_factory import TemplateMaker, module_files
from wendelin.core.business_templates import available, dump
from wendelin.core.business_templates.site_dump import canonical
from wendelin.core.errors import MissingDependency
from wendelin.core.security import ANONYMOUS, MANAGE, User, attribute_permission, check_permission


@pytest.fixture
def tool(site: Any, add_template: TemplateMaker) -> Iterator[Any]:
    """The tool of a site where "a" is installed, and "b" (needs "a") and "c" (needs what "a" provides) are not."""
    add_template("a", module_files("ant"), provisions=["insects"], version="1.0", description="Ants")
    add_template("b", module_files("bee"), dependencies=["erp5_core (>= 1.0)", "a (>= 1.0)"])
    add_template("c", {}, dependencies=["insects"])
    site.portal_templates.installBusinessTemplateListFromRepository(["a"])
    yield site.portal_templates


def test_what_is_installed(tool: Any) -> None:
    assert tool.getInstalledBusinessTemplateTitleList() == ["a", "erp5_core"]
    assert [document.title for document in tool.getInstalledBusinessTemplateList()] == ["a", "erp5_core"]
    document = tool.getInstalledBusinessTemplate("a")
    assert document.getInstallationState() == "installed"
    assert tool.getInstalledBusinessTemplate("insects") == document
    assert tool.getInstalledBusinessTemplate("insects", strict=True) is None
    assert tool.getInstalledBusinessTemplate("b") is None
    assert tool.getInstalledBusinessTemplateRevision("a") == document.revision
    assert document.getShortRevision() == document.revision[:5]
    assert tool.getInstalledBusinessTemplateRevision("b") is None


def test_what_there_is(site: Any, tool: Any, add_template: TemplateMaker) -> None:
    rows = {row.title: row for row in tool.getRepositoryBusinessTemplateList()}
    assert available(site) == list(rows.values())
    assert list(rows) == sorted(rows)
    assert (rows["a"].state, rows["b"].state) == ("Present", "New")
    assert (rows["a"].installation_state, rows["b"].installation_state) == ("installed", "not_installed")
    assert rows["b"].dependency_list == ("erp5_core (>= 1.0)", "a (>= 1.0)")
    assert rows["a"].provision_list == ("insects",)
    add_template("a", {}, version="1.10")
    rows = {row.title: row for row in tool.getRepositoryBusinessTemplateList(template_list=["a", "b"])}
    assert (rows["a"].state, rows["a"].version, rows["a"].installed_version) == ("Old", "1.10", "1.0")
    assert list(rows) == ["a", "b"]
    assert [row.title for row in tool.getRepositoryBusinessTemplateList(update_only=True)] == ["a"]
    assert [row.title for row in tool.getUpdatedRepositoryBusinessTemplateList()] == ["a"]
    latest = tool.getLastestBTOnRepos("a", ">= 1.2")
    assert (latest.version, latest.installed_version, latest.state) == ("1.10", "1.0", "Old")
    for wrong in (("a", "> 1.10"), ("unknown",)):
        with pytest.raises(MissingDependency, match=wrong[0]):
            tool.getLastestBTOnRepos(*wrong)


def test_dependencies(tool: Any) -> None:
    assert tool.getDependencyList("b") == ["erp5_core (>= 1.0)", "a (>= 1.0)"]
    assert tool.getDependencyList("unknown") == []
    assert tool.getProviderList("insects") == ["a"]
    assert tool.IsOneProviderInstalled("insects")
    assert not tool.IsOneProviderInstalled("b")
    assert tool.sortBusinessTemplateList(["b", "a", "erp5_core"]) == ["erp5_core", "a", "b"]
    assert tool.resolveBusinessTemplateListDependency(["c", "b", "a"]) == ["c", "b"]
    tool.uninstall("a")
    assert tool.resolveBusinessTemplateListDependency(["c", "b"]) == ["a", "c", "b"]


def test_installing_and_removing(site: Any, tool: Any) -> None:
    assert tool.installBusinessTemplateListFromRepository(["b", "c"]) == ["b", "c"]
    tool["b"].uninstall()
    assert "bee_module" not in site
    tool.uninstall("c")
    assert tool.getInstalledBusinessTemplateTitleList() == ["a", "erp5_core"]


def test_versions(tool: Any) -> None:
    assert tool.compareVersions("1.2", "1.10") == -1
    assert tool.compareVersionStrings("1.10", ">= 1.2")
    assert not tool.compareVersionStrings("1.10", "<< 1.2")


def test_only_managers_reach_it(tool: Any) -> None:
    author = User("ann", frozenset({"Author", "Assignor"}))
    for user in (ANONYMOUS, author):
        assert not check_permission(MANAGE, tool, user)
        assert not check_permission("View", tool["a"], user)
    assert attribute_permission(tool, "uninstall") == MANAGE
    assert attribute_permission(tool, "installed_documents") is None


def test_a_dump_is_plain_data(site: Any) -> None:
    site.document_module.newContent("x", portal_type="File", data=b"content")
    found = dump(site, documents=True)
    assert json.loads(json.dumps(found)) == found
    assert "document_module/x" in found
    assert "document_module/x" not in dump(site)
    assert found["portal_types/File"]["type_class"] == "wendelin.core.model.objects.files.File"
    assert canonical({"b": {2, 1}, "a": b"x", "time": 1}) == {
        "a": "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "b": [1, 2],
    }


def test_a_dump_sees_every_change(site: Any) -> None:
    before = dump(site)
    site.portal_types["File"].description = "Changed"
    after = dump(site)
    assert [path for path in before if before[path] != after[path]] == ["portal_types/File"]
