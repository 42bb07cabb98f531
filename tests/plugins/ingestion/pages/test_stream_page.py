"""The page of a data stream, over HTTP and in Chromium: facts, both ends, sound, and that it follows the stream."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from tests.plugins.ingestion.formats.test_sound import make_wav
from tests.web_fixtures import PASSWORD, log_in
from wendelin.core.errors import NotFound
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, User, as_user
from wendelin.plugins.ingestion.documents.growth import Sample
from wendelin.plugins.ingestion.pages import stream_page
from wendelin.plugins.ingestion.pages.stream_page import LIVE_PAGES, ago, draw_growth, watch

URL = "/erp5/data_stream_module"
SOUND = make_wav((np.sin(np.arange(40_000) / 30) * np.linspace(0, 30_000, 40_000)).astype("<i2"))


def append(database: Any, stream_id: str, data: bytes) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).data_stream_module[stream_id].appendData(data)


@pytest.fixture
def streams(web_database: Any) -> Any:
    """An empty stream ``e``, a text ``t`` and a sound ``w``."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).data_stream_module
        for name, title in (("e", "Empty"), ("t", "Text"), ("w", "Wind in the mast")):
            module.newContent(name, portal_type="Data Stream", title=title, reference=title.split()[0].lower())
    append(web_database, "t", b"first " + bytes(2000) + b" last")
    append(web_database, "w", SOUND)
    return web_database


def test_the_page_of_a_text(streams: Any, make_client: Any) -> None:
    page = make_client("zope", accept="text/html").get(f"{URL}/t/preview")
    facts = {element["data-fact"]: element.text for element in page.html.select("[data-fact]")}
    assert (facts["size"], facts["bytes"]) == ("2.0 KB", "2,011")
    assert facts["age"] == "just now" or facts["age"].endswith("ago")
    assert "per second" in facts["rate"]
    ends = page.html.select("[data-end]")
    assert "first " in ends[0].text and " last" in ends[1].text
    assert page.html.select_one('[data-part="wave"]').has_attr("hidden")
    assert not page.html.select_one("audio").has_attr("src")


def test_the_page_of_an_empty_stream(streams: Any, make_client: Any) -> None:
    page = make_client("zope", accept="text/html").get(f"{URL}/e/preview")
    assert "This data stream is empty." in page
    assert not page.html.select_one('[data-part="empty"]').has_attr("hidden")
    assert [end.has_attr("hidden") for end in page.html.select("[data-end]")] == [True, True]
    assert page.html.select_one('[data-fact="age"]').text == "never"


def test_the_page_of_a_sound(streams: Any, make_client: Any) -> None:
    client = make_client("zope", accept="text/html")
    page = client.get(f"{URL}/w/preview")
    assert page.html.select_one('[data-fact="wave"]').text == "8 kHz, 16 bit, mono, 0:05"
    points = page.html.select_one('[data-points="waveform"]')["points"]
    assert client.get(f"{URL}/w/waveform").json == {
        "points": points,
        "text": "8 kHz, 16 bit, mono, 0:05",
        "seconds": 5.0,
    }
    sound = client.get(page.html.select_one("audio")["src"], headers={"Range": "bytes=0-43"}, status=206)
    assert sound.body == SOUND[:44]
    assert sound.content_type == "audio/wav" and sound.headers["Content-Disposition"].startswith("inline")


def test_only_sounds_are_played(streams: Any, make_client: Any) -> None:
    """Whatever a stream claims to be: what is no WAV file is never shown inline."""
    with as_user(SYSTEM), streams.transaction() as connection:
        get_site(connection).data_stream_module["t"].edit(content_type="audio/wav")
    client = make_client("zope")
    client.get(f"{URL}/t/listen", status=404)
    client.get(f"{URL}/t/waveform", status=404)
    assert client.get(f"{URL}/t/getData").headers["Content-Disposition"].startswith("attachment")


