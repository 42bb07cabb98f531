"""One document that cannot answer: its list, its page and the main page are shown, and say which it is and why."""

from __future__ import annotations

import pytest

from wendelin.core.management.lists import list_sources
from wendelin.core.model.objects.files import File
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

LIST = "/erp5/document_module/view"


@pytest.fixture
def browser(browser_client, web_database, monkeypatch):
    """Two files, of which one raises whenever its size or its content type is asked for."""
    for name in ("getSize", "getContentType"):
        monkeypatch.setattr(File, name, failing(getattr(File, name), name))
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).document_module
        module.newContent(id="sealed", portal_type="File", title="Sealed")
        module.newContent(id="open", portal_type="File", title="Open")
    return browser_client("zope")


def failing(real, name):
    def method(self, *args, **kw):
        if self.__name__ == "sealed" and self.title != "Whole":
            raise IndexError(f"{name}: index 7 is out of bounds")
        return real(self, *args, **kw)

    method.__dict__.update(real.__dict__)
    return method


def test_a_list_shows_it_beside_the_others(browser):
    page = browser.get(LIST)
    assert "Sealed" in page and "Open" in page and "2 documents" in page
    assert "(cannot be read: IndexError: getSize: index 7 is out of bounds)" in page
    assert "Open" in browser.get(LIST, params={"s_getSize": "0"})
    assert "Sealed" in browser.get("/erp5/document_module/export.csv").text


def test_its_page_can_be_shown_and_edited(browser, web_database):
    forms = browser.get("/erp5/document_module/sealed/view").forms
    form = next(found for found in forms.values() if "field_my_title" in found.fields)
    form["field_my_title"] = "Sealed still"
    assert "Sealed still" in form.submit().follow()
    page = browser.get("/erp5/document_module/sealed/metadata")
    assert page.status_int == 200


def test_the_main_page_names_it_until_it_is_repaired(browser, web_database):
    page = browser.get("/erp5/")
    tile = page.html.find("a", href=lambda address: address and address.endswith("/document_module/sealed/view"))
    assert tile is not None and "index 7" in tile.text
    assert "Sealed" in browser.get("/erp5/search", params={"text": 'catalog_problem:"%"'})
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module["sealed"].edit(title="Whole")
    assert "cannot be read whole" not in browser.get("/erp5/")


def test_a_tool_lists_what_cannot_say_who_may_see_it_to_managers(browser, browser_client, monkeypatch):
    real = list_sources.check_permission

    def check(permission, document, *args):
        if document.__name__ == "use":
            raise LookupError("no such workflow")
        return real(permission, document, *args)

    monkeypatch.setattr(list_sources, "check_permission", check)
    page = browser.get("/erp5/portal_categories/view", params={"rows": 200})
    assert page.html.find("input", {"name": "ids", "value": "use"}) and "aggregate" in page
