"""Conditions made of others: `And`, `Or`, `Not`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from BTrees.LLBTree import LLSet, LLTreeSet, multiunion

from wendelin.core.model.catalog.search.conditions import Condition
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.rows import Row


class Not(Condition):
    """What a condition does not find."""

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition.store)
        self.condition = condition

    def estimate(self) -> int:
        """All documents without the counted ones; all, where the other condition has no count."""
        return max(len(self.store.rows) - (self.condition.count() or 0), 1)

    def matches(self, uid: int, row: Row) -> bool:
        """True for a document that the other condition refuses."""
        return not self.condition.matches(uid, row)

    def count(self) -> int | None:
        """The rest of all documents, when the other condition's count is known."""
        found = self.condition.count()
        return None if found is None else len(self.store.rows) - found


class Or(Condition):
    """What any of some conditions finds."""

    def __init__(self, store: CatalogStore, conditions: Sequence[Condition]) -> None:
        super().__init__(store)
        self.conditions = tuple(conditions)

    def estimate(self) -> int:
        """As if no document met two of the conditions, but never more than all."""
        return min(sum(condition.estimate() for condition in self.conditions), len(self.store.rows))

    def candidates(self) -> Iterable[int]:
        """Those of each condition, one after the other."""
        return chain.from_iterable(condition.candidates() for condition in self.conditions)

    def matches(self, uid: int, row: Row) -> bool:
        """Tests the conditions in the order in which they were given, until one is met."""
        return any(condition.matches(uid, row) for condition in self.conditions)

    def uid_set(self) -> LLSet | None:
        """The union, when every condition has its set."""
        sets: list[LLSet | LLTreeSet] = []
        for condition in self.conditions:
            uids = condition.uid_set()
            if uids is None:
                return None
            sets.append(uids)
        return multiunion(sets)


class And(Condition):
    """What all of some conditions find (inside an `Or` or `Not`; the planner takes the outermost apart)."""

    def __init__(self, store: CatalogStore, conditions: Sequence[Condition]) -> None:
        super().__init__(store)
        self.conditions = tuple(sorted(conditions, key=lambda condition: condition.estimate()))

    def estimate(self) -> int:
        """The estimate of the most selective condition."""
        return self.conditions[0].estimate()

    def candidates(self) -> Iterable[int]:
        """Those of the most selective condition."""
        return self.conditions[0].candidates()

    def matches(self, uid: int, row: Row) -> bool:
        """Tests the most selective condition first."""
        return all(condition.matches(uid, row) for condition in self.conditions)