def test_facts_as_json(streams: Any, make_client: Any) -> None:
    client = make_client("zope")
    before = client.get(f"{URL}/e/facts").json
    append(streams, "e", b"abc")
    after = client.get(f"{URL}/e/facts").json
    assert before["ends"] == [] and after["ends"][0]["text"].endswith("abc")
    assert before["revision"] != after["revision"]
    make_client("nobody").get(f"{URL}/e/facts", status=403)
    make_client().get(f"{URL}/e/live", status=401)


def test_watching(streams: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream_page, "LIVE_STEP", 0.01)
    events = watch(streams, f"{URL}/e", User("zope", frozenset({"Manager"})))
    with as_user(User("zope", frozenset({"Manager"}))):
        first, second = next(events), next(events)
        assert first["ends"] == [] and "ends" not in second
        append(streams, "e", b"abc")
        third = next(events)
        assert third["size"] == "3 bytes" and third["revision"] != second["revision"]
        with as_user(SYSTEM), streams.transaction() as connection:
            get_site(connection).data_stream_module.manage_delObjects(["e"])
        with pytest.raises(NotFound):
            next(events)


def test_watching_ends_and_is_for_few_at_a_time(streams: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream_page, "LIVE_STEP", 0.01)
    user = User("zope", frozenset({"Manager"}))
    with as_user(user):
        assert len(list(watch(streams, f"{URL}/e", user, seconds=0.05))) >= 1
        watching = [watch(streams, f"{URL}/e", user) for _ in range(LIVE_PAGES)]
        for events in watching:
            assert "size" in next(events)
        assert list(watch(streams, f"{URL}/e", user)) == [{"busy": True}]
        for events in watching:
            events.close()
        assert "size" in next(watch(streams, f"{URL}/e", user))


def test_a_stranger_does_not_watch(streams: Any) -> None:
    nobody = User("nobody")
    with as_user(nobody), pytest.raises(NotFound):
        next(watch(streams, f"{URL}/t", nobody))


def test_words_for_the_past() -> None:
    expected = {0: "just now", 7: "7 seconds ago", 60: "1 minute ago", 7300: "2 hours ago", 10**6: "11 days ago"}
    assert {seconds: ago(seconds) for seconds in expected} == expected


def test_the_plot_of_sizes() -> None:
    assert draw_growth((), 0, 100) == ""
    points = [
        tuple(map(float, pair.split(","))) for pair in draw_growth((Sample(0, 0), Sample(50, 10)), 40, 100).split()
    ]
    corners = [(0, 120), (80, 91), (400, 91), (480, 4), (800, 4)]
    assert points == [(0, 120), *corners, (800, 120)], "it grows where data arrived, and stands still between"


