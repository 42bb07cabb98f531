"""How an answer is found: by walking along the sort index, or from the most selective condition.

Walking costs what has to be passed until the page is full; gathering costs the number of candidates of the most
selective condition. Both are estimated from kept counts, and the cheaper one is taken. Where nothing but the walk's own
range decides, a page costs the same wherever it is, and a count is a difference of two ranks.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import groupby, islice
from typing import Any

from BTrees.LLBTree import intersection

from wendelin.core.model.catalog.search.conditions import Condition, Everything, TokenIn
from wendelin.core.model.catalog.search.fulltext_condition import FullText
from wendelin.core.model.catalog.search.ranges import OrderedCondition
from wendelin.core.model.catalog.search.walks import RowKey, Walk, container_of, find_walk, parent_uid
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.catalog.storage.rows import Row, RowStore

#: Relative costs of meeting one document, measured: testing its row, and passing it in an intersection of sets.
ROW_COST = 5.0
SET_COST = 0.05
#: After this many rows the connection may drop what it holds of them.
COLLECT_EVERY = 4000
#: A full text answer without ``sort_on`` is ordered by relevance while it has at most this many documents.
RELEVANCE_LIMIT = 2000

Order = Sequence[tuple[Column, bool]]


class Plan:
    """One query, ready to be asked for any part of its answer and for its count."""

    def __init__(self, store: CatalogStore, conditions: Sequence[Condition], order: Order = ()) -> None:
        self.store = store
        self.conditions = _reduced(store, conditions)
        self.order = list(order)
        if not self.order and len(self.conditions) == 1 and container_of(self.conditions) is not None:
            self.order = [(store.columns()["id"], False)]  # all children of one container

    def explain(self) -> str:
        """The conditions with their estimates, and how the first page would be found."""
        lines = [f"{type(condition).__name__}: about {condition.estimate()}" for condition in self.conditions]
        walk = self._chosen_walk(0, 30)
        if walk is not None:
            rest = f", testing {len(self._rest(walk))} conditions" if self._rest(walk) else ""
            lines.append(f"walk along {walk.column.name}, {walk.total()} in range{rest}")
        else:
            lines.append("gather from the smallest, then sort" if self.order else "gather from the smallest")
        return "\n".join(lines)

    # fetching

    def uids(self, start: int = 0, count: int | None = None) -> array[int]:
        """The uids at the places ``start`` to ``start + count`` of the answer (None: to its end)."""
        walk = self._chosen_walk(start, count)
        if walk is not None:
            return array("q", self._walked(walk, start, count))
        if not self.order:
            return array("q", self._unsorted(start, count))
        return array("q", self._sorted(start, count))

    def _chosen_walk(self, start: int, count: int | None) -> Walk | None:
        if not self.order:
            return None
        column, descending = self.order[0]
        walk = find_walk(self.store, self.conditions, column, descending)
        if walk is None:
            return None
        rest = self._rest(walk)
        if not rest:
            return walk
        total, fewest = walk.total(), min(condition.estimate() for condition in self.conditions)
        passed = total if count is None else min(total, (start + count) * total / max(fewest, 1))
        return walk if passed * ROW_COST <= fewest * ROW_COST * 1.2 + 50 else None

    def _rest(self, walk: Walk) -> list[Condition]:
        return [condition for condition in self.conditions if condition not in walk.implied]

    def _walked(self, walk: Walk, start: int, count: int | None) -> Iterator[int]:
        rest, stop = self._rest(walk), None if count is None else start + count
        if rest:
            return islice(self._ties_sorted(self._passing(walk, rest)), start, stop)
        if len(self.order) == 1:
            return islice((pair[-1] for pair in walk.steps(start)), count)
        skip = walk.tie_start(start)
        pairs = ((pair[-2], pair[-1]) for pair in walk.steps(skip))
        return islice(self._ties_sorted(pairs), start - skip, None if stop is None else stop - skip)

    def _passing(self, walk: Walk, rest: Sequence[Condition]) -> Iterator[tuple[Any, int]]:
        """The walk's (key, uid) that meet the conditions; a row is read only when the key does not decide."""
        tests = [(condition, condition.key_test(walk.column.name)) for condition in rest]
        fetch = RowReader(self.store)
        for pair in walk.steps():
            key, uid, undecided = pair[-2], pair[-1], []
            for condition, test in tests:
                verdict = None if test is None else test(key)
                if verdict is False:
                    break
                if verdict is None:
                    undecided.append(condition)
            else:
                if not undecided or fetch.meets(uid, undecided):
                    yield key, uid

    def _ties_sorted(self, pairs: Iterable[tuple[Any, int]]) -> Iterator[int]:
        if len(self.order) == 1:
            return (uid for _, uid in pairs)
        key = RowKey(self.store, self.order[1:])
        rows = self.store.rows
        return (
            uid
            for _, run in groupby(pairs, key=lambda pair: pair[0])
            for uid in _sorted_run([uid for _, uid in run], key, rows)
        )

    # gathering

    def gathered(self, wanted: int | None = None) -> Iterator[tuple[int, Row]]:
        """Every document of the answer with its row, once, in no special order."""
        driver, rest = self._driver(wanted)
        fetch = RowReader(self.store)
        for uid in driver:
            row = fetch.row(uid)
            if row is not None and all(condition.matches(uid, row) for condition in rest):
                yield uid, row

    def _driver(self, wanted: int | None = None) -> tuple[Iterable[int], list[Condition]]:
        """Uids without repetition, among which is the answer, and the conditions still to be tested.

        ``wanted``: how many documents of the answer will be looked at, None for all of them.
        """
        if not self.conditions:
            return self.store.all_uids(), []
        ranked = sorted(self.conditions, key=lambda condition: condition.estimate())
        best, rest = ranked[0], ranked[1:]
        lazy = wanted is not None and best.estimate() > 100 * wanted and not best.has_set()
        found = None if lazy else best.uid_set()
        if found is None:
            return _once(best.candidates()), ranked
        for condition in list(rest):
            size = best.estimate()
            tested = size if wanted is None else min(size, 10 * wanted)
            other = condition.uid_set() if (size + condition.estimate()) * SET_COST < tested * ROW_COST else None
            if other is not None:
                found = intersection(found, other)
                rest.remove(condition)
        return found, rest

    def _unsorted(self, start: int, count: int | None) -> Iterator[int]:
        stop = None if count is None else start + count
        if any(isinstance(condition, FullText) for condition in self.conditions):
            ranked = self._by_relevance()
            if ranked is not None:
                return islice(iter(ranked), start, stop)
        driver, rest = self._driver(stop)
        if not rest:
            return islice(iter(driver), start, stop)
        return islice((uid for uid, _ in self.gathered(stop)), start, stop)

    def _by_relevance(self) -> list[int] | None:
        texts = [condition for condition in self.conditions if isinstance(condition, FullText)]
        if min(condition.estimate() for condition in self.conditions) > RELEVANCE_LIMIT:
            return None
        if max(text.estimate() for text in texts) > 50 * RELEVANCE_LIMIT:  # scoring meets every document of a word
            return None
        scores = [text.scores() for text in texts]
        found = [(-sum(score.get(uid, 0.0) for score in scores), uid) for uid, _ in self.gathered()]
        return [uid for _, uid in sorted(found)]

    def _sorted(self, start: int, count: int | None) -> list[int]:
        key = RowKey(self.store, self.order)
        keys = (key(uid, row) for uid, row in self.gathered())
        if count is None:
            return [found[-1] for found in sorted(keys)[start:]]
        return [found[-1] for found in heapq.nsmallest(start + count, keys)[start:]]

    # counting

    def count(self) -> int:
        """How many documents the answer has; from kept counts where they say it."""
        kept = self._kept_count()
        if kept is not None:
            return kept
        driver, rest = self._driver()
        if not rest:
            return len(driver) if isinstance(driver, Sized) else sum(1 for _ in driver)
        walk = self._key_walk()
        if walk is not None:
            return sum(1 for _ in self._passing(walk, self._rest(walk)))
        return sum(1 for _ in self.gathered())

    def _kept_count(self) -> int | None:
        if not self.conditions:
            return len(self.store.rows)
        if len(self.conditions) == 1:
            return self.conditions[0].count()
        container = container_of(self.conditions)
        if container is None or len(self.conditions) != 2:
            return None
        (other,) = (condition for condition in self.conditions if condition is not container)
        if isinstance(other, TokenIn) and other.column.listing:
            return self._listed_count(container, other)
        if isinstance(other, OrderedCondition) and other.exact:
            walk = find_walk(self.store, self.conditions, other.column, False)
            return walk.total() if walk is not None and other in walk.implied and container in walk.implied else None
        return None

    def _listed_count(self, container: TokenIn, other: TokenIn) -> int | None:
        histogram = self.store.histogram(parent_uid(container), other.column.name)
        return None if histogram is None else sum(histogram.get(value, 0) for value in other.values)

    def _key_walk(self) -> Walk | None:
        """A walk whose keys decide all that its range does not, so that counting reads no rows."""
        for condition in self.conditions:
            if isinstance(condition, OrderedCondition):
                walk = find_walk(self.store, self.conditions, condition.column, False)
                if walk is not None and all(c.key_test(walk.column.name) for c in self._rest(walk)):
                    fewest = min(condition.estimate() for condition in self.conditions)
                    return walk if walk.total() < fewest * ROW_COST * 4 else None
        return None


