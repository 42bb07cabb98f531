"""The log of a policy in a browser, on a phone too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.forward_fixtures import policies  # noqa: F401
from tests.web_fixtures import log_in
from wendelin.core.database import Database
from wendelin.core.errors import WendelinError
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.policies import policy_log


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_log_fits(
    policies: Database,  # noqa: F811
    server: Any,
    make_page: Callable[..., Any],
    take_screenshot: Callable[..., Any],
    width: int,
) -> None:
    with as_user(SYSTEM), policies.connect() as connection:
        policy = get_site(connection).portal_ingestion_policies["pydata"]
        for reference in ("other-" + "x" * 150, "pydata", "pydata." + "y." * 60 + "z"):
            with pytest.raises(WendelinError):
                policy.ingest(reference, pack(b"torn")[:-1])
    policy_log.flush()
    page = make_page(width=width)
    log_in(page)
    page.goto("/erp5/portal_ingestion_policies/pydata/log")
    page.get_by_text("torn").first.wait_for()
    take_screenshot(page, f"policy-log-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for cell in page.locator("table.cards tbody td").all():
        box = cell.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
