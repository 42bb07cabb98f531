"""The pages of the configurator, with the worker's part done by the test."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webtest import TestApp

from wendelin.configurator.choices import choice_list, get_configuration
from wendelin.configurator.driver import drive
from wendelin.core.business_templates.installation import install
from wendelin.core.business_templates.offered_configurations import WENDELIN
from wendelin.core.database import Database
from wendelin.core.errors import BusinessTemplateError
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application

PASSWORD = "a password of the test"
START = "/erp5/portal_configurator"


@pytest.fixture(scope="session")
def application() -> Any:
    """Made once: what differs between tests is only the database."""
    return make_application(None)


@pytest.fixture
def app(application: Any, database: Database) -> TestApp:
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).acl_users.add_user("zope", PASSWORD, ["Manager"])
        get_site(connection).acl_users.add_user("author", PASSWORD, ["Author", "Assignor"])
    application.registry["wendelin.database"] = database
    app = TestApp(application)
    app.authorization = ("Basic", ("zope", PASSWORD))
    return app


def work(database: Database) -> None:
    """What a worker does."""
    with as_user(SYSTEM), database.connect() as connection:
        get_site(connection).portal_activities.tic()


def test_from_my_favourites_to_a_configured_site(app: TestApp, database: Database) -> None:
    main_page = app.get("/erp5/")
    assert "This site is new" in main_page.text and "first step" in main_page.text
    choices = main_page.click("Configure your Site")
    assert "The Wendelin Configuration will allow you" in choices.text
    options = next(form for form in choices.forms.values() if "configuration" in form.fields).submit()
    offered = {choice.option.title: choice.is_available for choice in choice_list(get_configuration(WENDELIN))}
    assert True in offered.values() and False in offered.values()
    for label, is_available in offered.items():
        assert (label in options.text) == is_available, "what no plugin brings is not offered"
    progress = options.forms[find_form(options, "/install")].submit().follow()
    assert "configuration process is running" in progress.text
    assert "0 %" in progress.text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in progress.text
    assert app.get(START).location.endswith("/progress")
    work(database)
    done = app.get(f"{START}/progress")
    assert "Configuration is over" in done.text
    assert "refresh" not in done.text
    start = done.click("Start using your ERP5 System")
    assert "Data Streams" in start.text and "This site is new" not in start.text
    again = app.get(START)
    assert "is installed" in again.text


def find_form(page: Any, action: str) -> int:
    return next(index for index, form in page.forms.items() if isinstance(index, int) and form.action.endswith(action))


def begin(app: TestApp) -> Any:
    options = app.get(f"{START}/options", {"configuration": "Wendelin Configuration"})
    return options.forms[find_form(options, "/install")].submit()


def test_events_tell_the_end(app: TestApp, database: Database) -> None:
    begin(app)
    with as_user(SYSTEM):
        drive(database)
    text = app.get(f"{START}/events").text
    status = json.loads(text.split("data: ")[1].split("\n")[0])
    assert (status["state"], status["percent"]) == ("finished", 100)
    assert "event: done" in text


def test_a_failure_is_shown_and_tried_again(app: TestApp, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise BusinessTemplateError("there is no room <here>")

    monkeypatch.setattr("wendelin.configurator.running_installation.install", fail)
    begin(app)
    work(database)
    page = app.get(f"{START}/progress")
    assert "there is no room &lt;here&gt;" in page.text
    monkeypatch.setattr("wendelin.configurator.running_installation.install", install)
    page.forms[find_form(page, "/retry")].submit()
    work(database)
    assert "Configuration is over" in app.get(f"{START}/progress").text


def test_a_page_without_a_configuration(app: TestApp) -> None:
    app.get(f"{START}/options", status=404)
    app.get(f"{START}/options", {"configuration": "Other"}, status=404)
    assert app.get(f"{START}/progress").location.endswith("portal_configurator")
    app.get(f"{START}/events", status=404)
    app.post(f"{START}/retry", status=404)
    app.post(f"{START}/install", status=400)


@pytest.mark.parametrize("page", ["", "/view", "/options", "/progress", "/events", "/install", "/retry"])
def test_only_managers(app: TestApp, page: str) -> None:
    method = "POST" if page in ("/install", "/retry") else "GET"
    app.authorization = ("Basic", ("author", PASSWORD))
    app.request(START + page, method=method, status=403)
    app.authorization = None
    app.request(START + page, method=method, status=[401, 403])
