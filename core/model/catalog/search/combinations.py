"""Conditions made of others, and the full text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from BTrees.LLBTree import LLSet, multiunion

from wendelin.core.model.catalog.search.conditions import Condition
from wendelin.core.model.catalog.storage.rows import Row
from wendelin.core.model.catalog.storage.tables import CatalogStore


class FullText(Condition):
    """Documents whose words answer a full text query."""

    def __init__(self, store: CatalogStore, text: str) -> None:
        super().__init__(store)
        self.text = text
        index = store.index("SearchableText")
        self.query = None if index is None else index.query(text)

    def estimate(self) -> int:
        return 0 if self.query is None else self.query.estimate()

    def candidates(self) -> Iterable[int]:
        return () if self.query is None else self.query.candidates()

    def scores(self) -> Mapping[int, float]:
        """uid -> relevance of every document that matches; meets every document of every word."""
        index = self.store.index("SearchableText")
        return {} if index is None else index.scores(self.text)

    def matches(self, uid: int, row: Row) -> bool:
        return self.query is not None and self.query.matches(uid)

    def uid_set(self) -> LLSet | None:
        return LLSet() if self.query is None else self.query.uid_set()


class Not(Condition):
    """What a condition does not find."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition.store)
        self.condition = condition

    def estimate(self) -> int:
        return max(len(self.store.rows) - (self.condition.count() or 0), 1)

    def matches(self, uid: int, row: Row) -> bool:
        return not self.condition.matches(uid, row)

    def count(self) -> int | None:
        found = self.condition.count()
        return None if found is None else len(self.store.rows) - found


class Or(Condition):
    """What any of some conditions finds."""

    def __init__(self, store: CatalogStore, conditions: Sequence[Condition]) -> None:
        super().__init__(store)
        self.conditions = tuple(conditions)

    def estimate(self) -> int:
        return min(sum(condition.estimate() for condition in self.conditions), len(self.store.rows))

    def candidates(self) -> Iterable[int]:
        return chain.from_iterable(condition.candidates() for condition in self.conditions)

    def matches(self, uid: int, row: Row) -> bool:
        return any(condition.matches(uid, row) for condition in self.conditions)

    def uid_set(self) -> LLSet | None:
        sets = [condition.uid_set() for condition in self.conditions]
        return None if None in sets else multiunion(sets)


class And(Condition):
    """What all of some conditions find (inside an `Or` or `Not`; the planner takes the outermost apart)."""

    def __init__(self, store: CatalogStore, conditions: Sequence[Condition]) -> None:
        super().__init__(store)
        self.conditions = tuple(sorted(conditions, key=lambda condition: condition.estimate()))

    def estimate(self) -> int:
        return self.conditions[0].estimate()

    def candidates(self) -> Iterable[int]:
        return self.conditions[0].candidates()

    def matches(self, uid: int, row: Row) -> bool:
        return all(condition.matches(uid, row) for condition in self.conditions)
