"""RankedSet against a sorted list, and its merging of concurrent changes."""

from __future__ import annotations

from bisect import bisect_left, insort

import pytest
import transaction
import ZODB
from hypothesis import given, settings
from hypothesis import strategies as st
from ZODB.DemoStorage import DemoStorage
from ZODB.POSException import ConflictError

from wendelin.core.model.catalog.storage import ranked_set
from wendelin.core.model.catalog.storage.ranked_set import RankedSet, SegmentCounts


@pytest.fixture(autouse=True)
def small_segments(monkeypatch):
    """Splits happen early, so that small tests meet them."""
    monkeypatch.setattr(ranked_set, "SEGMENT_LIMIT", 4)
    monkeypatch.setattr(ranked_set, "GROUP_LIMIT", 3)


def agree(pairs: RankedSet, model: list) -> None:
    assert list(pairs.walk()) == model and len(pairs) == len(model)
    assert list(pairs.walk(reverse=True)) == model[::-1]
    for key in [(n, m) for n in range(0, 40, 7) for m in (0, 2)]:
        place = bisect_left(model, key)
        assert pairs.rank(key) == place
        assert (key in pairs) == (key in model)
        assert pairs.first(key) == (model[place] if place < len(model) else None)
        assert list(pairs.walk(key, skip=3)) == model[place:][3:]
        for high in ((key[0] + 5,), None):
            inside = [item for item in model if item >= key and (high is None or item < high)]
            assert pairs.count(key, high) == len(inside)
            assert list(pairs.walk(key, high)) == inside
            assert list(pairs.walk(key, high, reverse=True, skip=2)) == inside[::-1][2:]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 3)), max_size=150))
def test_agrees_with_a_sorted_list(steps):
    pairs, model = RankedSet(), []
    for insert, key, uid in steps:
        item = (key, uid)
        if insert:
            assert pairs.add(item) == (item not in model)
            if item not in model:
                insort(model, item)
        else:
            assert pairs.remove(item) == (item in model)
            if item in model:
                model.remove(item)
    agree(pairs, model)


def test_ascending_and_descending_input_stays_balanced():
    for keys in (range(300), range(300, 0, -1)):
        pairs = RankedSet()
        for key in keys:
            pairs.add((key, 0))
        agree(pairs, sorted((key, 0) for key in keys))
        assert all(len(segment) <= ranked_set.SEGMENT_LIMIT for g in pairs._groups.values() for segment in g.segments)
        assert all(len(group.segments) <= ranked_set.GROUP_LIMIT for group in pairs._groups.values())


def test_distinct_jumps_over_equal_beginnings():
    pairs = RankedSet()
    for value in "abc":
        for uid in range(50):
            pairs.add((7, value, uid))
    pairs.add((8, "z", 1))
    assert pairs.distinct((7,), (8,), 2, 10) == [(7, "a"), (7, "b"), (7, "c")]
    assert pairs.distinct((7,), (8,), 2, 2) is None


def test_counts_merge_by_addition_and_refuse_a_split():
    resolve = SegmentCounts({})._p_resolveConflict
    merged = resolve({"table": {0: 5, 1: 5}}, {"table": {0: 6, 1: 5}}, {"table": {0: 4, 1: 7}})
    assert merged == {"table": {0: 5, 1: 7}}
    with pytest.raises(ConflictError):
        resolve({"table": {0: 5}}, {"table": {0: 2, 1: 3}}, {"table": {0: 6}})


def test_concurrent_writers_lose_nothing():
    """Whatever two connections write at once either merges or is refused; the counts fit the keys in the end."""
    database = ZODB.DB(DemoStorage())  # which resolves conflicts as FileStorage does
    managers = [transaction.TransactionManager() for _ in range(2)]
    first, second = (database.open(manager) for manager in managers)
    first.root()["set"] = RankedSet()
    managers[0].commit()
    kept, refused = [], 0
    for n in range(200):
        for manager in managers:
            manager.begin()
        keys = [(n * 7919 % 1000, 1), (n * 104729 % 1000, 2)]
        first.root()["set"].add(keys[0])
        second.root()["set"].add(keys[1])
        managers[0].commit()
        kept.append(keys[0])
        try:
            managers[1].commit()
            kept.append(keys[1])
        except ConflictError:
            refused += 1
            managers[1].abort()
    managers[0].begin()
    pairs = first.root()["set"]
    assert list(pairs.walk()) == sorted(set(kept)) and len(pairs) == len(set(kept))
    assert 0 < refused < 150
    database.close()
