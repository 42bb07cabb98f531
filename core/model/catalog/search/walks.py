"""Walks: the documents of an answer in sorted order, from any place on, without finding all of them first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from wendelin.core.model.catalog.search.conditions import Condition, TokenIn
from wendelin.core.model.catalog.search.ranges import OrderedCondition
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import CORE_NAMES, Column
from wendelin.core.model.catalog.storage.ranked_set import Key, RankedSet
from wendelin.core.model.catalog.storage.rows import Row


class Walk(NamedTuple):
    """Pairs ``(..., key, uid)`` in the order of a column, over a range that holds every document of the answer."""

    column: Column
    pairs: RankedSet
    low: Key
    high: Key | None
    descending: bool
    #: Conditions that being in the range already means.
    implied: tuple[Condition, ...]

    def total(self) -> int:
        """The number of pairs in the range."""
        return self.pairs.count(self.low, self.high)

    def steps(self, skip: int = 0) -> Iterator[Key]:
        """The pairs in order, without the first ``skip``."""
        return self.pairs.walk(self.low, self.high, self.descending, skip)

    def tie_start(self, skip: int) -> int:
        """The place at which the run of equal keys around place ``skip`` begins."""
        here = next(self.steps(skip), None)
        if here is None:
            return skip
        if self.descending:
            return self.pairs.count((*here[:-1], float("inf")), self.high)
        return self.pairs.count(self.low, here[:-1])


def container_of(conditions: Sequence[Condition]) -> TokenIn | None:
    """The condition that all documents are in one container, if there is one."""
    for condition in conditions:
        if isinstance(condition, TokenIn) and condition.column.name == "parent_uid" and len(condition.values) == 1:
            return condition
    return None


def parent_uid(container: TokenIn) -> int:
    """The uid of the container that a condition found by `container_of` names."""
    (parent,) = container.values
    return int(parent)


def find_walk(store: CatalogStore, conditions: Sequence[Condition], column: Column, descending: bool) -> Walk | None:
    """A walk along a column that meets every document of the answer, or None."""
    if not (column.is_ordered or column.listing) or column.kind == "path_list":
        return None
    limit = _range_on(conditions, column)
    container = container_of(conditions)
    listing = store.listing(column.name)
    if container is not None and column.listing and listing is not None and _is_complete(store, column, listing.pairs):
        return _listing_walk(column, listing.pairs, container, limit, descending)
    index = store.index(column.name)
    if index is None or not column.is_ordered:
        return None
    if limit is not None:
        (low, high), implied = limit.ranges()[0], (limit,) if limit.exact else ()
        return Walk(column, index.pairs, low, high, descending, implied)
    if len(index.pairs) < len(store.rows):  # documents without a value would be missed
        return None
    return Walk(column, index.pairs, (), None, descending, ())


def _is_complete(store: CatalogStore, column: Column, pairs: RankedSet) -> bool:
    """Are all documents in a listing? Those indexed before a plugin registered its column are not."""
    return column.name in CORE_NAMES or len(pairs) >= len(store.rows)


def _listing_walk(
    column: Column, pairs: RankedSet, container: TokenIn, limit: OrderedCondition | None, descending: bool
) -> Walk:
    parent = parent_uid(container)
    low: Key = (parent,)
    high: Key = (parent + 1,)
    implied: tuple[Condition, ...] = (container,)
    if limit is not None:
        ((first, last),) = limit.ranges()
        low = (parent, *first)
        high = high if last is None else (parent, *last)
        if limit.exact:
            implied = (container, limit)
    return Walk(column, pairs, low, high, descending, implied)


def _range_on(conditions: Sequence[Condition], column: Column) -> OrderedCondition | None:
    """A condition that holds the column within one range."""
    about = [c for c in conditions if isinstance(c, OrderedCondition) and c.column.name == column.name]
    return next((condition for condition in about if len(condition.ranges()) == 1), None)


class RowKey:
    """Sorts rows by several columns, up or down; what has no value comes first going up."""

    def __init__(self, store: CatalogStore, order: Sequence[tuple[Column, bool]]) -> None:
        self._order = [(column, store.rows.slots.get(column.name), down) for column, down in order]

    def __call__(self, uid: int, row: Row) -> Key:
        """A key; equal rows are ordered by uid."""
        parts: list[Any] = []
        for column, slot, down in self._order:
            value = uid if column.name == "uid" else None if slot is None else row[slot]
            key: Key = (0,) if value is None else (1, *_kind_of(column.key(value)))
            parts.append(_Down(key) if down else key)
        return (*parts, uid)


def _kind_of(key: object) -> Key:
    """Numbers before texts, so that the values of a column that holds both can be compared."""
    return (0, key) if isinstance(key, int | float) else (1, key if isinstance(key, str) else str(key))


class _Down:
    """A key that sorts the other way round, for descending order."""

    __slots__ = ("key",)

    def __init__(self, key: Key) -> None:
        self.key = key

    def __lt__(self, other: _Down) -> bool:
        return other.key < self.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and other.key == self.key
