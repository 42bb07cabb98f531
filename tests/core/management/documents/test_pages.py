"""Document pages: add, clone, delete, states with comments, history, undo, skins, templates, users, activities."""

from __future__ import annotations

import pytest
import ZODB
from ZODB.FileStorage import FileStorage

from tests.conftest import make_storage
from wendelin.core.database import Database, class_factory
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

FILE = "/erp5/document_module/1"


@pytest.fixture
def document(web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module.newContent(id="1", portal_type="File", title="Wind")


@pytest.fixture
def browser(browser_client, document):
    return browser_client("zope")


def form_of(page, end):
    return next(form for form in page.forms.values() if form.action.endswith(end) and form.method.upper() == "POST")


def test_add(browser):
    page = browser.get("/erp5/document_module/view")
    page = form_of(page, "/add_content").submit("portal_type", value="File", status=303).follow()
    assert "File created" in page.text
    assert page.html.find("input", {"name": "field_my_title"})


def test_clone(browser):
    page = form_of(browser.get(f"{FILE}/view"), "/clone").submit(status=303).follow()
    assert "This is a copy of Wind" in page.text
    assert "2 documents" in browser.get("/erp5/document_module/view").text


def test_the_site_is_in_no_container_to_be_cloned_in(make_client):
    make_client("zope").post("/erp5/clone", status=400)


def test_delete_asks_first(browser):
    page = browser.get(f"{FILE}/view").click("^Delete$")
    assert "Do you want to delete" in page.text
    token = form_of(page, "/delete")["csrf_token"].value
    assert browser.post(f"{FILE}/delete", {"csrf_token": token}, status=303).location.endswith("/delete")
    page = form_of(page, "/delete").submit("confirmed", status=303).follow()
    assert "Wind is deleted." in page.text
    browser.get(FILE, status=404)


def test_modules_and_tools_cannot_be_deleted(browser):
    for path in ("/erp5/document_module", "/erp5/portal_types", "/erp5/portal_templates/erp5_core"):
        assert "business template" in browser.get(f"{path}/delete", status=400).text


def test_state_change_with_a_comment(browser):
    page = browser.get(f"{FILE}/view").click("^Share Document$")
    form = form_of(page, "/Base_viewWorkflowActionDialog")
    form["field_your_comment"] = "looked at it"
    page = form.submit(status=303).follow()
    assert "Status changed." in page.text
    assert page.html.find(attrs={"data-state": "shared"})
    history = browser.get(f"{FILE}/history").text
    assert "looked at it" in history and "zope" in history
    answer = browser.get(f"{FILE}/Base_viewWorkflowActionDialog?workflow_action=share_action", status=404)
    assert "its state may have changed" in answer.text


def test_search(browser):
    page = browser.get("/erp5/search", params={"text": "wind"})
    assert [link.text for link in page.html.select("td a")] == ["Wind"]
    page = browser.get("/erp5/search", params={"text": '"wind'})
    assert [link.text for link in page.html.select("td a")] == ["Wind"]
    assert "a quotation mark is not closed" in page


def test_script_with_an_error_shows_its_line(browser, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).portal_skins.layer("custom").put_file("Base_x.py", b"a = 1\nreturn a\n")
    path = "/erp5/portal_skins/custom/Base_x/view"
    form = form_of(browser.get(path), "/view")
    form["field_my_body"] = "a = 1\nb = = 2\nreturn b\n"
    page = form.submit(status=303).follow()
    assert "cannot run yet" in page.text
    assert "b = = 2" in page.html.find(class_="bad").text
    form = form_of(page, "/view")
    form["field_my_body"] = "return 1\n"
    assert "cannot run yet" not in form.submit(status=303).follow().text


def test_customise(browser, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).portal_skins.layer("plugin", 5).put_file("Base_y.py", b"return 1\n")
    page = browser.get("/erp5/portal_skins/plugin/Base_y/view").click("^Customise$")
    page = form_of(page, "/customise").submit("confirmed", status=303).follow()
    assert page.request.path == "/erp5/portal_skins/custom/Base_y/view"
    assert "Customise" not in [link.text for link in page.html.find_all("a")]


def test_users(browser, make_client):
    page = browser.get("/erp5/acl_users/view").click("Add User")
    form = form_of(page, "/add_user")
    form["field_your_user_id"], form["field_your_password"] = "eve", "long enough"
    form["field_your_password_again"] = "different"
    page = form.submit(status=200)
    assert "differ" in page.text
    form = form_of(page, "/add_user")
    form["field_your_password"] = form["field_your_password_again"] = "long enough"
    form.set("field_your_roles", True, index=4)
    page = form.submit(status=303).follow()
    assert "User eve added." in page.text
    make_client("eve").get("/erp5/", headers=basic("eve", "long enough"), status=200)
    form = next(form for form in page.forms.values() if "field_your_roles" in form.fields)
    for box in form.fields["field_your_roles"]:
        box.checked = False
    assert "Roles saved." in form.submit("change", value="roles", status=303).follow().text
    make_client("eve").get("/erp5/", headers=basic("eve", "long enough"), status=403)


def basic(user, password):
    from base64 import b64encode

    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def test_token_is_shown_once(browser, make_client):
    page = browser.get("/erp5/acl_users/zope/view")
    form = next(form for form in page.forms.values() if "field_your_token_title" in form.fields)
    form["field_your_token_title"] = "forwarder"
    page = form.submit("change", value="token", status=303).follow()
    token = page.html.select_one(".message pre").text
    assert make_client().get("/erp5/", headers={"Authorization": f"Bearer {token}"}).status_int == 200
    assert token not in browser.get("/erp5/acl_users/zope/view").text


def test_managers_do_not_lock_themselves_out(browser):
    page = browser.get("/erp5/acl_users/zope/view")
    form = next(form for form in page.forms.values() if "field_your_roles" in form.fields)
    for box in form.fields["field_your_roles"]:
        box.checked = False
    assert "cannot take the role Manager from yourself" in form.submit("change", value="roles", status=200).text
    assert browser.get("/erp5/acl_users/zope/delete", status=400)


def test_install_and_uninstall_a_template(browser):
    page = browser.get("/erp5/portal_templates/view")
    form = form_of(page, "/templates_preview")
    next(box for box in form.fields["titles"] if box._value == "erp5_wendelin").checked = True
    preview = form.submit("action", value="install")
    assert "objects in the site" in preview.text
    assert "erp5_wendelin is installed" not in browser.get("/erp5/portal_templates/view").text
    page = form_of(preview, "/templates_install").submit(status=303).follow()
    assert "Installed: erp5_wendelin." in page.text
    assert "Data Streams" in browser.get("/erp5/").text
    form = form_of(page, "/templates_preview")
    next(box for box in form.fields["titles"] if box._value == "erp5_wendelin").checked = True
    preview = form.submit("action", value="uninstall")
    form = form_of(preview, "/templates_uninstall")
    if "remove_user_data" in form.fields:
        form["remove_user_data"] = True
    assert "Uninstalled: erp5_wendelin." in form.submit(status=303).follow().text
    assert "Data Streams" not in browser.get("/erp5/").text


def test_core_cannot_go_while_others_need_it(browser):
    page = browser.get("/erp5/portal_templates/view")
    form = form_of(page, "/templates_preview")
    for box in form.fields["titles"]:
        box.checked = box._value == "erp5_wendelin"
    form_of(form.submit("action", value="install"), "/templates_install").submit(status=303)
    for box in form.fields["titles"]:
        box.checked = box._value == "erp5_core"
    preview = form.submit("action", value="uninstall")
    assert "erp5_wendelin depends on erp5_core" in preview.text
    assert "Uninstall now" not in preview.text


def test_failed_activity_can_be_restarted(browser, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module["1"].activate(tag="t").edit(nonsense=1)
    with as_user(SYSTEM), web_database.transaction() as connection:
        message = next(get_site(connection).portal_activities.messages())
        message.state, message.error = type(message.state)("failed"), "Traceback\nBadRequest: no property"
    page = browser.get("/erp5/portal_activities/view")
    assert "BadRequest: no property" in page.text
    form = form_of(page, "/change_activities")
    form.set("ids", True, index=0)
    page = form.submit("action", value="restart", status=303).follow()
    assert "1 restarted." in page.text and "failed" not in [b.text for b in page.html.find_all(class_="badge")]
    form = form_of(page, "/change_activities")
    form.set("ids", True, index=0)
    assert "Nothing waits" in form.submit("action", value="cancel", status=303).follow().text


class TestWithHistory:
    """Where the engine keeps history."""

    @pytest.fixture
    def database(self, tmp_path):
        make_storage(tmp_path).close()
        storage = FileStorage(str(tmp_path / "Data.fs"), blob_dir=str(tmp_path / "blobs"))
        with Database(ZODB.DB(storage, class_factory=class_factory)) as database:
            yield database

    def test_undo(self, browser):
        form = form_of(browser.get(f"{FILE}/view"), "/view")
        form["field_my_title"] = "Storm"
        form.submit(status=303)
        page = browser.get("/erp5/undo")
        row = page.html.find("div", string=f"POST {FILE}/view").parent.parent
        assert row.find_all("td")[3].contents[0] == "Storm (document_module/1) was edited"
        assert row.find_all("td")[2].text == "zope"
        form = form_of(page, "/undo_confirm")
        wanted = row.find("input")["value"]
        for box in form.fields["ids"]:
            box.checked = box._value == wanted
        page = form_of(form.submit(), "/undo").submit("confirmed", status=303).follow()
        assert "1 transaction undone." in page.text
        assert browser.get(f"{FILE}/view").html.h1.text == "Wind"

    def test_history_shows_what_changed(self, browser):
        form = form_of(browser.get(f"{FILE}/view"), "/view")
        form["field_my_title"] = "Storm"
        form.submit(status=303)
        page = browser.get(f"{FILE}/history")
        assert page.html.find("del", string="Wind") and page.html.find("ins", string="Storm")
        names = {name.text for name in page.html.select("td[data-label=Changes] b")}
        assert "Title" in names and not names & {"uid", "temporary", "portal_type", "modification_date", "big_file"}
