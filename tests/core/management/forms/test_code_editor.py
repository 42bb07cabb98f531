"""Code is edited with CodeMirror or as plain text, as the user prefers; both send the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web_fixtures import log_in
from wendelin.core.management import CODE_EDITOR
from wendelin.core.management.forms.code_editor import ADDONS, MODES, STYLES, language_of
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, User, as_user

SCRIPT = "/erp5/portal_skins/custom/Base_count/view"


@pytest.fixture
def script(web_database: Any) -> Any:
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).portal_skins.layer("custom").put_file("Base_count.py", b"return 1\n")
    return web_database


def prefer_plain_text(database: Any) -> None:
    with as_user(User("zope", frozenset({"Manager"}))), database.transaction() as connection:
        get_site(connection).portal_preferences.setPreference("preferred_source_code_editor", "text_area")


def test_every_file_that_a_page_may_name_is_installed() -> None:
    names = [*STYLES, "lib/codemirror.js", *(f"addon/{name}.js" for name in ADDONS)]
    names += [f"mode/{name}/{name}.js" for modes in MODES.values() for name in modes]
    assert [name for name in names if not (CODE_EDITOR / name).is_file()] == []


def test_the_preference_chooses(browser_client: Any, script: Any) -> None:
    browser = browser_client("zope")
    page = browser.get(SCRIPT)
    assert page.html.find("textarea", {"data-language": "python"})
    for tag in page.html.select("link[href*=codemirror], script[src*=codemirror]"):
        assert browser.get(tag.get("href") or tag["src"]).status_int == 200
    prefer_plain_text(script)
    page = browser.get(SCRIPT)
    assert page.html.find("textarea", {"class": "code"}).get("data-language") is None
    assert "codemirror" not in page.text


def test_pages_without_code_load_no_editor(browser_client: Any) -> None:
    assert "codemirror" not in browser_client("zope").get("/erp5/document_module/view").text


def test_the_language_is_known(site: Any) -> None:
    layer = site.portal_skins.layer("custom")
    layer.put_file("Base_count.py", b"return 1\n")
    assert language_of(layer["Base_count"], "body") == "python"
    assert language_of(site.portal_types["File"], "definition_text") == "toml"
    assert language_of(site.portal_types["File"], "text_content") == "text"


@pytest.mark.browser
def test_writing_and_leaving_by_keyboard(make_page: Any, script: Any, server: Any) -> None:
    page = make_page()
    log_in(page)
    page.goto(SCRIPT)
    page.get_by_label("Proxy Roles").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("if True:")
    page.keyboard.press("Enter")
    page.keyboard.type("return 42")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Save"
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    with script.connect() as connection:
        assert get_site(connection).portal_skins["custom"]["Base_count"].body == "if True:\n    return 42"


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_it_stays_inside_of_the_page(make_page: Any, script: Any, server: Any, width: int) -> None:
    page = make_page(width=width)
    log_in(page)
    page.goto(SCRIPT)
    page.locator(".CodeMirror").click()
    page.keyboard.type("x = '" + "long " * 100 + "'")
    page.keyboard.press("Control+f")
    page.locator(".CodeMirror-dialog input").wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
