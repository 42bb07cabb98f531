"""What users upload never acts in the browser of somebody else."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest

from tests.web_fixtures import Server, log_in
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.answers.media_types import INLINE_TYPES, TEXT, served_type

CODE = [
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "text/ecmascript",
    "application/ecmascript",
    "text/x-ecmascript",
    "application/x-ecmascript",
    "text/javascript1.0",
    "text/jscript",
    "text/livescript",
    "text/css",
    "text/xsl",
    "text/xslt",
    "application/xslt+xml",
    "application/wasm",
    "application/manifest+json",
    "TEXT/JavaScript",
    "text/typescript",
]
ACTIVE = [
    "text/html",
    "application/xhtml+xml",
    "application/vnd.wap.xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "application/rss+xml",
    "application/atom+xml",
    "application/mathml+xml",
    "application/x-foo+xml",
    "application/pdf",
    "text/x-unknown",
    "application/x-shockwave-flash",
    "multipart/x-mixed-replace",
    "message/rfc822",
    "text/cache-x",
    "application/octet-stream",
]
BAD = [
    "",
    None,
    "html",
    "text/html\r\nSet-Cookie: a=b",
    "text/html, text/javascript",
    "a" * 200 + "/b",
    "tëxt/plain",
    "/",
]


@pytest.mark.parametrize("claimed", CODE)
def test_code_is_sent_as_text(claimed: str) -> None:
    assert served_type(claimed) == ("text/plain; charset=utf-8", True)


@pytest.mark.parametrize("claimed", ACTIVE)
def test_what_may_act_is_saved(claimed: str) -> None:
    assert served_type(claimed) == (claimed, False)


@pytest.mark.parametrize("claimed", sorted(INLINE_TYPES))
def test_what_cannot_act_is_shown(claimed: str) -> None:
    assert served_type(claimed) == (claimed, True)
    assert served_type(f"{claimed.upper()}; charset=UTF-8") == (f"{claimed}; charset=UTF-8", True)


@pytest.mark.parametrize("claimed", BAD)
def test_what_is_no_type_is_bytes(claimed: str | None) -> None:
    assert served_type(claimed) == ("application/octet-stream", False)


def png() -> bytes:
    """A picture of one red pixel."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0\xff\0\0")) + part(b"IEND", b"")


def upload(database: Any, content_type: str, data: bytes, name: str) -> str:
    with as_user(SYSTEM), database.transaction() as connection:
        module = get_site(connection).document_module
        document = module.newContent(portal_type="File", data=data, content_type=content_type, filename=name)
        path: str = document.getPath()
    return path


RUN = b"document.documentElement.setAttribute('data-ran', 'yes')"


@pytest.mark.parametrize("kind", ["text/javascript", "application/ecmascript", "text/jscript"])
def test_a_page_of_the_site_cannot_load_an_upload_as_a_script(make_page: Any, server: Server, kind: str) -> None:
    script = upload(server.database, kind, RUN, "a.js")
    page = make_page()
    log_in(page)
    loaded = page.evaluate(
        """source => new Promise(done => {
            const script = document.createElement('script');
            script.src = source;
            script.onload = () => done('loaded');
            script.onerror = () => done('refused');
            document.head.append(script);
        })""",
        f"{script}/getData",
    )
    assert loaded == "refused"
    assert page.evaluate("document.documentElement.getAttribute('data-ran')") is None


@pytest.mark.parametrize("kind", ["text/html", "application/rss+xml", "image/svg+xml", "text/xsl", "text/xml"])
def test_an_upload_that_is_opened_runs_nothing(make_page: Any, server: Server, kind: str) -> None:
    markup = (
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>%s</script><svg'
        b' xmlns="http://www.w3.org/2000/svg"><script>%s</script></svg></html>' % (RUN, RUN)
    )
    path = upload(server.database, kind, markup, "page")
    page = make_page()
    log_in(page)
    if served_type(kind)[1]:
        page.goto(f"{path}/getData")
        assert page.evaluate("document.documentElement.getAttribute('data-ran')") is None
        assert page.evaluate("self.origin") == "null"
        assert "<script>" in page.inner_text("body")
        return
    with page.expect_download() as download, pytest.raises(Exception, match="Download is starting"):
        page.goto(f"{path}/getData")
    assert download.value.suggested_filename.startswith("page")


def test_a_picture_is_shown_by_itself_and_on_a_page(make_page: Any, server: Server) -> None:
    path = upload(server.database, "image/png", png(), "dot.png")
    page = make_page()
    log_in(page)
    page.goto(f"{path}/getData")
    assert page.evaluate("document.images[0].naturalWidth") == 1
    page.goto("/erp5/")
    width = page.evaluate(
        "async source => { const i = new Image(); i.src = source; await i.decode(); return i.naturalWidth }",
        f"{path}/getData",
    )
    assert width == 1


def test_every_stored_byte_has_the_headers(server: Server, make_client: Any) -> None:
    for kind in ("image/png", "text/html", TEXT, "text/javascript"):
        path = upload(server.database, kind, b"x", "x")
        for headers in ({}, {"Range": "bytes=0-0"}, {"Range": "bytes=5-"}, {"If-None-Match": "*"}):
            answer = make_client("zope").get(f"{path}/getData", headers=headers, status="*")
            assert answer.headers["Content-Security-Policy"].startswith("sandbox;"), (kind, answer.status)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
