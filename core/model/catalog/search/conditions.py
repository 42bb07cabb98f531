"""Conditions, made from what a caller asked for.

Each can say about how many documents it finds, name them, and test one document's row.

The contract, which the planner lives on:

- ``estimate()``: about how many documents match; cheap.
- ``candidates()``: uids, among which are all that match, maybe more, maybe some twice; in no special order.
- ``matches(uid, row)``: the truth about one document.
- ``uid_set()``: the exact answer as a set of uids, or None; sets are intersected in C. ``has_set()``: it costs nothing,
  because the index keeps that very set.
- ``count()``: the exact number from kept counts, or None.
- ``key_test(name)``: for a walk along column ``name``: a cheap test of an index key that answers True or False when the
  key decides, None when the row has to; or None when the condition is not about that column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from BTrees.LLBTree import LLSet, LLTreeSet

from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.catalog.storage.indexes import OrderedIndex, TokenIndex, equal_range
from wendelin.core.model.catalog.storage.rows import Row

#: Of an index key: True or False when the key decides, None when the row has to.
KeyTest = Callable[[Any], bool | None]


class Condition:
    """The defaults: nothing is known in advance, everything is a candidate."""

    def __init__(self, store: CatalogStore) -> None:
        self.store = store

    def estimate(self) -> int:
        """About how many documents match: all."""
        return len(self.store.rows)

    def candidates(self) -> Iterable[int]:
        """Uids, among which are all that match: every one."""
        return self.store.all_uids()

    def matches(self, uid: int, row: Row) -> bool:
        """Does that document, of which ``row`` is the row, match? The only answer that every condition has to give."""
        raise NotImplementedError

    def uid_set(self) -> LLSet | LLTreeSet | None:
        """The exact answer as a set, which must not be changed: it may be the index's own."""
        return None

    def has_set(self) -> bool:
        """Is `uid_set` there already, rather than made?"""
        return False

    def count(self) -> int | None:
        """The exact number of documents from kept counts, or None."""
        return None

    def key_test(self, name: str) -> KeyTest | None:
        """A test of the keys of column ``name``, or None when the condition is not about that column."""
        return None


class Everything(Condition):
    """Every document."""

    def matches(self, uid: int, row: Row) -> bool:
        """Always."""
        return True

    def count(self) -> int:
        """The number of all documents."""
        return len(self.store.rows)


class UidIn(Condition):
    """Documents of given uids; those that the catalog does not know are left out."""

    def __init__(self, store: CatalogStore, uids: Iterable[int]) -> None:
        super().__init__(store)
        self.uids = LLSet(uid for uid in uids if uid in store.rows)

    def estimate(self) -> int:
        """The exact number."""
        return len(self.uids)

    def candidates(self) -> Iterable[int]:
        """The uids themselves."""
        return self.uids

    def matches(self, uid: int, row: Row) -> bool:
        """Is the uid one of those given? The row is not looked at."""
        return uid in self.uids

    def uid_set(self) -> LLSet:
        """The uids themselves."""
        return self.uids

    def has_set(self) -> bool:
        """True: the condition was made with its set."""
        return True

    def count(self) -> int:
        """The exact number."""
        return len(self.uids)


class ColumnCondition(Condition):
    """A condition on the value of one column. ``index`` is None until the column has its first value."""

    def __init__(self, store: CatalogStore, column: Column) -> None:
        super().__init__(store)
        self.column = column
        self.index: Any = store.index(column.name)
        self.slot = store.rows.slots.get(column.name)

    def value(self, row: Row) -> Any:
        """The column's normalised value in a row, None when there is none."""
        return None if self.slot is None else row[self.slot]

    def matches(self, uid: int, row: Row) -> bool:
        """Is the row's value wanted?"""
        return self.holds(self.value(row))

    def holds(self, value: Any) -> bool:
        """Is that normalised value (None: no value) wanted?"""
        raise NotImplementedError


class TokenIn(ColumnCondition):
    """A token column holds one of some values."""

    index: TokenIndex | None

    def __init__(self, store: CatalogStore, column: Column, values: Iterable[str | int]) -> None:
        super().__init__(store, column)
        self.values = frozenset(values)

    def estimate(self) -> int:
        """The exact number: a document has one value of a token column."""
        return 0 if self.index is None else sum(map(self.index.count, self.values))

    count = estimate

    def candidates(self) -> Iterable[int]:
        """Exactly those that match, once each."""
        return () if self.index is None else chain.from_iterable(self.index.sets(self.values))

    def holds(self, value: object) -> bool:
        """Is it one of the values?"""
        return value in self.values

    def has_set(self) -> bool:
        """True for a single value, whose set is the index's own."""
        return len(self.values) == 1

    def uid_set(self) -> LLSet | LLTreeSet:
        """The index's own set of a single value, the union of several."""
        return LLSet() if self.index is None else self.index.uids(self.values)


class Missing(ColumnCondition):
    """The column has no value."""

    def __init__(self, store: CatalogStore, column: Column) -> None:
        super().__init__(store, column)
        self._ordered: OrderedIndex | None = self.index if column.is_ordered else None

    def estimate(self) -> int:
        """From the count of documents that have a value, where the column's index is ordered; else all."""
        found = len(self.store.rows)
        if self._ordered is None:
            return found
        if self.column.holds_all:
            return self._ordered.count(*equal_range(self.column.key(None)))
        return max(found - self._ordered.count((), None), 0)

    def candidates(self) -> Iterable[int]:
        """Those without a value where the index holds them, else all."""
        if self._ordered is None or not self.column.holds_all:
            return self.store.all_uids()
        return self._ordered.uids(*equal_range(self.column.key(None)))

    def holds(self, value: object) -> bool:
        """True for None."""
        return value is None


class StoredTest(ColumnCondition):
    """A test of a column that has no index of its own."""

    def __init__(self, store: CatalogStore, column: Column, test: Callable[[Any], bool]) -> None:
        super().__init__(store, column)
        self._test = test

    def holds(self, value: object) -> bool:
        """As the test says, which is given None for no value."""
        return self._test(value)
