"""Guessing passwords is slowed down, at the login page and in the Basic header, for who guesses alone."""

from __future__ import annotations

import pytest

from tests.web_fixtures import PASSWORD
from wendelin.core.errors import RateExceeded
from wendelin.core.web.access import password_attempts
from wendelin.core.web.access.password_attempts import ATTEMPTS, Attempts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as its one element."""
    now = [1000.0]
    monkeypatch.setattr(password_attempts, "time", type("Clock", (), {"monotonic": lambda: now[0]}))
    return now


def test_counts_by_user_and_address_and_forgets(clock: list[float]) -> None:
    counted = Attempts()
    for number in range(ATTEMPTS):
        counted.check("amy", "1.2.3.4")
        counted.failed("amy", "1.2.3.4", f"guess {number}")
        clock[0] += 1
    with pytest.raises(RateExceeded, match="wait 291 seconds") as error:
        counted.check("amy", "1.2.3.4")
    assert error.value.retry_after == 291
    counted.check("amy", "5.6.7.8")
    counted.check("bob", "1.2.3.4")
    clock[0] += 290
    counted.check("amy", "1.2.3.4")  # the first is five minutes old: one more try
    counted.failed("amy", "1.2.3.4", "another")
    with pytest.raises(RateExceeded):
        counted.check("amy", "1.2.3.4")


def test_the_same_password_counts_once() -> None:
    counted = Attempts()
    for _ in range(5 * ATTEMPTS):
        counted.failed("amy", "1.2.3.4", "the old one")
    counted.check("amy", "1.2.3.4")


def test_memory_is_bounded_and_holds_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_attempts, "LARGEST", 5)
    counted = Attempts()
    for number in range(50):
        counted.failed(f"user{number}", "", "secret")
    assert len(counted._guesses) == 5
    assert "secret" not in repr(counted.__dict__)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many are allowed here: each costs argon2 its time."""
    monkeypatch.setattr(password_attempts, "ATTEMPTS", 3)
    return 3


def guess(client, count: int) -> None:
    for number in range(count):
        client.authorization = ("Basic", ("zope", f"guess {number}"))
        client.get("/erp5/", status=401)


def test_basic_credentials(make_client, few):
    wrong, right = make_client(), make_client("zope")
    guess(wrong, few)
    refused = wrong.get("/erp5/", status=429)
    assert 290 < int(refused.headers["Retry-After"]) <= 301
    assert refused.json["kind"] == "rate-exceeded"
    right.get("/erp5/", status=429)  # the right one is not told apart while somebody guesses


def test_who_was_right_a_moment_ago_is_not_kept_out(make_client, few):
    wrong, right = make_client(), make_client("zope")
    right.get("/erp5/")
    guess(wrong, few)
    wrong.get("/erp5/", status=429)
    right.get("/erp5/")


def test_login_page_and_basic_count_together(make_client, few):
    program, browser = make_client(), make_client(accept="text/html")
    guess(program, few - 1)
    form = browser.get("/erp5/login_form").form
    form["__ac_name"], form["__ac_password"] = "zope", "another guess"
    form.submit(status=403)
    form["__ac_password"] = PASSWORD
    page = form.submit(status=429)
    assert "Too many attempts" in page.text
    assert int(page.headers["Retry-After"]) > 290


def test_who_guesses_learns_nothing_of_a_user_who_is_at_work_elsewhere(make_client, few):
    at_work, guesser = make_client("zope"), make_client()
    assert at_work.get("/erp5/", status=200)
    elsewhere = {"REMOTE_ADDR": "10.0.0.9"}
    for number in range(few + 3):
        guesser.authorization = ("Basic", ("zope", f"wrong {number}"))
        guesser.get("/erp5/", status=401 if number < few else 429, extra_environ=elsewhere)
    guesser.authorization = ("Basic", ("zope", PASSWORD))
    guesser.get("/erp5/", status=429, extra_environ=elsewhere)
    assert at_work.get("/erp5/", status=200)
