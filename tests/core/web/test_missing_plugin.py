"""Documents of a plugin that is not installed any more: the site goes on, and they are whole when it returns."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from ZODB.broken import Broken
from ZODB.Connection import resetCaches

from wendelin.core.model.objects.creation import resolve_class
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import get_site
from wendelin.core.model.portal_types.types import PortalType
from wendelin.core.security import SYSTEM, as_user

MODULE = "a_plugin_that_goes"


def bring() -> None:
    """Make the plugin's module importable, as after ``pip install``."""
    module = ModuleType(MODULE)
    module.Going = type("Going", (Folder,), {"__module__": MODULE, "portal_type": "Going"})  # type: ignore[attr-defined]
    sys.modules[MODULE] = module
    forget()


def take_away() -> None:
    sys.modules.pop(MODULE, None)
    forget()


def forget() -> None:
    """What another process does not know: classes, and objects in memory."""
    resolve_class.cache_clear()
    resetCaches()


@pytest.fixture
def going(web_database: Any) -> Any:
    bring()
    with as_user(SYSTEM), web_database.transaction() as connection:
        site = get_site(connection)
        types = site.portal_types
        types._setObject("Going", PortalType.from_data("Going", {"type_class": f"{MODULE}.Going"}))
        types._setObject("Going Module", PortalType.from_data("Going Module", {"allowed_content_type_list": ["Going"]}))
        root = types[site.portal_type]
        root.allowed_content_type_list = (*root.allowed_content_type_list, "Going Module")
        site.touch_types()
        module = site.newContent("going_module", portal_type="Going Module")
        module.newContent("g", portal_type="Going", title="Still here")
    yield
    sys.modules.pop(MODULE, None)
    resolve_class.cache_clear()


def test_pages_go_on_without_the_plugin(going: Any, web_database: Any, browser_client: Any) -> None:
    browser = browser_client("zope")
    take_away()
    with as_user(SYSTEM), web_database.connect() as connection:
        assert isinstance(get_site(connection).going_module["g"], Broken)
    for path in ("/erp5/", "/erp5/going_module/view", "/erp5/going_module/export.csv", "/erp5/search?q=Still"):
        assert browser.get(path).status_int == 200, path
    answer = browser.get("/erp5/going_module/g/view", status="*")
    assert answer.status_int in (404, 503) and "not installed" in answer.text
    bring()
    assert "Still here" in browser.get("/erp5/going_module/g/view").text
    assert "Still here" in browser.get("/erp5/going_module/view").text
