"""What a policy refused is announced on the main page, to those who may read its log."""

from __future__ import annotations

import time
from typing import Any

from webtest import TestApp

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import PASSWORD, post
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.policies import policy_log


def main_page(app: TestApp, user: str = "zope") -> Any:
    app.authorization = ("Basic", (user, PASSWORD))
    return app.get("/erp5/")


def refuse(app: TestApp, count: int) -> None:
    for number in range(count):
        post(app, b"\xc1 no msgpack %d" % number, status=400)
    policy_log.flush()


def test_refusals_of_the_last_day_lead_to_the_log(app: TestApp, database: Database) -> None:
    post(app, pack(b"good"))
    policy_log.flush()
    assert "Refused chunks" not in main_page(app).text
    refuse(app, 3)
    page = main_page(app)
    tile = page.html.find("h2", string="Refused chunks").parent.a
    assert tile.select_one(".badge").text == "3 refused"
    assert app.get(tile["href"]).html.h1 is not None and tile["href"].endswith("/pydata/log")


def test_old_refusals_are_over(app: TestApp, database: Database) -> None:
    refuse(app, 1)
    with as_user(SYSTEM), database.transaction() as connection:
        times = get_site(connection).portal_ingestion_policies.refusal_times
        assert time.time() - times["pydata"] < 60
        times["pydata"] -= 2 * 86400
    assert "Refused chunks" not in main_page(app).text


def test_a_policy_that_is_gone_is_not_named(app: TestApp, database: Database) -> None:
    refuse(app, 1)
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).portal_ingestion_policies.manage_delObjects(["pydata"])
    assert "Refused chunks" not in main_page(app).text
