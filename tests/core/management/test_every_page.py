"""Pages of the management interface, over WSGI."""

from __future__ import annotations


def test_main_page(browser_client):
    page = browser_client("zope").get("/erp5/")
    assert page.status_int == 200
    assert page.html.find("a", string=lambda text: text and "Documents" in text)
