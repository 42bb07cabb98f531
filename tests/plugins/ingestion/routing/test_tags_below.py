"""Tags below a policy's reference, as loggers send them: they go where forward.md says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from tests.plugins.ingestion.forward_fixtures import Receiver, policies, receive, stored, wait_for_size  # noqa: F401
from tests.web_fixtures import log_in
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user


def test_a_logger_sends_to_a_new_policy(policies: Database, receive: Callable[..., Receiver]) -> None:  # noqa: F811
    sender = pytest.importorskip("fluent.sender")
    with receive() as receiver:
        logger = sender.FluentSender("pydata", host="127.0.0.1", port=receiver.port, nanosecond_precision=True)
        assert logger.emit("label", {"message": "one"}) and logger.emit("label.more", {"message": "two"})
        logger.close()
        wait_for_size(policies, 6)
    assert stored(policies) == {"pydata.pydata": b"onetwo"}


def test_json_lines_keep_the_label(policies: Database) -> None:  # noqa: F811
    with as_user(SYSTEM), policies.transaction() as connection:
        tool = get_site(connection).portal_ingestion_policies
        policy = tool.IngestionPolicyTool_addIngestionPolicy("app", "App", data_operation="wendelin_ingest_json_lines")
        policy.ingest("app.label", msgpack.packb([1, {"message": "one", "n": 1}]))
    (content,) = stored(policies).values()
    assert content == b'{"time":"1970-01-01T00:00:01.000000000Z","tag":"app.label","record":{"message":"one","n":1}}\n'


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_kept_is_chosen_when_the_policy_is_made(
    policies: Database,  # noqa: F811
    server: Any,
    make_page: Callable[..., Any],
    take_screenshot: Callable[..., Any],
    width: int,
) -> None:
    page = make_page(width=width)
    log_in(page)
    page.goto("/erp5/portal_ingestion_policies/IngestionPolicyTool_viewAddIngestionPolicyActionDialog")
    page.get_by_label("Reference").fill("lines")
    page.get_by_label("What is Kept").select_option("wendelin_ingest_text_lines")
    take_screenshot(page, f"add-policy-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Create Ingestion Policy").click()
    page.get_by_text("Ingestion Policy added.").wait_for()
    with as_user(SYSTEM), policies.transaction() as connection:
        get_site(connection).portal_ingestion_policies["lines"].ingest("lines", b"21.5")
    assert stored(policies) == {"lines.lines": b"21.5\n"}
