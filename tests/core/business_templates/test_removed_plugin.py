"""A template can be removed when the plugin that brought it is gone: no folder, no module, no class."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ZODB.broken import Broken
from ZODB.Connection import resetCaches

from tests.core.business_templates.template_factory import TemplateMaker, module_files
from wendelin.core import registry
from wendelin.core.business_templates import available, dump, install, uninstall
from wendelin.core.business_templates.repository import folder_dict
from wendelin.core.errors import UserDataRemains
from wendelin.core.model.objects.creation import resolve_class
from wendelin.core.model.objects.site import get_site
from wendelin.core.registry import get_registry

MODULE = "vanishing_plugin"
SOURCE = """
from wendelin.core.model.objects.folder import Folder

class Vanishing(Folder):
    portal_type = "Vanishing"
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The importable module of a plugin."""
    path = tmp_path / "plugin" / f"{MODULE}.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(str(path.parent))
    monkeypatch.setattr(registry, "plugin_packages", lambda: frozenset({MODULE, "wendelin.core"}))
    yield path
    sys.modules.pop(MODULE, None)
    resolve_class.cache_clear()


def vanish(plugin: Path, title: str) -> None:
    """What uninstalling the Python package does, as a process that starts later sees it."""
    plugin.unlink()
    sys.modules.pop(MODULE, None)
    resolve_class.cache_clear()
    del get_registry()._kinds["business_template"][title]


def test_removal_without_the_plugin(database: Any, add_template: TemplateMaker, plugin: Path) -> None:
    files = module_files("vanishing", type_class=f"{MODULE}.Vanishing")
    files["paths/vanishing_module/shipped.toml"] = {"portal_type": "Vanishing"}
    add_template("vanishing", files)
    with database.transaction() as connection:
        site = get_site(connection)
        before = dump(site, documents=True)
        install(site, "vanishing")
    with database.transaction() as connection:
        get_site(connection).vanishing_module.newContent("mine", portal_type="Vanishing", title="Mine")
    vanish(plugin, "vanishing")
    resetCaches()
    with database.transaction() as connection:
        site = get_site(connection)
        assert "vanishing" not in folder_dict()
        assert isinstance(site.vanishing_module["mine"], Broken)
        assert {row.title: row.state for row in available(site)}["vanishing"] == "Absent"
        assert len(dump(site, documents=True)) > len(before)
        with pytest.raises(UserDataRemains, match="vanishing_module/mine"):
            uninstall(site, "vanishing")
        uninstall(site, "vanishing", remove_user_data=True)
        assert dump(site, documents=True) == before
    with database.transaction() as connection:
        site = get_site(connection)
        assert "vanishing_module" not in site
        assert site.portal_catalog.countResults(portal_type="Vanishing")[0][0] == 0