def test_live_over_a_real_connection(streams: Any, server: Any) -> None:
    """Data that is appended while a browser listens comes as an event."""
    basic = b64encode(f"zope:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(f"{server.url}{URL}/e/live", headers={"Authorization": f"Basic {basic}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        found = []
        for line in answer:
            if line.startswith(b"data: "):
                found.append(json.loads(line[6:]))
                if len(found) == 1:
                    append(streams, "e", b"hello")
                if found[-1].get("size") == "5 bytes":
                    break
    assert found[0]["size"] == "0 bytes"


# -- in a browser


def wait_until(page: Any, expression: str) -> None:
    """Until the expression holds in the page. Playwright's own way needs eval, which the site's policy forbids."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came: {expression}")


def wait_for_size(page: Any, text: str) -> None:
    page.locator('[data-fact="size"]', has_text=text).wait_for()


@pytest.mark.browser
def test_the_page_follows_the_stream(streams: Any, make_page: Any, server: Any) -> None:
    """From empty to a sound, without a reload, while chunks arrive."""
    page = make_page()
    log_in(page, path=f"{URL}/e/preview")
    page.get_by_text("This data stream is empty.").wait_for()
    page.evaluate("window.untouched = true")
    arrived = 0
    for at in range(0, len(SOUND), 20_000):
        piece = SOUND[at : at + 20_000]
        append(streams, "e", piece)
        arrived += len(piece)
        page.locator('[data-fact="bytes"]', has_text=f"{arrived:,}").wait_for()
    page.get_by_role("heading", name="Sound").wait_for()
    assert page.get_by_text("This data stream is empty.").is_hidden()
    wait_until(page, "document.querySelector('[data-points=waveform]').getAttribute('points').length > 1000")
    wait_until(page, "document.querySelector('audio').src.endsWith('/listen')")
    assert "RIFF" in page.locator("[data-end-text]").first.inner_text()
    assert page.evaluate("window.untouched"), "the page was not loaded again"


@pytest.mark.browser
def test_the_sound_can_be_played(streams: Any, make_page: Any, server: Any) -> None:
    page = make_page()
    log_in(page, path=f"{URL}/w/preview")
    wait_until(page, "document.querySelector('audio').duration > 4.9")
    page.evaluate("document.querySelector('audio').currentTime = 4")
    wait_until(page, "document.querySelector('audio').currentTime >= 4")
    assert page.evaluate("document.querySelector('audio').error") is None


@pytest.mark.browser
def test_pages_beyond_the_limit_ask_by_themselves(streams: Any, make_page: Any, server: Any) -> None:
    held = [stream_page._places.acquire(blocking=False) for _ in range(LIVE_PAGES)]
    try:
        page = make_page()
        log_in(page, path=f"{URL}/e/preview")
        append(streams, "e", b"polled")
        wait_for_size(page, "6 bytes")
    finally:
        for _ in filter(None, held):
            stream_page._places.release()


@pytest.mark.browser
def test_nothing_is_asked_while_the_page_is_hidden(streams: Any, make_page: Any, server: Any) -> None:
    page = make_page()
    log_in(page, path=f"{URL}/e/preview")
    asked: list[str] = []
    hide = """hidden => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hide, True)
    page.wait_for_timeout(200)
    page.on("request", lambda request: asked.append(request.url))
    append(streams, "e", b"unseen")
    page.wait_for_timeout(3000)
    assert asked == []
    assert page.locator('[data-fact="size"]').inner_text() == "0 bytes"
    page.evaluate(hide, False)
    wait_for_size(page, "6 bytes")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (1280, True), (390, True)])
def test_how_it_looks(streams: Any, make_page: Any, server: Any, take_screenshot: Any, width: int, dark: bool) -> None:
    now = int(time.time())
    grown = tuple((now - 3600 + 60 * step, int(80_000 * (step / 60) ** 2)) for step in range(60))
    with as_user(SYSTEM), streams.transaction() as connection:
        stream = get_site(connection).data_stream_module["w"]
        stream.growth.samples = tuple(Sample(*pair) for pair in grown)
    page = make_page(width=width, dark=dark)
    log_in(page, path=f"{URL}/w/preview")
    wait_until(page, "document.querySelector('audio').duration > 0")
    take_screenshot(page, f"stream-{width}{'-dark' * dark}")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.goto(f"{URL}/e/preview")
    take_screenshot(page, f"stream-empty-{width}{'-dark' * dark}")


def test_two_pages_do_not_stop_the_server(streams: Any, server: Any) -> None:
    """Pages that follow a stream hold threads: the others must go on being answered."""
    basic = b64encode(f"zope:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}

    def get(name: str) -> Any:
        return urllib.request.urlopen(
            urllib.request.Request(f"{server.url}{URL}/e/{name}", headers=headers), timeout=30
        )

    following = [get("live") for _ in range(LIVE_PAGES)]
    for answer in following:
        assert answer.readline()
    extra: list[bytes] = []
    threads = [threading.Thread(target=lambda: extra.append(get("live").read())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(extra) == 4 and all(b"busy" in text for text in extra)
    assert json.load(get("facts"))["size"] == "0 bytes"
    for answer in following:
        answer.close()
