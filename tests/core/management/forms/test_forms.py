"""Forms of documents: every type of field, all errors beside their fields, nothing lost, others' edits noticed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wendelin.core.model.objects.site import get_site
from wendelin.core.model.portal_types.property_sheets import PropertySheet
from wendelin.core.model.portal_types.types import PortalType
from wendelin.core.security import SYSTEM, as_user

PROPERTIES = [
    {"id": "name", "title": "Name", "required": True},
    {"id": "note", "type": "text", "title": "Note"},
    {"id": "count", "type": "integer", "title": "Count"},
    {"id": "ratio", "type": "float", "title": "Ratio"},
    {"id": "active", "type": "boolean", "title": "Active"},
    {"id": "start", "type": "date", "title": "Start"},
    {"id": "hosts", "type": "lines", "title": "Hosts"},
    {"id": "tags", "type": "tokens", "title": "Tags"},
    {"id": "unit", "type": "selection", "title": "Unit", "select_list": [["Metre", "m"], ["Second", "s"]]},
    {"id": "secret", "title": "Secret", "widget": "password"},
    {"id": "fixed", "title": "Fixed", "editable": False, "default": "as it is"},
]


@pytest.fixture
def edit_site(web_database):
    """``edit_site(function)``: run ``function(site)`` in a committed transaction."""

    def run(function):
        with as_user(SYSTEM), web_database.transaction() as connection:
            return function(get_site(connection))

    return run


@pytest.fixture
def sample(edit_site):
    """A document with one property of each type, in a module; returns how to look at it."""

    def build(site):
        sheet = PropertySheet.from_data("Sample", {"property": PROPERTIES, "category": RELATIONS})
        site.portal_property_sheets._setObject("Sample", sheet)
        types = site.portal_types
        types._setObject("Sample", PortalType.from_data("Sample", {"property_sheet_list": ["Sample"]}))
        module = {"allowed_content_type_list": ["Sample"], "list_column_list": ["title|Title", "name|Name"]}
        types._setObject("Sample Module", PortalType.from_data("Sample Module", module))
        root = types[site.portal_type]
        root.allowed_content_type_list = (*root.allowed_content_type_list, "Sample Module")
        site.touch_types()
        site.newContent("sample_module", portal_type="Sample Module")
        site.sample_module.newContent(id="1", portal_type="Sample", name="first")
        site.document_module.newContent(id="a", portal_type="File", title="Alpha")
        site.document_module.newContent(id="b", portal_type="File", title="Beta")

    edit_site(build)
    return lambda read: edit_site(lambda site: read(site.sample_module["1"]))


RELATIONS = [
    {"id": "follow_up", "title": "Follows", "portal_type": ["File"], "multivalued": True},
    {"id": "predecessor", "title": "Comes after", "portal_type": ["File"]},
]
VIEW = "/erp5/sample_module/1/view"


def form_of(page, end="/view"):
    return next(form for form in page.forms.values() if form.action.endswith(end) and form.method.upper() == "POST")


def test_every_type_is_saved_and_shown_again(browser_client, sample):
    browser = browser_client("zope")
    form = form_of(browser.get(VIEW))
    values = {
        "name": "Wind",
        "note": "two\nlines",
        "count": "42",
        "ratio": "0.5",
        "start": "2026-01-31T12:30",
        "hosts": "a\nb",
        "tags": "x y",
        "unit": "s",
    }
    for id, value in values.items():
        form[f"field_my_{id}"] = value
    form["field_my_active"] = True
    form = form_of(form.submit(status=303).follow())
    assert {id: form[f"field_my_{id}"].value.replace("\r\n", "\n") for id in values} == values
    assert form["field_my_active"].checked
    kept = sample(lambda document: [document.getProperty(id) for id in ("count", "ratio", "active")])
    assert kept == [42, 0.5, True]
    assert sample(lambda document: [list(document.getHostsList()), list(document.getTagsList())]) == [
        ["a", "b"],
        ["x", "y"],
    ]
    assert sample(lambda document: document.getProperty("start")) == datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


def test_all_errors_at_once_and_nothing_lost(browser_client, sample):
    browser = browser_client("zope")
    form = form_of(browser.get(VIEW))
    form["field_my_name"] = ""
    form["field_my_note"] = "kept as typed"
    form["field_my_count"] = "many"
    form["field_my_ratio"] = "1,5x"
    page = form.submit(status=200)
    assert len(page.html.find_all("p", class_="error")) == 3
    again = form_of(page)
    assert again["field_my_count"].value == "many"
    assert again["field_my_note"].value.strip() == "kept as typed"
    assert page.html.find(id="field_my_count")["aria-invalid"] == "true"
    assert sample(lambda document: document.getProperty("note")) in (None, "")


def test_a_password_is_never_shown_and_stays_when_left_empty(browser_client, sample):
    browser = browser_client("zope")
    form = form_of(browser.get(VIEW))
    form["field_my_secret"] = "hush"
    page = form.submit(status=303).follow()
    assert "hush" not in page.text
    form_of(page).submit(status=303)
    assert sample(lambda document: document.getProperty("secret")) == "hush"


def test_what_is_not_editable_cannot_be_sent(browser_client, sample):
    browser = browser_client("zope")
    page = browser.get(VIEW)
    assert "as it is" in page.text
    token = form_of(page)["csrf_token"].value
    browser.post(VIEW, {"csrf_token": token, "field_my_name": "n", "field_my_fixed": "changed"}, status=303)
    assert sample(lambda document: document.getProperty("fixed")) == "as it is"


def test_someone_elses_edit_is_noticed(browser_client, sample):
    browser = browser_client("zope")
    mine = form_of(browser.get(VIEW))
    sample(lambda document: document.edit(name="theirs"))
    mine["field_my_name"] = "mine"
    page = mine.submit(status=200)
    assert "Somebody else saved" in page.text and "theirs" in page.text
    assert sample(lambda document: document.getProperty("name")) == "theirs"
    again = form_of(page)
    assert again["field_my_name"].value == "mine"
    again.submit("overwrite", status=303)
    assert sample(lambda document: document.getProperty("name")) == "mine"


def test_a_readers_form_has_no_inputs(browser_client, edit_site, sample, web_database):
    edit_site(lambda site: site.acl_users.set_roles("ada", ["Auditor"]))
    page = browser_client("ada").get(VIEW)
    assert page.html.find("input", {"name": "field_my_name"}) is None
    assert "first" in page.text
    assert "Save" not in [button.get_text(strip=True) for button in page.html.find_all("button")]


def test_relation_by_typing_without_a_script(browser_client, sample):
    browser = browser_client("zope")
    form = form_of(browser.get(VIEW))
    form["field_my_predecessor-search"] = "Alph"
    form = form_of(form.submit(status=303).follow())
    assert sample(lambda document: document.getPredecessor()) == "document_module/a"
    assert form["field_my_predecessor"].value == "document_module/a"
    form["field_my_predecessor"] = False
    form.submit(status=303)
    assert sample(lambda document: document.getPredecessor()) is None


def test_relation_that_fits_several_or_none_is_explained(browser_client, sample):
    browser = browser_client("zope")
    form = form_of(browser.get(VIEW))
    form["field_my_follow_up-search"] = "%a%"
    assert "fits several documents" in form.submit(status=200).text
    form["field_my_follow_up-search"] = "nothing like it"
    assert "No document has" in form.submit(status=200).text


def test_suggestions(make_client, sample):
    found = make_client("zope").get("/erp5/relation_items?portal_type=File&text=bet").json["items"]
    assert [item["value"] for item in found] == ["document_module/b"]


def test_upload_replaces_the_content(browser_client, sample, edit_site):
    browser = browser_client("zope")
    form = form_of(browser.get("/erp5/document_module/a/view"))
    form["field_my_data"] = ("wave.wav", b"RIFF" * 1000, "audio/wav")
    form.submit(status=303)
    read = edit_site(lambda site: [site.document_module["a"].getSize(), site.document_module["a"].getFilename()])
    assert read == [4000, "wave.wav"]
    assert browser.get("/erp5/document_module/a/getData").body == b"RIFF" * 1000


def test_rename(browser_client, sample):
    browser = browser_client("zope")
    form = form_of(browser.get("/erp5/sample_module/1/metadata"), "/metadata")
    form["field_my_id"] = "wind_park"
    page = form.submit(status=303)
    assert page.location.endswith("/erp5/sample_module/wind_park/metadata")
    browser.get("/erp5/sample_module/1", status=404)


def test_rename_to_a_taken_or_bad_id_is_refused(browser_client, edit_site, sample):
    browser = browser_client("zope")
    edit_site(lambda site: site.sample_module.newContent(id="2", portal_type="Sample", name="second").getId())
    for bad in ("2", "a/b", "_x", "view"):
        form = form_of(browser.get("/erp5/sample_module/1/metadata"), "/metadata")
        form["field_my_id"] = bad
        assert form.submit(status=200).html.find(class_="error"), bad
    browser.get(VIEW, status=200)
