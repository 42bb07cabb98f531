"""Panels of the main page that plugins register."""

from __future__ import annotations

from typing import Any

from webtest import TestApp

from tests.web_fixtures import PASSWORD
from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.registry import PluginConfig, load_registry
from wendelin.core.web.application import make_application


def main_page(database: Any, *functions: Any) -> Any:
    registry = load_registry()
    for number, function in enumerate(functions):
        PluginConfig(registry, "test").add_main_page_panel(f"test {number}", function)
    client = TestApp(make_application(database, registry=registry), extra_environ={"HTTP_HOST": "localhost:80"})
    client.authorization = ("Basic", ("zope", PASSWORD))
    return client.get("/erp5/")


def weather(site: Any, request: Any) -> Panel:
    return Panel(
        f"Weather for {request.user.id}", [PanelEntry("Rain <now>", "/erp5/rain", "3 mm", "warning")], "A note"
    )


def nothing(site: Any, request: Any) -> None:
    return None


def broken(site: Any, request: Any) -> Panel:
    raise KeyError("a defect")


def test_panels_are_shown(web_database: Any) -> None:
    page = main_page(web_database, nothing, weather)
    tile = page.html.find("a", href="/erp5/rain")
    assert tile.select_one(".name").text == "Rain <now>"
    assert tile.select_one(".badge.warning").text == "3 mm"
    assert "Weather for zope" in page and "A note" in page


def test_a_broken_panel_does_not_take_the_page_with_it(web_database: Any, caplog: Any) -> None:
    page = main_page(web_database, broken, weather)
    assert "Weather for zope" in page
    assert "'test 0'" in caplog.text and "a defect" in caplog.text
