"""Configurations to copy: on the policy's page, and printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp

from tests.plugins.ingestion.forward_fixtures import policies  # noqa: F401
from wendelin.plugins.ingestion.policies.client_settings import main, make_settings


def test_every_text_names_the_policy_and_no_password() -> None:
    found = make_settings("https://example.org/erp5/", "pydata", "a b", "ada")
    assert len({each.id for each in found}) == len(found) == 6
    for each in found:
        assert "{" not in each.text
        assert "a b" in each.text or "a%20b" in each.text
    texts = {each.id: each.text for each in found}
    assert "streamtool_uri https://example.org/erp5/portal_ingestion_policies/pydata\n" in texts["fluentd_plugin"]
    assert "/erp5/portal_ingestion_policies/pydata/ingest?reference=a%20b" in texts["fluent_bit_http"]
    assert (
        "Port                443" in texts["fluent_bit_http"] and "tls                 on" in texts["fluent_bit_http"]
    )


def test_forward_config(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    options = ["--var", str(tmp_path), "--policy", "pydata"]
    assert main(options) == 0
    both = capsys.readouterr().out
    assert "@type forward" in both and "[OUTPUT]" in both and "http://127.0.0.1:5080/erp5" in both
    main([*options, "--fluentd"])
    assert "[OUTPUT]" not in capsys.readouterr().out
    main([*options, "--fluent-bit", "--path", "/var/log/x"])
    only = capsys.readouterr().out
    assert "@type" not in only and "/var/log/x" in only


def test_the_tab(policies: Any, make_client: Callable[..., TestApp]) -> None:  # noqa: F811
    page = make_client("zope").get("/erp5/portal_ingestion_policies/pydata/view").click("^Clients$")
    assert page.html.find("pre", id="fluentd_forward").text.startswith("# Fluentd")
    assert "http://localhost/erp5/portal_ingestion_policies/pydata" in page.text
    assert "<script" in page.text and "onclick" not in page.text


@pytest.mark.browser
def test_copying(policies: Any, server: Any, browser_page: Any) -> None:  # noqa: F811
    browser_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser_page.goto("/erp5/portal_ingestion_policies/pydata/clients")
    browser_page.locator("button[data-copy=fluentd_plugin]").click()
    browser_page.get_by_text("Copied").wait_for()
    copied = browser_page.evaluate("navigator.clipboard.readText()")
    assert f"streamtool_uri {server.url}/erp5/portal_ingestion_policies/pydata" in copied
