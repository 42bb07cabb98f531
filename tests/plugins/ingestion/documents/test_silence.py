"""Streams that went silent are found in small steps, and shown on the main page to those who may see them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from wendelin.core.model.activities.alarms import run_due_alarms
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.documents import silence
from wendelin.plugins.ingestion.documents.growth import Sample
from wendelin.plugins.ingestion.documents.silence import ALARM, find_silent_streams, limits, silent_seconds
from wendelin.plugins.ingestion.pages.silent_streams import duration

HOUR = 3600


@pytest.fixture
def arrivals(monkeypatch: Any) -> dict[str, float]:
    """``{stream id: seconds since 1970}`` in place of the times of transactions, which are always now in a test."""
    times: dict[str, float] = {}
    monkeypatch.setattr(silence.DataStream, "last_arrival", lambda stream: times.get(stream.getId()))
    return times


@pytest.fixture
def add_stream(site: Any, arrivals: dict[str, float]) -> Any:
    """A validated stream that got data every ``interval`` seconds, until ``age`` seconds ago."""

    def add(id: str, interval: int, age: float, samples: int = 10, validated: bool = True) -> Any:
        stream = site.data_stream_module.newContent(id, portal_type="Data Stream", title=f"Stream {id}")
        last = time.time() - age
        stream.growth.samples = tuple(Sample(int(last - interval * at), at) for at in reversed(range(samples)))
        arrivals[id] = last
        if validated:
            stream.validate()
        return stream

    return add


@pytest.fixture
def alarm(site: Any) -> Any:
    return site.portal_alarms[ALARM]


def test_what_is_silent(add_stream: Any, site: Any) -> None:
    factor, now = limits(site), time.time()
    assert factor == (10.0, 600.0)
    silent = {
        "late": add_stream("late", 60, HOUR),
        "slow": add_stream("slow", 4 * HOUR, 41 * HOUR),
    }
    for name, stream in silent.items():
        assert silent_seconds(stream, factor, now) is not None, name
    others = [
        add_stream("recent", 60, 300),
        add_stream("patient", 4 * HOUR, 39 * HOUR),
        add_stream("fast but young", 10, 500),
        add_stream("few", 60, HOUR, samples=3),
        add_stream("draft", 60, HOUR, validated=False),
        add_stream("over", 60, 31 * 86400),
        site.data_stream_module.newContent("new", portal_type="Data Stream"),
        site.data_stream_module.newContent("bucket", portal_type="Data Bucket Stream"),
        None,
    ]
    for stream in others:
        assert silent_seconds(stream, factor, now) is None, stream


def test_a_sample_that_is_old_does_not_make_a_stream_silent(add_stream: Any, site: Any, arrivals: Any) -> None:
    stream = add_stream("s", 60, HOUR)
    arrivals["s"] = time.time() - 5
    assert silent_seconds(stream, limits(site), time.time()) is None


def test_the_alarm_looks_at_some_and_goes_on(add_stream: Any, alarm: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(silence, "LOOKED_AT", 3)
    for number in range(7):
        add_stream(f"s{number}", 60, HOUR if number % 2 else 1)
    looked: list[str] = []
    real = silence._is_silent
    monkeypatch.setattr(
        silence, "_is_silent", lambda stream, *args: looked.append(stream.getId()) or real(stream, *args)
    )
    assert [find_silent_streams(alarm) for _ in range(3)] == [1, 3, 3]
    assert len(looked) <= 7 + 4, "seven streams, and again the few that were silent"
    assert alarm._silent_streams.ids == ("s1", "s3", "s5")


def test_nothing_is_written_when_nothing_changes(add_stream: Any, alarm: Any, commit: Any, arrivals: Any) -> None:
    add_stream("s", 60, HOUR)
    commit()
    find_silent_streams(alarm)
    commit()
    serial = alarm._silent_streams._p_serial
    find_silent_streams(alarm)
    commit()
    assert alarm._silent_streams._p_serial == serial
    arrivals["s"] = time.time()
    assert find_silent_streams(alarm) == 0


def test_a_stream_that_is_deleted_is_forgotten(add_stream: Any, alarm: Any, site: Any) -> None:
    add_stream("s", 60, HOUR)
    assert find_silent_streams(alarm) == 1
    site.data_stream_module.manage_delObjects(["s"])
    assert find_silent_streams(alarm) == 0


def test_it_can_be_switched_off(add_stream: Any, alarm: Any, site: Any) -> None:
    add_stream("s", 60, HOUR)
    preference = site.portal_preferences["default_system_preference"]
    preference.edit(preferred_silent_stream_factor=0.0)
    assert find_silent_streams(alarm) == 0
    preference.edit(preferred_silent_stream_factor=2.0, preferred_silent_stream_minimum=120)
    assert find_silent_streams(alarm) == 0
    preference.edit(preferred_silent_stream_minimum=30)
    assert find_silent_streams(alarm) == 1


def test_the_alarm_runs_by_itself(add_stream: Any, alarm: Any, site: Any, commit: Any) -> None:
    add_stream("s", 60, HOUR)
    commit()
    assert run_due_alarms(site, alarm.getAlarmDate()) >= 1
    commit()
    site.portal_activities.tic()
    assert alarm._silent_streams.ids == ("s",)


def test_the_main_page(web_database: Any, make_client: Any, arrivals: Any) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        site = get_site(connection)
        for number in range(10):
            stream = site.data_stream_module.newContent(f"s{number}", portal_type="Data Stream", title=f"Mast {number}")
            last = time.time() - HOUR * (number + 1)
            stream.growth.samples = tuple(Sample(int(last) - 60 * at, 1) for at in (5, 4, 3, 2, 1, 0))
            arrivals[f"s{number}"] = last
            stream.validate()
        assert find_silent_streams(site.portal_alarms[ALARM]) == 10
    page = make_client("zope", accept="text/html").get("/erp5/")
    assert "Data streams that went silent" in page
    tiles = page.html.select('a.tile[href$="/preview"]')
    assert [tile.select_one(".name").text for tile in tiles] == [f"Mast {number}" for number in range(8)]
    assert tiles[0].select_one(".badge").text == "silent for 60 min"
    assert "2 more are silent." in page
    arrivals["s0"] = time.time()
    assert "Mast 0" not in make_client("zope", accept="text/html").get("/erp5/"), "it is looked at again"
    preferences = make_client("zope", accept="text/html").get(
        "/erp5/portal_preferences/default_system_preference/view?form=ingestion"
    )
    assert "Silent after (times the usual interval)" in preferences


def test_words_for_durations() -> None:
    assert [duration(seconds) for seconds in (61, 7199, 7200, 172_800)] == ["1 min", "119 min", "2 h", "2 days"]


def test_a_stream_that_cannot_tell_stops_no_other(
    add_stream: Any, alarm: Any, monkeypatch: Any, caplog: Any, arrivals: dict[str, float]
) -> None:
    add_stream("1", 60, 5 * HOUR)
    add_stream("2", 60, 5 * HOUR)
    monkeypatch.setattr(
        silence.DataStream, "last_arrival", lambda stream: 1 / 0 if stream.getId() == "1" else arrivals["2"]
    )
    assert find_silent_streams(alarm) == 1
    assert "data_stream_module/1" in caplog.text
