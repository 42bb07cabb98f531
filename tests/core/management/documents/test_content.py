"""The page of a file shows what was uploaded: a picture as one, and a way to save all others."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def add(database: Any, **values: Any) -> None:
    data = values.pop("data")
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).document_module.newContent(id="f", portal_type="File", **values).setData(data)


def page_of(browser_client: Any) -> Any:
    return browser_client("ada").get("/erp5/document_module/f/view")


def test_a_picture_is_shown_and_can_be_saved(browser_client: Any, web_database: Any) -> None:
    add(web_database, filename="north.png", title="North", data=PNG)
    page = page_of(browser_client)
    picture = page.html.select_one(".content img")
    assert picture["alt"] == "North"
    client = browser_client("ada")
    shown = client.get(picture["src"])
    assert (shown.body, shown.content_type) == (PNG, "image/png")
    saved = client.get(page.html.find("a", string="Download")["href"])
    assert saved.body == PNG and saved.headers["Content-Disposition"].startswith('attachment; filename="north.png"')


@pytest.mark.parametrize("content_type", ["image/svg+xml", "text/html", "application/pdf", "nonsense"])
def test_what_may_not_show_is_only_saved(browser_client: Any, web_database: Any, content_type: str) -> None:
    add(web_database, filename="x", content_type=content_type, data=b"<svg/>")
    content = page_of(browser_client).html.select_one(".content")
    assert content.img is None and [link.text for link in content.select("a")] == ["Download"]


def test_sound_can_be_opened(browser_client: Any, web_database: Any) -> None:
    add(web_database, filename="x.ogg", content_type="audio/ogg", data=b"OggS")
    assert [link.text for link in page_of(browser_client).html.select(".content a")] == ["Download", "Open"]


def test_a_file_without_content_has_nothing_to_download(browser_client: Any, web_database: Any) -> None:
    add(web_database, filename="x.png", data=b"")
    assert page_of(browser_client).html.select_one(".content") is None
