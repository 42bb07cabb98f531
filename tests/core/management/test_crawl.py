"""Every link that a manager can click leads somewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

MAXIMUM_PAGES = 200


def test_no_link_is_broken(browser_client):
    client = browser_client("zope")
    waiting, seen, broken = ["/erp5/"], set(), []
    while waiting and len(seen) < MAXIMUM_PAGES:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path, status="*")
        if answer.status_int not in (200, 303):
            broken.append((path, answer.status, answer.text[:500]))
            continue
        if answer.content_type == "text/html" and answer.html:
            links = [urlsplit(link["href"]) for link in answer.html.find_all("a", href=True)]
            waiting += [link.path + ("?" + link.query if link.query else "") for link in links if link.path]
    assert not broken
    assert len(seen) > 50
