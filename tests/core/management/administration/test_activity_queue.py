"""Activities that failed are announced to those who can do something about them."""

from __future__ import annotations

from typing import Any

from wendelin.core.model.activities.message import State
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user


def fail(database: Any, count: int) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        for number in range(count):
            document = site.document_module.newContent(id=f"f{number}", portal_type="File")
            document.activate(tag="broken").getTitle()
        for message in site.portal_activities.getMessageList(tag="broken"):
            message.state, message.error = State.FAILED, "Traceback\nZeroDivisionError: division by zero"


def test_nothing_is_said_while_nothing_failed(browser_client: Any, web_database: Any) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module.activate().getTitle()
    assert "Failed activities" not in browser_client("zope").get("/erp5/").text


def test_failures_stand_on_the_main_page_of_managers(browser_client: Any, web_database: Any) -> None:
    fail(web_database, 6)
    page = browser_client("zope").get("/erp5/")
    assert "getTitle of document_module/f0" in page.text and "2 more failed." in page.text
    assert "Failed activities" not in browser_client("ada").get("/erp5/").text
    queue = page.click("getTitle of document_module/f0")
    assert "ZeroDivisionError: division by zero" in queue.text


def test_failures_come_first_in_the_queue(browser_client: Any, web_database: Any) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).document_module.activate(priority=-5).getId()
    fail(web_database, 1)
    first = browser_client("zope").get("/erp5/portal_activities/view").html.select_one("tbody tr")
    assert "failed" in first.text and "getTitle" in first.text
