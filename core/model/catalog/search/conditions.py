"""Compiled conditions: each can say about how many documents it finds, name them, and test one document's row.

The contract, which the planner lives on:

- ``estimate()``: about how many documents match; cheap.
- ``candidates()``: uids, among which are all that match, maybe more, maybe some twice; in no special order.
- ``matches(uid, row)``: the truth about one document.
- ``uid_set()``: the exact answer as a set of uids, or None; sets may be intersected in C. ``has_set()``: it is there.
- ``count()``: the exact number from kept counts, or None.
- ``key_test(name)``: for a walk along column ``name``: a cheap test of an index key that answers True or False when the
  key decides, None when the row has to; or None when the condition is not about that column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from BTrees.LLBTree import LLSet, LLTreeSet

from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.catalog.storage.indexes import equal_range
from wendelin.core.model.catalog.storage.rows import Row
from wendelin.core.model.catalog.storage.tables import CatalogStore

KeyTest = Callable[[Any], bool | None]


class Condition:
    """The defaults: nothing is known in advance, everything is a candidate."""

    def __init__(self, store: CatalogStore) -> None:
        self.store = store

    def estimate(self) -> int:
        return len(self.store.rows)

    def candidates(self) -> Iterable[int]:
        return self.store.all_uids()

    def matches(self, uid: int, row: Row) -> bool:
        raise NotImplementedError

    def uid_set(self) -> LLSet | LLTreeSet | None:
        return None

    def has_set(self) -> bool:
        """Is `uid_set` there already, rather than made?"""
        return False

    def count(self) -> int | None:
        return None

    def key_test(self, name: str) -> KeyTest | None:
        return None


class Everything(Condition):
    """Every document."""

    def matches(self, uid: int, row: Row) -> bool:
        return True

    def count(self) -> int:
        return len(self.store.rows)


class UidIn(Condition):
    """Documents of given uids."""

    def __init__(self, store: CatalogStore, uids: Iterable[int]) -> None:
        super().__init__(store)
        self.uids = LLSet(uid for uid in uids if uid in store.rows)

    def estimate(self) -> int:
        return len(self.uids)

    def candidates(self) -> Iterable[int]:
        return self.uids

    def matches(self, uid: int, row: Row) -> bool:
        return uid in self.uids

    def uid_set(self) -> LLSet:
        return self.uids

    def has_set(self) -> bool:
        return True

    def count(self) -> int:
        return len(self.uids)


class ColumnCondition(Condition):
    """A condition on the value of one column."""

    def __init__(self, store: CatalogStore, column: Column) -> None:
        super().__init__(store)
        self.column = column
        self.index = store.index(column.name)
        self.slot = store.rows.slots.get(column.name)

    def value(self, row: Row) -> Any:
        return None if self.slot is None else row[self.slot]

    def matches(self, uid: int, row: Row) -> bool:
        return self.holds(self.value(row))

    def holds(self, value: Any) -> bool:
        """Is that row value wanted?"""
        raise NotImplementedError


class TokenIn(ColumnCondition):
    """A token column holds one of some values."""

    def __init__(self, store: CatalogStore, column: Column, values: Iterable[Any]) -> None:
        super().__init__(store, column)
        self.values = frozenset(values)

    def estimate(self) -> int:
        return 0 if self.index is None else sum(map(self.index.count, self.values))

    count = estimate

    def candidates(self) -> Iterable[int]:
        return () if self.index is None else chain.from_iterable(self.index.sets(self.values))

    def holds(self, value: Any) -> bool:
        return value in self.values

    def has_set(self) -> bool:
        return len(self.values) == 1

    def uid_set(self) -> LLSet | LLTreeSet:
        return LLSet() if self.index is None else self.index.uids(self.values)


class Missing(ColumnCondition):
    """The column has no value."""

    def estimate(self) -> int:
        found = len(self.store.rows)
        if self.index is None or not self.column.is_ordered:
            return found
        if self.column.holds_all:
            return self.index.count(*equal_range(self.column.key(None)))
        return max(found - self.index.count((), None), 0)

    def candidates(self) -> Iterable[int]:
        if self.index is None or not self.column.holds_all:
            return self.store.all_uids()
        return self.index.uids(*equal_range(self.column.key(None)))

    def holds(self, value: Any) -> bool:
        return value is None


class StoredTest(ColumnCondition):
    """A test of a column that has no index of its own."""

    def __init__(self, store: CatalogStore, column: Column, test: Callable[[Any], bool]) -> None:
        super().__init__(store, column)
        self._test = test

    def holds(self, value: Any) -> bool:
        return self._test(value)
