"""The first part of the tutorial in Chromium, by what a person sees, on an instance as an operator starts it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web_fixtures import Server, log_in
from wendelin.core.instance.var_folder import Instance
from wendelin.core.launcher.check import make_chunks, make_wave
from wendelin.core.launcher.standalone import Options, Standalone
from wendelin.core.launcher.supervision import read_states

INSTALLED = 60_000  # ms


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path / "var")


@pytest.fixture
def server(instance: Instance) -> Iterator[Any]:
    """Step 1: install and start; the launcher tells URL, user and password."""
    with Standalone(instance, Options(port=free_port())).running():
        credentials = instance.read_credentials()
        url = instance.url.rstrip("/").removesuffix("/erp5")
        yield Server(url, None, credentials.user, credentials.password)  # type: ignore[arg-type]


def send_as_fluentd(server: Any, data: bytes, tag: str) -> None:
    """Step 6: what ``@type bin`` and ``@type wendelin`` do with a file, with the settings of the tutorial."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    login = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    headers = {"Content-Type": "application/octet-stream", "Authorization": f"Basic {login}"}
    for chunk in make_chunks(data):
        connection.request("POST", f"/erp5/portal_ingestion_policies/{tag}/ingest?reference={tag}", chunk, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (204, b"")
    connection.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_steps_1_to_7(server: Any, make_page: Callable[..., Any], take_screenshot: Callable[..., Path]) -> None:
    page = make_page()
    log_in(page, server.user, server.password)  # step 2
    few = page.locator("a.tile").count()

    page.get_by_text("My Favourites").click()  # step 3
    take_screenshot(page, "tutorial-1-favourites")
    page.get_by_role("link", name="Configure your Site").click()
    take_screenshot(page, "tutorial-2-configurations")
    page.get_by_role("button", name="Wendelin Configuration").click()
    for label in ("Set Wendelin tutorial", "Set up Data Notebook module"):
        box = page.get_by_label(label)
        assert not box.count() or box.is_checked(), "what no plugin brings is not offered"
    sample = page.get_by_label("Sample data")
    assert not sample.count() or not sample.is_checked()
    take_screenshot(page, "tutorial-3-options")
    page.get_by_role("button", name="Install").click()
    page.get_by_role("heading", name="ERP5 configuration process is running").or_(
        page.get_by_role("heading", name="Configuration is over")
    ).wait_for()
    take_screenshot(page, "tutorial-4-progress")
    start = page.get_by_role("link", name="Start using your ERP5 System")
    start.wait_for(timeout=INSTALLED)
    take_screenshot(page, "tutorial-5-over")
    start.click()

    page.get_by_role("heading", name="Wendelin").first.wait_for()  # step 4
    page.get_by_role("link", name="Data Streams").first.wait_for()
    assert page.locator("a.tile").count() > few
    assert "portal_" not in page.locator("main").inner_text()
    take_screenshot(page, "tutorial-6-modules")

    page.goto("/erp5/portal_ingestion_policies/")  # step 5
    page.get_by_role("link", name="Add Ingestion Policy").click()
    page.get_by_label("Reference").fill("pydata")
    page.get_by_label("Title").fill("Pydata")
    take_screenshot(page, "tutorial-7-fast-input")
    page.get_by_role("button", name="Create Ingestion Policy").click()
    page.get_by_text("Ingestion Policy added.").wait_for()
    take_screenshot(page, "tutorial-8-policy")

    sound = make_wave()
    send_as_fluentd(server, sound, "pydata")

    page.get_by_text("Modules", exact=True).first.click()  # step 7
    page.get_by_role("link", name="Data Streams").first.click()
    row = page.get_by_role("row", name=re.compile("pydata"))
    row.wait_for()
    assert "1.8 MB" in row.inner_text()
    take_screenshot(page, "tutorial-9-streams")
    row.get_by_role("link").first.click()
    page.get_by_role("link", name="Preview").click()
    page.get_by_text("RIFF").wait_for()
    take_screenshot(page, "tutorial-10-preview")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    received = Path(download.value.path()).read_bytes()
    assert hashlib.sha256(received).digest() == hashlib.sha256(sound).digest()
    assert page.url.startswith(server.url + "/erp5/data_stream_module/1/")


def kill_worker(instance: Instance) -> None:
    """End the process that does the work, at once."""
    for entry in read_states(instance):
        if entry["name"].startswith("worker") and entry["pid"]:
            os.kill(entry["pid"], signal.SIGKILL)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_configuring_goes_on_without_browser_and_worker(
    server: Any, instance: Instance, make_page: Callable[..., Any]
) -> None:
    page = make_page(width=390)
    log_in(page, server.user, server.password, "/erp5/portal_configurator")
    page.get_by_role("button", name="Wendelin Configuration").click()
    page.get_by_role("button", name="Install").click()
    page.get_by_text("portal_").or_(page.get_by_text("Configuration is over")).wait_for()  # it is at work
    page.close()
    kill_worker(instance)
    other = make_page(width=390)
    log_in(other, server.user, server.password, "/erp5/portal_configurator")
    other.goto("/erp5/portal_configurator/progress")
    other.get_by_role("link", name="Start using your ERP5 System").click(timeout=2 * INSTALLED)
    other.get_by_role("link", name="Data Streams").first.wait_for()
