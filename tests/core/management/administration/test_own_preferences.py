"""What users prefer: asked on one page, and followed by lists, the search, the main page and the editor."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.requests.table_pages import MOST_LINES

OWN = "/erp5/portal_preferences/own"
LIST = "/erp5/document_module/view"


@pytest.fixture
def documents(web_database: Any) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        for number in range(30):
            get_site(connection).document_module.newContent(portal_type="File", title=f"Wind {number:02}")


def prefer(browser: Any, **values: Any) -> Any:
    form = next(form for form in browser.get(OWN).forms.values() if form.action.endswith("/own"))
    for name, value in values.items():
        form[f"field_your_preferred_{name}"] = value
    return form.submit()


def lines(page: Any) -> int:
    return len(page.html.select("tbody tr"))


def test_lines_per_page_are_those_of_lists_and_of_the_search(browser_client: Any, documents: None) -> None:
    ada, zope = browser_client("ada"), browser_client("zope")
    assert lines(ada.get(LIST)) == lines(ada.get("/erp5/search?text=wind")) == 20
    assert "Saved" in prefer(ada, listbox_list_mode_line_count="7").follow().text
    page = ada.get(LIST)
    assert lines(page) == 7 and "Page 1 of 5" in page.text
    assert page.html.select_one("select[name=rows] option[selected]").text == "7"
    assert lines(ada.get("/erp5/search?text=wind")) == 7
    assert lines(ada.get("/erp5/search?text=wind&page=5")) == 2
    assert lines(ada.get(f"{LIST}?rows=10")) == 10, "an address may still say another number"
    assert lines(zope.get(LIST)) == 20, "it is for ada alone"


@pytest.mark.parametrize(("wanted", "shown"), [("0", 20), ("-3", 1), ("1000000", 30)])
def test_no_preference_makes_a_list_empty_or_endless(
    browser_client: Any, documents: None, wanted: str, shown: int
) -> None:
    browser = browser_client("zope")
    prefer(browser, listbox_list_mode_line_count=wanted)
    assert lines(browser.get(LIST)) == shown
    assert lines(browser.get(f"{LIST}?rows={MOST_LINES + 1}")) == shown


def test_no_page_has_more_lines_than_a_server_can_bear(browser_client: Any, documents: None) -> None:
    browser = browser_client("zope")
    prefer(browser, listbox_list_mode_line_count="1000000")
    assert browser.get(LIST).html.select_one("select[name=rows] option[selected]").text == str(MOST_LINES)


def test_what_is_no_number_is_refused_beside_its_field(browser_client: Any) -> None:
    page = prefer(browser_client("ada"), listbox_list_mode_line_count="many")
    assert page.status_int == 200
    assert "Enter a whole number" in page.html.select_one(".field .error").text


def test_the_access_tab_shows_what_waits_or_not(browser_client: Any, web_database: Any, documents: None) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module.objectValues()[0].submit()
    browser = browser_client("zope")
    assert "Waiting for you" in browser.get("/erp5/").text
    prefer(browser, html_style_access_tab=False)
    assert "Waiting for you" not in browser.get("/erp5/").text
    prefer(browser, html_style_access_tab=True)
    assert "Waiting for you" in browser.get("/erp5/").text


def test_the_page_is_in_the_menu_of_those_who_may_have_preferences(browser_client: Any) -> None:
    assert browser_client("ada").get("/erp5/").click("My preferences").status_int == 200
