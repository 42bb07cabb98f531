"""Fixtures for tests over HTTP: an application, a real server on a free port, and pages in real Chromium.

They are there for every test, by name::

    def test_x(browser_page, server):        # logged in as zope, who is Manager
        browser_page.goto(f"{server.url}/erp5/")
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from waitress.wasyncore import close_all
from webtest import TestApp

from wendelin.core.database import Database
from wendelin.core.model.accounts.passwords import hash_password
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application
from wendelin.core.web.server.serving import make_server

PASSWORD = "correct horse"
USERS = {"zope": ["Manager"], "ada": ["Assignor", "Author", "Auditor"], "nobody": []}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
# No network but localhost, no first-run pages; Chromium in a container has no user namespace for its sandbox.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Server:
    """A running server: ``url`` without a slash at its end, and the database that it serves."""

    url: str
    database: Database
    user: str = "zope"
    password: str = PASSWORD


def add_users(database: Database) -> None:
    """zope (Manager), ada (business roles), nobody (no role); all with `PASSWORD`."""
    with as_user(SYSTEM), database.transaction() as connection:
        users = get_site(connection).acl_users
        for user_id, roles in USERS.items():
            users.add_user(user_id, None, roles)
            users[user_id]._password_hash = hashed_password()


@cache
def hashed_password() -> str:
    """Hashing is slow on purpose: once per process is enough for tests."""
    return hash_password(PASSWORD)


@pytest.fixture
def web_database(database: Database) -> Database:
    """The test's database, with users."""
    add_users(database)
    return database


@pytest.fixture
def application(web_database: Database) -> Any:
    """The WSGI application on the test's database."""
    return make_application(web_database)


@pytest.fixture
def make_client(application: Any) -> Callable[..., TestApp]:
    """``make_client("zope")``: a WebTest client that sends Basic credentials; ``make_client()``: Anonymous."""

    def make(user_id: str | None = None, accept: str = "*/*") -> TestApp:
        client = TestApp(application, extra_environ={"HTTP_ACCEPT": accept, "HTTP_HOST": "localhost:80"})
        if user_id is not None:
            client.authorization = ("Basic", (user_id, PASSWORD))
        return client

    return make


@pytest.fixture
def browser_client(make_client: Callable[..., TestApp]) -> Callable[[str], TestApp]:
    """``browser_client("zope")``: a WebTest client that has logged in through the page, as a browser does."""

    def log_in(user_id: str) -> TestApp:
        client = make_client(accept="text/html")
        form = client.get("/erp5/login_form").form
        form["__ac_name"], form["__ac_password"] = user_id, PASSWORD
        form.submit(status=303)
        return client

    return log_in


@pytest.fixture
def server(application: Any, web_database: Database) -> Iterator[Server]:
    """A waitress server of this process on a free port of localhost, as development.ini starts one."""
    wsgi_server = make_server(application, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=wsgi_server.run, daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{wsgi_server.effective_port}", web_database)
    # First the threads that still answer, then everything at once and in the server's own thread: who writes to, or
    # waits for, a descriptor that is closed under it may meet another file of the same number.
    wsgi_server.task_dispatcher.shutdown()
    wsgi_server.trigger.pull_trigger(lambda: close_all(wsgi_server._map, ignore_all=True))
    thread.join(5)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, one for all tests of a process."""
    if not CHROMIUM:
        pytest.skip("no Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def make_page(browser: Any, server: Server) -> Iterator[Callable[..., Any]]:
    """``make_page(width=390, dark=True)``: a page of a fresh browser profile; script errors fail the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def make(width: int = 1280, height: int = 900, dark: bool = False) -> Any:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Security Policy" in message.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def log_in(page: Any, user: str = "zope", password: str = PASSWORD, path: str = "/erp5/") -> None:
    """Open a page of the site and log in, by visible labels only."""
    page.goto(path)
    page.get_by_label("User").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()


@pytest.fixture
def browser_page(make_page: Callable[..., Any]) -> Any:
    """A page, logged in as zope."""
    page = make_page()
    log_in(page)
    return page


@pytest.fixture
def take_screenshot(tmp_path: Path) -> Callable[[Any, str], Path]:
    """``take_screenshot(page, "list")`` saves the whole page; WENDELIN_SCREENSHOTS names a folder to keep them in."""
    folder = Path(os.environ.get("WENDELIN_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Any, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
