"""Every template that the platform ships: valid, and gone without a trace when it is removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from wendelin.core.business_templates import bootstrap, dump, install, uninstall
from wendelin.core.business_templates.repository import available_manifests, folder_dict, load_folder
from wendelin.core.database import Database
from wendelin.core.model.objects.site import create_site
from wendelin.core.security import SYSTEM, as_user

SHIPPED = sorted(title for title, folder in folder_dict().items() if folder.name == "template")


@pytest.fixture
def bare_site() -> Iterator[Any]:
    """A site without any template."""
    with Database.memory() as database, as_user(SYSTEM), database.connect() as connection:
        yield create_site(connection.root())


def test_what_is_shipped() -> None:
    assert {"erp5_core", "erp5_wendelin", "erp5_wendelin_configurator"} <= set(SHIPPED)


@pytest.mark.parametrize("title", SHIPPED)
def test_reads_without_a_problem(title: str) -> None:
    template = load_folder(folder_dict()[title])
    assert [str(problem) for problem in template.problems] == []
    assert template.manifest == available_manifests()[title]
    assert template.manifest.license == "GPL-3.0-or-later"
    assert template.manifest.description
    assert template.manifest.changes


@pytest.mark.parametrize("title", SHIPPED)
def test_a_removed_template_leaves_nothing(bare_site: Any, title: str) -> None:
    order = bare_site.portal_templates.resolveBusinessTemplateListDependency([title])
    dumps = []
    for step in order:
        dumps.append(dump(bare_site, documents=True))
        assert install(bare_site, step) == [step]
    for step in reversed(order):
        assert dump(bare_site, documents=True) != dumps[-1]
        uninstall(bare_site, step)
        assert dump(bare_site, documents=True) == dumps.pop()


@pytest.mark.parametrize("title", SHIPPED)
def test_installing_again_gives_the_same(bare_site: Any, title: str) -> None:
    install(bare_site, title, install_dependency=True)
    first = dump(bare_site, documents=True)
    uninstall(bare_site, title)
    install(bare_site, title, install_dependency=True)
    assert dump(bare_site, documents=True) == first


def test_nothing_of_a_removed_template_stays_in_the_catalog(bare_site: Any) -> None:
    bootstrap(bare_site)
    catalog = bare_site.portal_catalog
    before = {brain.relative_url for brain in catalog.unrestrictedSearchResults()}
    install(bare_site, "erp5_wendelin")
    assert {brain.relative_url for brain in catalog.unrestrictedSearchResults()} > before
    uninstall(bare_site, "erp5_wendelin")
    assert {brain.relative_url for brain in catalog.unrestrictedSearchResults()} == before


def test_core_describes_the_tools_of_a_bare_site(bare_site: Any) -> None:
    bootstrap(bare_site)
    missing = [tool.getId() for tool in bare_site.objectValues() if tool.portal_type not in bare_site.portal_types]
    assert missing == []
    assert [module.getId() for module in bare_site.getModuleList()] == ["document_module", "image_module"]
    actions = {action.title: action.action for action in bare_site.portal_actions.action_list}
    assert actions["Manage Business Templates"] == "string:${portal_url}/portal_templates/view"
    assert {"Manage Business Templates", "Preferences", "Undo", "Logout"} <= set(actions)


def test_core_brings_the_categories_that_scripts_name(bare_site: Any) -> None:
    bootstrap(bare_site)
    categories = bare_site.portal_categories
    for url in ("use/big_data/ingestion/stream", "use/big_data/ingestion/batch", "use/big_data/analysis/transient"):
        assert categories.resolveCategory(url) is not None, url
    assert categories.resolveCategory("use/big_data/ingestion/stream").getLogicalPath() == (
        "Big Data/Ingestion/Stream Ingestion"
    )
    assert categories.resolveCategory("quantity_unit/unit/piece").getLogicalPath() == "Unit/Piece"
