"""Relations are links both ways, of what the user may see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web_fixtures import hashed_password
from wendelin.core.management.documents.relations_page import SHOWN
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user


@pytest.fixture
def pair(web_database: Any) -> None:
    """The report follows up the map; a draft, which vera may not see, does as well."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        users = get_site(connection).acl_users
        users.add_user("vera", None, ["Associate"])
        users["vera"]._password_hash = hashed_password()
        module = get_site(connection).document_module
        a_map = module.newContent(id="map", portal_type="File", title="The map")
        report = module.newContent(id="report", portal_type="File", title="The report")
        hidden = module.newContent(id="hidden", portal_type="File", title="The secret")
        hidden.setFollowUpValue(a_map)
        report.setFollowUpValueList([a_map, hidden])
        for document in (a_map, report):
            document.share()
        report.categories = (*report.categories, "follow_up/document_module/gone")


def section(page: Any, heading: str) -> Any:
    return page.html.find("h2", string=heading).parent


def test_from_a_document_to_those_that_it_names_and_back(browser_client: Any, pair: None) -> None:
    client = browser_client("vera")
    page = client.get("/erp5/document_module/report/view").click("^Relations$")
    there = section(page, "Leads to")
    assert [link.text for link in there.select("a")] == ["The map"]
    assert "The secret" not in page.text and "A document of others" in there.text
    assert "document_module/gone (gone)" in there.text
    page = client.get(there.a["href"]).click("^Relations$")
    back = section(page, "Named by")
    assert [link.text for link in back.select("a")] == ["The report"] and "Follow-up" in back.text
    assert "The secret" not in page.text
    assert client.get(back.a["href"]).html.h1.text == "The report"


def test_managers_see_all(browser_client: Any, pair: None) -> None:
    page = browser_client("zope").get("/erp5/document_module/map/relations")
    assert {link.text for link in section(page, "Named by").select("a")} == {"The report", "The secret"}


def test_the_form_leads_to_related_documents(browser_client: Any, pair: None) -> None:
    """Also where the user may only read; to those alone that the user may see."""
    read = browser_client("vera").get("/erp5/document_module/report/view").html.select(".field .value a")
    assert [link.text for link in read] == ["The map"]
    written = browser_client("zope").get("/erp5/document_module/report/view").html.select(".chips a")
    assert [link["aria-label"] for link in written] == ["Open The map", "Open The secret"]
    assert {link["href"] for link in (read[0], written[0])} == {"/erp5/document_module/map/view"}


def test_many_are_counted_not_listed(browser_client: Any, web_database: Any, pair: None) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).document_module
        for number in range(SHOWN + 9):
            module.newContent(portal_type="File", title=f"Note {number}").setFollowUpValue(module["map"])
    back = section(browser_client("zope").get("/erp5/document_module/map/relations"), "Named by")
    assert len(back.select("a")) == SHOWN and "and 11 more" in back.text


def test_configuration_has_no_such_tab(browser_client: Any) -> None:
    assert "Relations" not in browser_client("zope").get("/erp5/portal_types/File/view").text
