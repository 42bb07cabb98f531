"""Conditions that cover ranges of an ordered index: equal, between, like, member of a category."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from wendelin.core.model.catalog.search.conditions import ColumnCondition, KeyTest
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import KEY_LENGTH, Column
from wendelin.core.model.catalog.storage.indexes import LAST, OrderedIndex, equal_range, prefix_range
from wendelin.core.model.catalog.storage.ranked_set import Key, KeyRange
from wendelin.core.model.catalog.storage.texts import TextPattern, canonical, fold


class OrderedCondition(ColumnCondition):
    """A condition that covers ranges of an ordered index."""

    index: OrderedIndex | None
    #: True when every pair of the ranges matches.
    exact = False

    def ranges(self) -> Sequence[KeyRange]:
        """``low <= (key, uid) < high``, without overlaps; they cover every document that matches."""
        raise NotImplementedError

    def estimate(self) -> int:
        """The exact number of pairs in the ranges."""
        return 0 if self.index is None else sum(self.index.count(low, high) for low, high in self.ranges())

    def candidates(self) -> Iterable[int]:
        """The documents of the ranges."""
        if self.index is None:
            return ()
        return chain.from_iterable(self.index.uids(low, high) for low, high in self.ranges())

    def count(self) -> int | None:
        """The number of pairs, when each of them matches."""
        return self.estimate() if self.exact else None

    def key_test(self, name: str) -> KeyTest | None:
        """No for a key outside the ranges; yes inside when they are exact. Not for columns with several keys."""
        if name != self.column.name or self.column.kind == "path_list":
            return None
        ranges = list(self.ranges())
        yes = True if self.exact else None

        def test(key: str | float) -> bool | None:
            pair = (key, 0)
            return yes if any(pair >= low and (high is None or pair < high) for low, high in ranges) else False

        return test


class Equal(OrderedCondition):
    """An ordered column holds exactly one of some values."""

    def __init__(self, store: CatalogStore, column: Column, values: Iterable[object]) -> None:
        super().__init__(store, column)
        self.exact = column.kind != "string"
        self.values = frozenset(map(self._compared, values))

    def ranges(self) -> list[KeyRange]:
        """One per key; a key of texts stands for all that differ in case or form only, or behind its length."""
        return [equal_range(key) for key in {self.column.key(value) for value in self.values}]

    def holds(self, value: object) -> bool:
        """Is it one of the values? Case matters; the Unicode form of the same letters does not."""
        return self._compared(value) in self.values

    def _compared(self, value: object) -> object:
        return canonical(value) if isinstance(value, str) and not self.exact else value


class Between(OrderedCondition):
    """``low <(=) value <(=) high`` of an ordered column; None leaves a side open. Texts compare without case."""

    def __init__(
        self,
        store: CatalogStore,
        column: Column,
        low: object,
        high: object,
        with_low: bool = True,
        with_high: bool = False,
    ) -> None:
        super().__init__(store, column)
        self.low = None if low is None else column.key(low)
        self.high = None if high is None else column.key(high)
        self.with_low, self.with_high = with_low, with_high
        self.exact = True

    def ranges(self) -> list[KeyRange]:
        """One range; an open lower side leaves out documents without a value."""
        low = first_pair(self.column)
        if self.low is not None:
            low = (self.low,) if self.with_low else (self.low, LAST)
        high = None if self.high is None else ((self.high, LAST) if self.with_high else (self.high,))
        return [(low, high)]

    def holds(self, value: object) -> bool:
        """Compares keys, so that texts compare without case; no value is never between."""
        if value is None:
            return False
        key = self.column.key(value)
        above = self.low is None or key > self.low or (self.with_low and key == self.low)
        return above and (self.high is None or key < self.high or (self.with_high and key == self.high))


class Like(OrderedCondition):
    """A text column matches a pattern: ``%`` stands for any text, ``_`` for itself; case does not matter."""

    def __init__(self, store: CatalogStore, column: Column, pattern: str) -> None:
        super().__init__(store, column)
        self.pattern = TextPattern(pattern)

    def ranges(self) -> list[KeyRange]:
        """The keys that begin as the pattern does, or all of them."""
        # the keys of numeric ids are padded with zeros, and those of paths keep their case
        if not self.pattern.prefix or self.column.kind == "path":
            return [(first_pair(self.column), None)]
        return [prefix_range(self.pattern.prefix[:KEY_LENGTH])]

    def estimate(self) -> int:
        """What begins as the pattern does; a tenth of it when more than the beginning is asked for."""
        found = super().estimate()
        return found if self.pattern.is_prefix else found // 10 + 1

    def candidates(self) -> Iterable[int]:
        """The documents whose keys do not say no already."""
        if self.index is None:
            return ()
        test = self.key_test(self.column.name)
        pairs = chain.from_iterable(self.index.pairs.walk(low, high) for low, high in self.ranges())
        return (uid for key, uid in pairs if test is None or test(key) is not False)

    def holds(self, value: object) -> bool:
        """Does the text match, whatever its case?"""
        return isinstance(value, str) and self.pattern.fits_text(value)

    def key_test(self, name: str) -> KeyTest | None:
        """Keys decide, but for paths of digits, whose keys are padded, and for texts longer than a key."""
        fits = self.pattern.fits
        if name != self.column.name:
            return None
        if self.column.kind == "path":
            return lambda key: None if key.isdigit() else fits(fold(key))
        return lambda key: None if len(key) == KEY_LENGTH or not key else fits(key)


def first_pair(column: Column) -> Key:
    """Where the documents that have a value begin in the column's index."""
    return (column.key(None), LAST) if column.holds_all else ()


class Membership(OrderedCondition):
    """A document's categories hold one of some category URLs, or (not ``strict``) one below them."""

    def __init__(self, store: CatalogStore, column: Column, urls: Iterable[str], strict: bool) -> None:
        super().__init__(store, column)
        self.urls = tuple(sorted(set(urls)))
        self.strict = strict
        self.below = tuple(f"{url}/" for url in self.urls)

    def ranges(self) -> list[KeyRange]:
        """One per URL, and unless ``strict`` one more for all below it."""
        found = [equal_range(url) for url in self.urls]
        return found if self.strict else found + [((prefix,), (prefix[:-1] + "0",)) for prefix in self.below]

    def holds(self, value: Sequence[str] | None) -> bool:
        """Is one of the document's category URLs wanted?"""
        return any(url in self.urls or (not self.strict and url.startswith(self.below)) for url in value or ())


class DefaultMembership(Membership):
    """As `Membership`, for the first category of a base alone."""

    def __init__(self, store: CatalogStore, column: Column, urls: Iterable[str], strict: bool, base: str) -> None:
        super().__init__(store, column, urls, strict)
        self.base = f"{base}/"

    def holds(self, value: Sequence[str] | None) -> bool:
        """Is the document's first category URL of the base wanted?"""
        first = [url for url in value or () if url.startswith(self.base)][:1]
        return super().holds(first)