class RowReader:
    """Reads rows, letting the connection drop old ones from its cache on the way: a long scan keeps memory bounded."""

    def __init__(self, store: CatalogStore) -> None:
        self._rows = store.rows
        self._left = COLLECT_EVERY

    def row(self, uid: int) -> Row | None:
        """The row of a document, or None."""
        self._left -= 1
        if not self._left:
            self._left = COLLECT_EVERY
            connection = self._rows._p_jar
            if connection is not None:
                connection.cacheGC()
        return self._rows.get(uid)

    def meets(self, uid: int, conditions: Iterable[Condition]) -> bool:
        """Does the document meet all of the conditions?"""
        row = self.row(uid)
        return row is not None and all(condition.matches(uid, row) for condition in conditions)


def _reduced(store: CatalogStore, conditions: Sequence[Condition]) -> list[Condition]:
    """The conditions, without those that hold for every document of the container, as kept counts show."""
    kept = [condition for condition in conditions if not isinstance(condition, Everything)]
    container = container_of(kept)
    if container is None:
        return kept
    parent = parent_uid(container)
    return [condition for condition in kept if condition is container or not _is_implied(store, parent, condition)]


def _is_implied(store: CatalogStore, parent: int, condition: Condition) -> bool:
    if not (isinstance(condition, TokenIn) and condition.column.listing):
        return False
    histogram = store.histogram(parent, condition.column.name)
    return histogram is not None and bool(histogram) and condition.values.issuperset(histogram)


def _sorted_run(uids: list[int], key: RowKey, rows: RowStore) -> list[int]:
    if len(uids) == 1:
        return uids
    found = ((uid, rows.get(uid)) for uid in uids)
    return [place[-1] for place in sorted(key(uid, row) for uid, row in found if row is not None)]


def _once(uids: Iterable[int]) -> Iterator[int]:
    seen: set[int] = set()
    for uid in uids:
        if uid not in seen:
            seen.add(uid)
            yield uid
