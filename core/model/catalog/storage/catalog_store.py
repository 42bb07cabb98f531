"""All that the catalog keeps: rows, indexes, listings, and the table of who may see what.

It knows uids and values, no documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from BTrees.LLBTree import LLSet
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from wendelin.core.model.catalog.storage.columns import Column, all_columns
from wendelin.core.model.catalog.storage.fulltext import FullTextIndex
from wendelin.core.model.catalog.storage.indexes import LAST, OrderedIndex, TokenIndex, equal_range
from wendelin.core.model.catalog.storage.ranked_set import Key
from wendelin.core.model.catalog.storage.rows import Row, RowStore
from wendelin.core.model.catalog.storage.security_table import SecurityTable

#: A container's documents are counted by value (of portal type, of security number) while there are at most this many.
HISTOGRAM_LIMIT = 64


class CatalogStore(Persistent):
    """Rows, and the indexes and listings of columns by name, each made when the first value arrives."""

    def __init__(self) -> None:
        self.rows = RowStore()
        self.security = SecurityTable()
        self._indexes: OOBTree[str, Any] = OOBTree()
        self._listings: OOBTree[str, OrderedIndex] = OOBTree()
        #: Names of workflows' state variables that have become columns; the values mean nothing.
        self.state_columns: OOBTree[str, int] = OOBTree()

    # columns

    def columns(self) -> dict[str, Column]:
        """Every column there is, with those of workflow state variables met so far."""
        return {name: Column(name, "token") for name in self.state_columns} | dict(all_columns())

    def column(self, name: str) -> Column | None:
        """One column, or None."""
        found = all_columns().get(name)
        return Column(name, "token") if found is None and name in self.state_columns else found

    def index(self, name: str) -> Any:
        """The `TokenIndex`, `OrderedIndex` or `FullTextIndex` of a column, by its kind; None before its first value."""
        return self._indexes.get(name)

    def full_text(self) -> FullTextIndex | None:
        """The index of words, or None before the first text arrived."""
        found: FullTextIndex | None = self._indexes.get("SearchableText")
        return found

    def listing(self, name: str) -> OrderedIndex | None:
        """The order of a column per container, or None before it got its first value."""
        return self._listings.get(name)

    # writing

    def put(self, uid: int, values: Mapping[str, object], columns: Mapping[str, Column]) -> bool:
        """Index a document's normalised values (absent: none); False when nothing had changed.

        A full text is not kept in the row: only what it was made of says whether it changed, so its hash is.
        """
        old_row = self.rows.get(uid)
        old = self.rows.as_dict(old_row) if old_row is not None else {}
        text = values.get("SearchableText")
        new = {name: value for name, value in values.items() if value is not None}
        if text is not None:
            new["SearchableText"] = _hash_of(str(text))
        if new == old:
            return False
        for name in old.keys() | new.keys():
            if name in columns and old.get(name) != new.get(name) and not columns[name].holds_all:
                self._change(columns[name], uid, old.get(name), text if name == "SearchableText" else new.get(name))
        self._change_listings(uid, old, new, columns)
        self.rows.put(uid, new)
        return True

    def remove(self, uid: int, columns: Mapping[str, Column]) -> bool:
        """Forget a document; False when it was not known."""
        row = self.rows.get(uid)
        if row is None:
            return False
        old = self.rows.as_dict(row)
        for name in old:
            if name in columns and not columns[name].holds_all:
                self._change(columns[name], uid, old[name], None)
        self._change_listings(uid, old, {}, columns)
        self.rows.remove(uid)
        return True

    def _change(self, column: Column, uid: int, old: object, new: object) -> None:
        if column.kind == "stored":
            return
        index = self.index(column.name)
        if index is None:
            self._indexes[column.name] = _new_index(column)
            index = self.index(column.name)
        if column.kind == "text":
            index.insert(uid, new) if new is not None else index.discard(uid)
            return
        old_keys, new_keys = _keys(column, old), _keys(column, new)
        for key in old_keys - new_keys:
            index.discard(uid, key)
        for key in new_keys - old_keys:
            index.insert(uid, key)

    def _change_listings(
        self, uid: int, old: Mapping[str, object], new: Mapping[str, object], columns: Mapping[str, Column]
    ) -> None:
        for column in columns.values():
            if column.listing:
                before, after = _listing_key(column, uid, old), _listing_key(column, uid, new)
                if before != after:
                    _replace(self._listings, column.name, before, after)
                    if column.holds_all and (before and before[1:]) != (after and after[1:]):
                        _replace(self._indexes, column.name, before and before[1:], after and after[1:])

    # kept knowledge, for planning

    def histogram(self, parent_uid: int, name: str) -> dict[Any, int] | None:
        """``{value: number of documents}`` of a listed token column in a container; None when there are many values."""
        listing = self._listings.get(name)
        if listing is None:
            return {}
        found = listing.pairs.distinct((parent_uid,), (parent_uid + 1,), 2, HISTOGRAM_LIMIT)
        if found is None:
            return None
        return {value: listing.count((parent, value), (parent, value, LAST)) for parent, value in found}

    def uid_of(self, relative_url: str) -> int | None:
        """The uid of the document at that relative URL, or None."""
        index: OrderedIndex | None = self._indexes.get("relative_url")
        if index is None:
            return None
        slot = self.rows.slot("relative_url")
        key = all_columns()["relative_url"].key(relative_url)
        for uid in index.uids(*equal_range(key)):
            row = self.rows.get(uid)
            if row is not None and row[slot] == relative_url:
                return uid
        return None

    def value(self, row: Row, name: str) -> Any:
        """A column's value in a row, None when there is none."""
        slot = self.rows.slots.get(name)
        return None if slot is None else row[slot]

    def below(self, relative_url: str) -> Iterator[int]:
        """The uids of all documents below a relative URL, at any depth."""
        index = self._indexes.get("relative_url")
        return iter(()) if index is None else index.uids((f"{relative_url}/",), (f"{relative_url}0",))

    def base_categories(self) -> list[str]:
        """The first words of all category URLs, found by jumping from one to the next."""
        index: OrderedIndex | None = self._indexes.get("categories")
        found: list[str] = []
        if index is None:
            return found
        key = index.pairs.first(())
        while key is not None:
            found.append(key[0].partition("/")[0])
            key = index.pairs.first((f"{found[-1]}0",))  # "0" comes after "/"
        return found

    def all_uids(self) -> Iterable[int]:
        """Every uid, in order."""
        return self.rows.uids()

    def visible(self, principals: frozenset[str]) -> LLSet | None:
        """The security numbers that those principals may see; None when that is all of them."""
        return self.security.visible(principals)


def _replace(indexes: OOBTree[str, OrderedIndex], name: str, before: Key | None, after: Key | None) -> None:
    index = indexes.get(name)
    if index is None:
        index = indexes[name] = OrderedIndex()
    if before is not None:
        index.pairs.remove(before)
    if after is not None:
        index.pairs.add(after)


def _hash_of(text: str) -> bytes:
    """What the row keeps of a full text: enough to see that it changed."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _new_index(column: Column) -> TokenIndex | OrderedIndex | FullTextIndex:
    if column.kind == "text":
        return FullTextIndex()
    return OrderedIndex() if column.is_ordered else TokenIndex()


def _keys(column: Column, value: object) -> set[Any]:
    """The index keys of a normalised value: one, or for a list of paths as many as it holds."""
    if isinstance(value, tuple):
        return set(value)
    return set() if value is None else {column.key(value)}


def _listing_key(column: Column, uid: int, values: Mapping[str, object]) -> Key | None:
    parent = values.get("parent_uid")
    return None if parent is None else (parent, column.key(values.get(column.name)), uid)
