"""Samples of how a stream grew: bounded, sampled, merged, and told as a rate."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest

from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.documents.growth import KEPT, STEP, Growth, Sample, rate, steps


@pytest.fixture
def stream(site: Any) -> Any:
    return site.data_stream_module.newContent("s", portal_type="Data Stream")


def test_samples_are_few_and_bounded() -> None:
    growth = Growth()
    for second in range(3 * KEPT * STEP):
        growth.note(second, 1000 + second)
    assert len(growth.samples) == KEPT
    assert all(after.time - before.time == STEP for before, after in pairwise(growth.samples))
    assert growth.usual_interval == STEP
    other = Growth()
    other.__setstate__(growth.__getstate__())
    assert other.samples == growth.samples
    assert len(growth.__getstate__()) <= 1024


def test_the_usual_interval_needs_some_samples() -> None:
    growth = Growth()
    for moment, expected in ((0, None), (60, None), (120, None), (500, 60.0), (560, 60.0)):
        growth.note(0, moment)
        assert growth.usual_interval == expected


def test_appends_are_sampled(stream: Any, commit: Any) -> None:
    assert stream.last_arrival() is None
    started = time.time()
    stream.appendData(b"abc")
    commit()
    assert [sample.size for sample in stream.samples()] == [0], "the size before the first byte"
    arrival = stream.last_arrival()
    assert started - 1 <= arrival <= time.time() + 1
    stream.appendData(b"def")
    commit()
    assert [sample.size for sample in stream.samples()] == [0], "the next sample is some seconds away"
    assert stream.last_arrival() > arrival, "but the last arrival is exact"


def test_sampling_at_the_same_moment_merges(stream: Any, commit: Any, database: Database) -> None:
    commit()
    with as_user(SYSTEM), database.connect() as one, database.connect() as two:
        for connection, size in ((one, 3), (two, 4)):
            get_site(connection).data_stream_module["s"].appendData(b"x" * size)
        one.transaction_manager.commit()
        two.transaction_manager.commit()
    commit()
    assert stream.getSize() == 7
    assert {sample.size for sample in stream.samples()} == {0}
    assert rate(stream.samples(), stream.getSize(), time.time()) == pytest.approx(7 / 60)


def grow(arrivals: list[tuple[float, int]]) -> tuple[tuple[Sample, ...], int]:
    """The samples and the size of a stream to which so many bytes were appended at these moments."""
    growth, size = Growth(), 0
    for moment, amount in arrivals:
        growth.note(size, moment)
        size += amount
    return growth.samples, size


@pytest.mark.parametrize("every", [0.5, 1, 3, 7, 10, 15, 20, 30])
@pytest.mark.parametrize("offset", [0.0, 0.4, 5.0, 9.9])
def test_a_steady_stream_shows_its_rate(every: float, offset: float) -> None:
    """16,320 bytes in each minute are 272 bytes per second, in whatever pieces; one of them is in or out."""
    amount = round(272 * every)
    samples, size = grow([(1000 + number * every, amount) for number in range(int(300 / every))])
    last = 1000 + (int(300 / every) - 1) * every
    for now in (last, last + min(offset, every)):
        assert rate(samples, size, now) == pytest.approx(272, abs=amount / 50 + 0.06 * 272)


def test_what_arrived_in_the_last_minute_and_nothing_else_counts() -> None:
    assert rate((), 0, 1000) == 0
    samples, size = grow([(1000, 16_320)])
    for now in (1000.2, 1030, 1059):
        assert rate(samples, size, now) == 272, "a minute's worth at once, and nothing before"
    assert rate(samples, size, 1061) == 0
    samples, size = grow([(0, 5_000_000), (5, 5_000_000), (1000, 6000)])
    assert rate(samples, size, 1030) == 100, "what came before a silence is not spread over it"


def test_a_replaced_content_counts_as_arrived(stream: Any) -> None:
    stream.appendData(b"x" * 600)
    stream.setData(b"y" * 60)
    assert rate(stream.samples(), stream.getSize(), time.time()) <= 10


def test_the_size_grows_where_data_arrived() -> None:
    samples, size = grow([(100, 10), (104, 20), (500, 5)])
    assert steps(samples, size, 600) == [(100, 0), (110, 30), (500, 30), (510, 35), (600, 35)]
    assert steps(samples, size, 503)[-2:] == [(503, 35), (503, 35)]
    assert steps((), 0, 1) == []
