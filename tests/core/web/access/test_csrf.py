"""Requests that another site makes a browser send are refused; programs need no token."""

from __future__ import annotations


def test_a_form_without_its_token_does_nothing(browser_client):
    browser = browser_client("zope")
    answer = browser.post("/erp5/document_module/add_content", {"portal_type": "File"}, status=403)
    assert "Reload the page" in answer.text
    assert "0 documents" in browser.get("/erp5/document_module/view").text


def test_a_form_with_its_token_works(browser_client):
    browser = browser_client("zope")
    page = browser.get("/erp5/document_module/view")
    form = next(form for form in page.forms.values() if form.action.endswith("/add_content"))
    assert form.submit("portal_type", value="File", status=303)


def test_the_token_may_come_as_a_header(browser_client):
    browser = browser_client("zope")
    token = browser.get("/erp5/").html.find("meta", {"name": "csrf-token"})["content"]
    form = {"portal_type": "File"}
    browser.post("/erp5/document_module/add_content", form, headers={"X-CSRF-Token": token}, status=303)


def test_programs_need_no_token(make_client):
    make_client("zope").post("/erp5/document_module/add_content", {"portal_type": "File"}, status=303)


def test_credentials_that_a_browser_keeps_do_not_help_another_site(make_client):
    headers = {"Origin": "https://evil.example"}
    form = {"portal_type": "File"}
    answer = make_client("zope").post("/erp5/document_module/add_content", form, headers=headers, status=403)
    assert answer.json["kind"] == "cross-site-request"
    own = {"Origin": "http://localhost:80"}
    assert make_client("zope").post("/erp5/document_module/add_content", form, headers=own, status=303)


def test_login_form_has_a_token_too(make_client):
    client = make_client(accept="text/html")
    client.post("/erp5/login_form", {"__ac_name": "zope", "__ac_password": "x"}, status=403)


def test_a_header_that_is_no_login_does_not_stand_for_the_token(browser_client):
    client = browser_client("zope")
    for headers in ({"Authorization": "Digest x"}, {"Authorization": "x"}):
        form = {"portal_type": "File"}
        assert client.post("/erp5/document_module/add_content", form, headers=headers, status=403)
