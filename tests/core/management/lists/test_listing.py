"""Lists: search per column, sort, pages, selection, and what is done with it."""

from __future__ import annotations

import csv
import io
import time

import pytest

from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

LIST = "/erp5/document_module/view"


@pytest.fixture
def documents(web_database):
    """45 files; the first column of the list is their title."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).document_module
        for number in range(45):
            module.newContent(
                id=f"f{number}", portal_type="File", title=f"File {number:02}", reference=f"ref-{number % 3}"
            )


@pytest.fixture
def browser(browser_client, documents):
    return browser_client("zope")


def titles(page):
    return [cell.get_text() for cell in page.html.select("tbody td:nth-child(2)")]


def selection(page):
    return page.forms["selection-form"]


def tick(page, *ids):
    form = selection(page)
    for box in form.fields["ids"]:
        box.checked = box._value in ids
    return form


def test_pages(browser):
    page = browser.get(LIST)
    assert "45 documents" in page.text and "Page 1 of 3" in page.text
    assert len(titles(page)) == 20
    page = page.click("^Last$")
    assert len(titles(page)) == 5
    assert titles(page.click("^Previous$")) == titles(browser.get(LIST).click("^Next$"))
    assert len(titles(browser.get(LIST, params={"rows": 100}))) == 45
    assert "Page 3 of 3" in browser.get(LIST, params={"page": 99}).text


@pytest.mark.parametrize(
    ("text", "count"),
    [("File 0", 10), ("%4%", 9), ("=File 01", 1), ("file 1%", 10), ("nothing", 0), ("", 45)],
)
def test_search_by_column(browser, text, count):
    form = browser.get(LIST).forms["search-form"]
    page = browser.get(form.action, params={"s_title": text})
    assert f"{count} document" in page.text
    assert page.html.find("input", {"name": "s_title"})["value"] == text


def test_search_keeps_through_pages_and_sort(browser):
    page = browser.get(LIST, params={"s_reference": "ref-1", "rows": 10})
    assert "15 documents" in page.text
    page = page.click("^Next$")
    assert "15 documents" in page.text and len(titles(page)) == 5
    assert "45 documents" in page.click("^Show all$", index=0).text


def test_sort_by_header(browser):
    page = browser.get(LIST).click("^Title")
    assert titles(page)[0] == "File 00"
    page = page.click("^Title")
    assert titles(page)[0] == "File 44"
    assert page.html.find("th", {"aria-sort": "descending"})
    page = browser.get(LIST, params={"sort": "reference,-title"})
    assert titles(page)[:2] == ["File 42", "File 39"]


def test_tools_are_searched_and_sorted_too(browser):
    page = browser.get("/erp5/portal_types/view", params={"s_title": "%tool%", "sort": "-title", "rows": 50})
    assert titles(page)[0] == "Workflow Tool"
    assert all("Tool" in title for title in titles(page))


def test_delete_asks_first(browser):
    form = tick(browser.get(LIST), "f1", "f2")
    question = form.submit("action", value="delete")
    assert "delete 2 documents" in question.text and "File 01 (f1)" in question.text
    assert "45 documents" in browser.get(LIST).text
    confirm = next(form for form in question.forms.values() if form.action.endswith("list_delete"))
    assert "2 documents deleted." in confirm.submit("confirmed", status=303).follow().text
    assert "43 documents" in browser.get(LIST).text


def test_nothing_ticked_says_so(browser):
    page = selection(browser.get(LIST)).submit("action", value="delete", status=303).follow()
    assert "Tick the boxes" in page.text


def test_copy_and_paste(browser):
    page = tick(browser.get(LIST), "f1").submit("action", value="copy").follow()
    assert "1 document copied" in page.text
    page = selection(page).submit("action", value="paste").follow()
    assert "1 document pasted" in page.text and "46 documents" in page.text


def test_cut_and_paste_elsewhere_needs_a_place_that_takes_it(browser):
    page = tick(browser.get(LIST), "f1").submit("action", value="cut").follow()
    form = selection(browser.get("/erp5/image_module/view"))
    assert form.submit("action", value="paste", status=400)
    assert "45 documents" in browser.get(LIST).text
    assert page.status_int == 200


def test_mass_workflow_change(browser):
    dialog = tick(browser.get(LIST), "f1", "f2").submit("action", value="workflow")
    form = next(form for form in dialog.forms.values() if form.action.endswith("list_workflow"))
    options = [text for _, _, text in form["field_your_action_id"].options if text]
    assert "Share Document (2 of 2)" in options
    form["field_your_action_id"].select(text="Share Document (2 of 2)")
    form["field_your_comment"] = "for all"
    page = form.submit(status=303).follow()
    assert "Status changed: 2 of 2." in page.text
    assert "for all" in browser.get("/erp5/document_module/f1/history").text


def test_csv_has_all_that_the_search_finds(browser):
    page = browser.get(LIST, params={"s_reference": "ref-1"})
    answer = page.click("^Export$")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.content_type == "text/csv"
    assert rows[0][0] == "Title" and len(rows) == 16


def test_csv_of_a_container_whose_id_begins_like_a_view(browser, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        folder = get_site(connection).portal_skins.newContent("viewing", portal_type="Skin Folder")
        folder.newContent("Base_one", portal_type="Python Script")
    page = browser.get("/erp5/portal_skins/viewing/view")
    assert "/erp5/portal_skins/viewing/export.csv" in page.text


def test_csv_cells_are_no_formulas(browser, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module["f1"].setProperty("title", "=cmd()")
    assert "'=cmd()" in browser.get("/erp5/document_module/export.csv").text


def test_list_is_filtered_by_what_the_user_may_see(browser_client, documents, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        site = get_site(connection)
        site.acl_users.set_roles("ada", ["Author"])
        allowed = sum(1 for document in site.document_module.iterate())
    page = browser_client("ada").get(LIST)
    assert f"{allowed} documents" in page.text or "0 documents" in page.text
    assert "Delete" not in [button.text for button in page.html.find_all("button")]


def test_states_are_searched_as_they_are_shown(browser, web_database):
    """The list shows titles ("Shared Alive"), the catalog keeps ids (shared_alive)."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).document_module
        for id in ("f1", "f2"):
            module[id].share_alive()
        module["f3"].share()
    shown = browser.get(LIST, params={"s_title": "=File 01"}).html.select_one("tbody .badge").get_text()
    assert shown == "Shared Alive"
    for text, count in {shown: 2, "alive": 2, f"={shown}": 2, "shared_alive": 2, "Shared": 3, "=Shared": 1}.items():
        assert browser.get(LIST, params={"s_validation_state": text}).text.count('name="ids"') == count, text
    assert "43 documents" in browser.get(LIST, params={"s_validation_state": "!=Shared Alive"}).text
    assert "No document fits" in browser.get(LIST, params={"s_validation_state": "nonsense"})


