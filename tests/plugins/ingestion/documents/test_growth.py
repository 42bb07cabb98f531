"""Samples of how a stream grew: bounded, sampled, merged, and told as a rate."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest

from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.documents.growth import KEPT, STEP, Growth, Sample, rate


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
    assert [sample.size for sample in stream.samples()] == [3]
    arrival = stream.last_arrival()
    assert started - 1 <= arrival <= time.time() + 1
    stream.appendData(b"def")
    commit()
    assert [sample.size for sample in stream.samples()] == [3], "the next sample is some seconds away"
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
    assert sorted(sample.size for sample in stream.samples()) == [3, 4]


def test_rates() -> None:
    steady = tuple(Sample(1000 + 10 * number, 500 * number) for number in range(30))
    assert rate(steady, 14_500, 1290) == pytest.approx(50, rel=0.02)
    assert rate(steady, 14_500, 1290 + 3600) == 0
    assert rate((), 0, 1000) == 0
    young = (Sample(1000, 5000),)
    assert 400 < rate(young, 5000, 1001) < 500, "what has just begun is not nothing"
    assert rate((Sample(0, 0), Sample(1000, 0)), 6000, 1030) == pytest.approx(100, rel=0.01)
