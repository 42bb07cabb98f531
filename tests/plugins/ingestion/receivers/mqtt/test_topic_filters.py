"""Topic filters, compared with what paho says of topics; what waits is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from wendelin.plugins.ingestion.receivers.mqtt import waiting
from wendelin.plugins.ingestion.receivers.mqtt.topic_filters import contains, find_needed, find_overlaps, overlap
from wendelin.plugins.ingestion.receivers.mqtt.waiting import WaitingItems

TOPICS = ["/".join(levels) for size in range(1, 5) for levels in product(["a", "b", "$s"], repeat=size)]
filters = st.builds(
    lambda levels, end: "/".join([*levels, *end]),
    st.lists(st.sampled_from(["a", "b", "+", "$s"]), min_size=1, max_size=3),
    st.sampled_from([[], ["#"]]),
)


def topics(pattern: str) -> set[str]:
    return {topic for topic in TOPICS if topic_matches_sub(pattern, topic)}


@given(filters, filters)
def test_as_topics_are_matched(one: str, other: str) -> None:
    assert contains(one, other) == (topics(other) <= topics(one))
    assert overlap(one, other) == bool(topics(one) & topics(other))


@given(st.lists(st.tuples(filters, st.integers(0, 1)), min_size=1, max_size=6))
def test_what_is_needed_matches_all_and_nothing_twice(found: list[tuple[str, int]]) -> None:
    needed = find_needed(found)
    assert set().union(*(topics(each) for each, _ in needed)) == set().union(*(topics(each) for each, _ in found))
    assert not any(contains(a, b) for index, (a, _) in enumerate(needed) for b, _ in needed[index + 1 :])
    for topic in TOPICS:
        best = max((qos for each, qos in found if topic in topics(each)), default=0)
        assert best <= max((qos for each, qos in needed if topic in topics(each)), default=0)


def test_shared_subscriptions_stand_for_themselves() -> None:
    assert find_needed([("$share/g/a", 1), ("#", 0), ("a", 1)]) == [("$share/g/a", 1), ("#", 1)]
    assert find_overlaps(["a/+", "+/b", "c", "#"]) == [("a/+", "+/b")]


@dataclass
class Thing:
    size: int


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAITING_SIZE", 100)
    monkeypatch.setattr(waiting, "BATCH_SIZE", 50)
    items: WaitingItems[Thing] = WaitingItems()
    stopping = Event()
    sizes = [30, 80, 1, 70, 10, 60]
    thread = Thread(target=lambda: [items.put(Thing(size), stopping) for size in sizes])
    thread.start()
    found: list[int] = []
    while len(found) < len(sizes):
        batch = [item.size for item in items.take_batch()]
        assert sum(batch[:-1]) < 50
        found += batch
    thread.join(5)
    assert found == sizes
    items.put(Thing(200), stopping)
    stopping.set()
    items.put(Thing(1), stopping)  # no room, and nobody who would make some
    assert [item.size for item in items.take_batch()] == [200]
