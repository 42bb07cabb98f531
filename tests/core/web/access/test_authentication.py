"""Logging in: Basic, cookie and token; what a new password ends; where a login leads."""

from __future__ import annotations

import base64
import stat

import pytest

from tests.web_fixtures import PASSWORD
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.access.cookie_secret import read_secret
from wendelin.core.web.requests.urls import is_own_path


def test_basic(make_client):
    assert make_client("zope").get("/erp5/").status_int == 200


def test_password_change_ends_basic_and_cookie(make_client, browser_client, web_database):
    program, browser = make_client("zope"), browser_client("zope")
    program.get("/erp5/")
    browser.get("/erp5/")
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).acl_users.set_password("zope", "another one")
    program.get("/erp5/", status=401)
    assert "login_form" in browser.get("/erp5/", status=303).location


def test_deleted_user_is_out(browser_client, web_database):
    browser = browser_client("ada")
    browser.get("/erp5/")
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).acl_users.del_user("ada")
    assert "login_form" in browser.get("/erp5/", status=303).location


def test_cookie_is_closed_to_scripts_and_other_sites(make_client):
    client = make_client(accept="text/html")
    form = client.get("/erp5/login_form").form
    form["__ac_name"], form["__ac_password"] = "zope", PASSWORD
    cookies = [value for name, value in form.submit().headerlist if name == "Set-Cookie" and value.startswith("__ac=")]
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0] and "SameSite=Lax" in cookies[0]


def test_forged_cookie_is_nobody(make_client):
    client = make_client(accept="text/html")
    client.set_cookie("__ac", "0" * 128 + "5f5f5f5fem9wZQ==!s1!userid_type:b64unicode")
    assert "login_form" in client.get("/erp5/", status=303).location


def test_token(make_client, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        token = get_site(connection).acl_users.create_token("zope", "test")
    for header in ({"Authorization": f"Bearer {token}"}, {"X-Access-Token": token}):
        assert make_client().get("/erp5/", headers=header).status_int == 200
    assert make_client().get("/erp5/", headers={"Authorization": "Bearer nonsense"}, status=401)


def test_wrong_password_shows_the_page_again(make_client):
    client = make_client(accept="text/html")
    form = client.get("/erp5/login_form").form
    form["__ac_name"], form["__ac_password"] = "zope", "wrong"
    answer = form.submit(status=403)
    assert "do not match" in answer.text
    assert answer.form["__ac_name"].value == "zope"
    assert answer.form["__ac_password"].value == ""


def test_guessing_is_slowed_down(make_client):
    client = make_client(accept="text/html")
    form = client.get("/erp5/login_form").form
    form["__ac_name"], statuses = "somebody else", []
    for number in range(11):
        form["__ac_password"] = f"guess {number}"
        statuses.append(form.submit(status="*").status_int)
    assert statuses == [403] * 10 + [429]


@pytest.mark.parametrize(
    ("wanted", "own"),
    [
        ("/erp5/document_module/view?x=1", True),
        ("https://evil.example/", False),
        ("//evil.example/", False),
        ("/\\evil.example/", False),
        ("javascript:alert(1)", False),
        ("/\t/evil.example", False),
        ("", False),
    ],
)
def test_login_leads_to_this_site_only(make_client, wanted, own):
    assert is_own_path(wanted) == own
    client = make_client(accept="text/html")
    form = client.get("/erp5/login_form", params={"came_from": wanted}).form
    form["__ac_name"], form["__ac_password"] = "zope", PASSWORD
    assert form.submit(status=303).location == "http://localhost" + (wanted if own else "/erp5/")


def test_logout(browser_client):
    browser = browser_client("zope")
    page = browser.get("/erp5/")
    form = next(form for form in page.forms.values() if form.action.endswith("/logout"))
    assert "logged out" in form.submit(status=303).follow().text
    assert "login_form" in browser.get("/erp5/", status=303).location


def test_a_link_cannot_log_out(browser_client):
    browser = browser_client("zope")
    assert "Do you want to log out?" in browser.get("/erp5/logout").text
    browser.get("/erp5/", status=200)


def test_change_own_password(browser_client, make_client):
    browser = browser_client("ada")
    form = password_form(browser)
    form["field_your_old_password"] = "wrong"
    form["field_your_password"] = form["field_your_password_again"] = "a new password"
    form = main_form(form.submit(), "password")
    form["field_your_old_password"] = PASSWORD
    form["field_your_password"] = form["field_your_password_again"] = "a new password"
    assert "Your password is changed" in form.submit(status=303).follow().text
    browser.get("/erp5/", status=200)
    make_client("ada").get("/erp5/", status=401)


def password_form(browser):
    return main_form(browser.get("/erp5/password"), "password")


def main_form(page, end):
    return next(form for form in page.forms.values() if form.action.endswith(end))


def test_secret_is_kept_and_closed(tmp_path):
    secret = read_secret(tmp_path / "var")
    assert len(secret) == 64
    assert read_secret(tmp_path / "var") == secret
    path = tmp_path / "var" / "web-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert read_secret(tmp_path / "var") == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_torn_secret_is_made_anew(tmp_path):
    (tmp_path / "web-secret").write_text("")
    assert len(read_secret(tmp_path)) == 64


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_password_that_is_no_ascii(make_client, web_database, encoding):
    """The challenge asks for UTF-8; Python's requests sends Latin-1 whatever is asked."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).acl_users.add_user("jörg", "pässwörd-12345", ["Manager"])
    client = make_client(None)
    login = "Basic " + base64.b64encode("jörg:pässwörd-12345".encode(encoding)).decode()
    assert client.get("/erp5/document_module/view", headers={"Authorization": login}).status_int == 200
    wrong = "Basic " + base64.b64encode("jörg".encode(encoding)).decode()
    answer = client.get("/erp5/document_module/view", headers={"Authorization": wrong}, status=401)
    assert "UTF-8" in answer.text