@pytest.mark.parametrize("text", ["abc", ">", ">= five", "2024-13-45", "%" * 2000, "(((", "= =", '"', "\ud7ff★"])
def test_whatever_is_typed_above_a_column_is_an_answer(browser, text):
    columns = [box["name"] for box in browser.get(LIST).html.select('input[name^="s_"]')]
    assert {"s_title", "s_getSize"} <= set(columns)
    for name in columns:
        assert browser.get(LIST, params={name: text}).status_int == 200
    assert browser.get("/erp5/document_module/export.csv", params={columns[-1]: text}).status_int == 200
    assert browser.get("/erp5/portal_categories/view", params={"s_title": text}).status_int == 200
    assert browser.get("/erp5/search", params={"text": text}).status_int == 200
    assert browser.get("/erp5/relation_items", params={"text": text, "base": "follow_up"}).status_int == 200


def test_a_search_that_makes_no_sense_says_why(browser):
    page = browser.get(LIST, params={"s_getSize": "large"})
    assert "No document fits" in page and "'large' is not one" in page
    assert "Searched for the words alone" in browser.get("/erp5/search", params={"text": "wind (sun"})


def test_many_signs_in_a_search_take_no_time(browser, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module["f1"].setTitle("a" * 60)
    started = time.monotonic()
    for path, name in ((LIST, "s_title"), ("/erp5/portal_categories/view", "s_title"), ("/erp5/search", "text")):
        browser.get(path, params={name: "%" * 40 + "x1"})
    browser.get("/erp5/relation_items", params={"text": "%" * 40 + "x1", "base": "follow_up"})
    assert time.monotonic() - started < 10
