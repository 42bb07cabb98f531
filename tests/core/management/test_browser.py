"""What needs a real browser: scripts, keyboard, menus, unsaved input."""

from __future__ import annotations

import pytest

from tests.web_fixtures import log_in
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

pytestmark = pytest.mark.browser


@pytest.fixture
def documents(web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).document_module
        for title in ("Alpha", "Beta", "Gamma"):
            module.newContent(id=title.lower(), portal_type="File", title=title)


def test_a_way_through_the_site_by_labels_only(documents, make_page, server):
    page = make_page()
    log_in(page)
    page.get_by_text("Modules").click()
    page.get_by_role("link", name="Documents", exact=True).first.click()
    page.get_by_text("Add", exact=True).click()
    page.get_by_role("button", name="File", exact=True).click()
    page.get_by_label("Title", exact=True).fill("Delta")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    page.get_by_text("Actions").click()
    page.get_by_role("link", name="Share Document", exact=True).click()
    page.get_by_label("Comment").fill("by hand")
    page.get_by_role("button", name="Share Document").click()
    page.get_by_text("Status changed.").wait_for()
    page.get_by_role("link", name="History").click()
    page.get_by_text("by hand").wait_for()
    page.get_by_text("zope").first.click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("You are logged out.").wait_for()


def test_select_all_and_delete(documents, browser_page):
    browser_page.goto("/erp5/document_module/view")
    browser_page.get_by_label("Select all on this page").check()
    browser_page.get_by_text("3 selected").wait_for()
    browser_page.get_by_label("Select Beta").uncheck()
    browser_page.get_by_text("2 selected").wait_for()
    browser_page.get_by_role("button", name="Delete").click()
    browser_page.get_by_text("Do you want to delete 2 documents").wait_for()
    browser_page.get_by_role("button", name="Delete").click()
    browser_page.get_by_text("2 documents deleted.").wait_for()
    assert browser_page.get_by_role("link", name="Beta").count() == 1


def test_search_by_pressing_enter_in_a_column(documents, browser_page):
    browser_page.goto("/erp5/document_module/view")
    browser_page.get_by_label("Search Title").fill("%amm%")
    browser_page.get_by_label("Search Title").press("Enter")
    browser_page.get_by_text("1 document", exact=False).first.wait_for()
    assert browser_page.get_by_role("link", name="Gamma").count() == 1


def test_relation_suggestions_by_keyboard(documents, browser_page):
    browser_page.goto("/erp5/document_module/alpha/view")
    field = browser_page.get_by_label("Follow up")
    field.press_sequentially("bet")
    browser_page.get_by_role("button", name="Beta (File").wait_for()
    field.press("Enter")
    assert browser_page.get_by_role("checkbox", name="Beta").is_checked()
    browser_page.get_by_role("button", name="Save").click()
    browser_page.get_by_text("Saved.").wait_for()
    assert browser_page.get_by_role("checkbox", name="Beta").is_checked()


def test_menus_by_keyboard(documents, browser_page):
    summary = browser_page.locator("summary", has_text="My Favourites")
    summary.focus()
    summary.press("Enter")
    entry = browser_page.get_by_role("link", name="Manage Business Templates")
    entry.wait_for()
    browser_page.keyboard.press("ArrowDown")
    assert entry.evaluate("element => element === document.activeElement")
    browser_page.keyboard.press("Escape")
    assert not entry.is_visible()
    assert summary.evaluate("element => element === document.activeElement")


def test_the_first_tab_skips_to_the_content(browser_page):
    browser_page.keyboard.press("Tab")
    link = browser_page.get_by_role("link", name="Skip to the content")
    assert link.evaluate("element => element === document.activeElement")


def test_unsaved_input_is_not_lost_by_a_click(documents, browser_page):
    browser_page.goto("/erp5/document_module/alpha/view")
    browser_page.get_by_label("Title", exact=True).fill("Changed")
    asked = []
    browser_page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    browser_page.get_by_role("link", name="History").click(no_wait_after=True)
    browser_page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert browser_page.get_by_label("Title", exact=True).input_value() == "Changed"


def test_upload_and_save_without_a_file_keep_the_content(documents, browser_page, server):
    browser_page.goto("/erp5/document_module/alpha/view")
    browser_page.get_by_label("File", exact=True).set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"}
    )
    browser_page.get_by_role("button", name="Save").click()
    browser_page.get_by_text("Saved.").wait_for()
    browser_page.get_by_label("Title", exact=True).fill("Renamed")
    browser_page.get_by_role("button", name="Save").click()
    browser_page.get_by_role("heading", name="Renamed").wait_for()
    answer = browser_page.request.get("/erp5/document_module/alpha/getData")
    assert answer.text() == "hello"


def test_search_by_column_on_a_phone(documents, make_page, server):
    page = make_page(width=390)
    log_in(page, path="/erp5/document_module/view")
    assert not page.get_by_label("Search Title").is_visible()
    page.get_by_role("button", name="Search by column").click()
    page.get_by_label("Search Title").fill("beta")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("link", name="Show all").first.wait_for()
    assert page.get_by_role("link", name="Alpha").count() == 0
