"""The two indexes over values.

`TokenIndex` is hypatia's `KeywordIndex` without its reverse index (the catalog's rows are that) and with kept counts.
`OrderedIndex` takes the place of hypatia's `FieldIndex`, which makes one more persistent object for every different
value (a million titles are a million records), and can neither count a range nor start in its middle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from BTrees.Length import Length
from BTrees.LLBTree import LLSet, LLTreeSet, multiunion
from BTrees.OOBTree import OOBTree
from hypatia.keyword import KeywordIndex
from persistent import Persistent

from wendelin.core.model.catalog.storage.ranked_set import Key, KeyRange, RankedSet

#: Greater than every uid, and so behind every pair with the same key.
LAST = float("inf")


class TokenIndex(KeywordIndex):
    """value -> set of uids, for values that many documents share; text and number values are kept apart by type."""

    def __init__(self) -> None:
        super().__init__(discriminator="value")

    def reset(self) -> None:
        """Forget all values and documents."""
        super().reset()
        self._counts: OOBTree[str | int, Length] = OOBTree()

    def insert(self, uid: int, value: str | int) -> None:
        """Note that the document has the value."""
        known = self._fwd_index.get(value)
        if known is None:
            known = self._fwd_index[value] = self.family.II.Set()
        known.insert(uid)
        count = self._counts.get(value)
        if count is not None:
            count.change(1)
        elif len(known) >= self.tree_threshold:
            self._fwd_index[value] = LLTreeSet(known)
            self._counts[value] = Length(len(known))
            # Another transaction may be adding to the set, which nobody will look at any more. Changes of an emptied
            # set conflict, so that it has to try again; else the two would be merged, and its document lost.
            known.clear()

    def holds(self, uid: int, value: str | int) -> bool:
        """Is the document noted under the value?"""
        return uid in self._fwd_index.get(value, ())

    def discard(self, uid: int, value: str | int) -> None:
        """Note that the document has the value no longer."""
        known = self._fwd_index[value]
        known.remove(uid)
        count = self._counts.get(value)
        if count is not None:
            count.change(-1)
        if not known:
            del self._fwd_index[value]
            self._counts.pop(value, None)

    def count(self, value: str | int) -> int:
        """How many documents have the value, from a kept number."""
        kept = self._counts.get(value)
        return kept() if kept is not None else len(self._fwd_index.get(value, ()))

    def uids(self, values: Iterable[str | int]) -> LLSet | LLTreeSet:
        """The documents that have one of the values; the index's own set (do not change it) when there is one."""
        found = self.sets(values)
        return found[0] if len(found) == 1 else multiunion(found)

    def sets(self, values: Iterable[str | int]) -> list[LLSet | LLTreeSet]:
        """The index's own sets of those values that there are; they have no document in common."""
        return [known for known in map(self._fwd_index.get, values) if known is not None]

    def values(self) -> Iterable[str | int]:
        """The different values, in order."""
        return self._fwd_index.keys()


class OrderedIndex(Persistent):
    """(key, uid) pairs in order; also, with a container's uid in front, the listings."""

    def __init__(self) -> None:
        self.pairs = RankedSet()

    def insert(self, uid: int, key: str | float) -> None:
        """Note that the document has the key."""
        self.pairs.add((key, uid))

    def discard(self, uid: int, key: str | float) -> None:
        """Note that the document has the key no longer."""
        self.pairs.remove((key, uid))

    def count(self, low: Key, high: Key | None) -> int:
        """How many pairs there are in ``low <= (key, uid) < high``."""
        return self.pairs.count(low, high)

    def uids(self, low: Key, high: Key | None) -> Iterator[int]:
        """The documents of a range of pairs, in the order of their keys."""
        return (pair[-1] for pair in self.pairs.walk(low, high))


def equal_range(key: str | float) -> KeyRange:
    """The bounds of the pairs with that key."""
    return (key,), (key, LAST)


def prefix_range(prefix: str) -> KeyRange:
    """The bounds of the pairs whose key starts with that text."""
    return (prefix,), (prefix + "\U0010ffff",)
