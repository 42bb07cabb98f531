"""Sessions end for good, names of users cannot be told from none, and no stranger keeps others from logging in."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.web_fixtures import PASSWORD
from wendelin.core.errors import Busy
from wendelin.core.model.accounts import passwords
from wendelin.core.model.accounts import users as accounts
from wendelin.core.web.access import known_devices, password_attempts


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(password_attempts, "ATTEMPTS", 3)
    return 3


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many passwords are being checked that no further one is."""
    places = threading.BoundedSemaphore(1)
    places.acquire()
    monkeypatch.setattr(passwords, "_places", places)


def try_to_log_in(client: Any, name: str, password: str) -> Any:
    form = client.get("/erp5/login_form").form
    form["__ac_name"], form["__ac_password"] = name, password
    return form.submit(status="*")


def log_out(browser: Any) -> None:
    page = browser.get("/erp5/")
    next(form for form in page.forms.values() if form.action.endswith("/logout")).submit(status=303)


def test_a_cookie_that_was_kept_ends_with_the_logout(browser_client: Any, make_client: Any) -> None:
    browser, other = browser_client("zope"), browser_client("zope")
    kept = make_client(accept="text/html")
    kept.set_cookie("__ac", browser.cookies["__ac"])
    kept.get("/erp5/", status=200)
    log_out(browser)
    kept.get("/erp5/", status=303)
    other.get("/erp5/", status=200)  # another session of the same user goes on


def test_sessions_that_ended_by_themselves_are_forgotten(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    users = site.acl_users
    users.end_session("first", 10)
    assert users.is_ended_session("first")
    later = time.time() + 20
    monkeypatch.setattr(time, "time", lambda: later)
    users.end_session("second", 10)
    assert users.is_ended_session("second") and len(users._ended_sessions) == 1


@pytest.mark.parametrize("end", ["", "/view", "/nothing", "/password"])
@pytest.mark.parametrize(("user", "status"), [(None, 401), ("nobody", 403), ("ada", 403)])
def test_users_are_not_told_from_names_that_nobody_has(make_client: Any, user: str, status: int, end: str) -> None:
    client = make_client(user)
    answers = [client.get(f"/erp5/acl_users/{name}{end}", status="*") for name in ("zope", "nobody_has_this")]
    assert [answer.status_int for answer in answers] == [status, status]


def test_what_a_manager_asks_for_is_not_there_when_it_is_not(make_client: Any) -> None:
    make_client("zope").get("/erp5/acl_users/nobody_has_this", status=404)


def test_guessing_in_the_password_form_is_slowed_down(browser_client: Any, few: int) -> None:
    browser = browser_client("ada")
    for number in range(few + 1):
        page = browser.get("/erp5/password")
        form = next(form for form in page.forms.values() if form.action.endswith("/password"))
        form["field_your_old_password"] = f"guess {number}"
        form["field_your_password"] = form["field_your_password_again"] = "a new password"
        answer = form.submit(status="*")
        assert answer.status_int == (200 if number < few else 429)
        assert ("not your present password" if number < few else "Too many attempts") in answer.text


def test_others_at_the_same_address_do_not_keep_a_known_browser_out(
    browser_client: Any, make_client: Any, few: int
) -> None:
    mine = browser_client("ada")
    log_out(mine)
    for guess in ("guess 1", "guess 2", "guess 3", "guess 4"):
        answer = try_to_log_in(make_client(accept="text/html"), "ada", guess)
    assert answer.status_int == 429
    with_memory_gone()
    assert try_to_log_in(make_client(accept="text/html"), "ada", PASSWORD).status_int == 429
    assert try_to_log_in(mine, "ada", PASSWORD).status_int == 303


def with_memory_gone() -> None:
    """As a minute later: which passwords were right is not known any more."""
    accounts._right_passwords._entries.clear()


def test_guesses_in_a_known_browser_count_too(browser_client: Any, few: int) -> None:
    mine = browser_client("ada")
    log_out(mine)
    with_memory_gone()
    answers = [try_to_log_in(mine, "ada", f"guess {number}").status_int for number in range(few + 1)]
    assert answers == [403] * few + [429]


@pytest.mark.parametrize("forged", ["1.é", ".", "", "abc." + "0" * 64, "abc"])
def test_a_forged_device_is_none(browser_client: Any, make_client: Any, few: int, forged: str) -> None:
    client = make_client(accept="text/html")
    client.cookies.clear()
    if forged.isascii():
        client.set_cookie(known_devices.COOKIE, forged)
    answers = [try_to_log_in(client, "ada", f"guess {number}").status_int for number in range(4)]
    assert answers[-1] == 429


def test_when_many_passwords_are_checked_strangers_are_told_to_come_later(make_client: Any, busy: None) -> None:
    program = make_client()
    program.authorization = ("Basic", ("somebody", "x"))
    answer = program.get("/erp5/", status=503)
    assert (answer.json["kind"], answer.headers["Retry-After"]) == ("busy", "3")
    page = try_to_log_in(make_client(accept="text/html"), "somebody", "x")
    assert page.status_int == 503 and "Too many people are logging in" in page.text


def test_who_was_right_before_is_checked_all_the_same(site: Any, busy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    users = site.acl_users
    users.add_user("dora", "a long password")
    now = [0.0]
    monkeypatch.setattr(accounts, "_right_passwords", passwords.RightPasswords(lambda: now[0]))
    with pytest.raises(Busy):
        users.authenticate("dora", "a long password")
    accounts._right_passwords.remember("dora", "a long password", users.get_session_stamp("dora"))
    now[0] += 1000
    assert users.known_user("dora", "a long password") is None
    assert users.authenticate("dora", "a long password").id == "dora"


def test_tries_while_the_server_is_busy_count(make_client: Any, few: int, busy: None) -> None:
    client = make_client()
    statuses = []
    for number in range(few + 1):
        client.authorization = ("Basic", ("zope", f"guess {number}"))
        statuses.append(client.get("/erp5/", status="*").status_int)
    assert statuses == [503] * few + [429]


def test_a_flood_of_fresh_names_leaves_threads_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask, four threads at most are in argon2."""
    inside, most, lock = [0], [0], threading.Lock()

    def slow(password_hash: str | None, password: str) -> bool:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        with lock:
            inside[0] -= 1
        return False

    monkeypatch.setattr(passwords, "_verify", slow)
    refused = []

    def ask() -> None:
        try:
            passwords.verify_password(None, "x")
        except Busy:
            refused.append(1)

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] <= 4 and len(refused) >= 10
