"""Columns of other documents: ``source_title``, ``parent_portal_type``, ``aggregate_related_relative_url``.

A related name is ``[strict_|default_]<base category>_<column>``, or ``<base category>_related_<column>`` for the other
direction: documents that are pointed at by documents for which the column holds. The parts may also be joined by two
underscores (``aggregate__related__uid``), as in newer scripts of the original.

``item_<aspect>_<column>`` finds items (streams, devices) by the movements that aggregate them: lines of a Data
Ingestion, whose source and project may be those of the Data Ingestion itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from wendelin.core.model.catalog.search.conditions import Condition, TokenIn, UidIn
from wendelin.core.model.catalog.search.ranges import DefaultMembership, Membership
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.catalog.storage.indexes import OrderedIndex, equal_range
from wendelin.core.model.catalog.storage.rows import Row

#: Up to this many targets of a relation are looked up in an index; more are tested document by document.
TARGET_LIMIT = 2000
CATEGORIES = "portal_categories/"


#: ``item_<aspect>_...``: the base category by which a movement, or what holds it, leads to the aspect.
ITEM_ASPECTS = {
    "device": "aggregate",
    "project": "destination_project",
    "resource": "resource",
    "source": "source",
}
#: The aspects that a movement has from what holds it, when it has none of its own.
FROM_PARENT = frozenset({"project", "source"})
#: ``item_<column>``: what the movements themselves say.
ITEM_COLUMNS = frozenset({"variation_text", "quantity"})


class RelatedName(NamedTuple):
    """A related column's name in its parts. ``reverse``: the documents found are pointed at. ``mode``: "", "strict" or
    "default", for exactly this target and for the first target only.
    """

    base: str
    column: str
    reverse: bool
    mode: str


def parse_related(name: str, columns: Iterable[str], is_base: Callable[[str], bool]) -> RelatedName | None:
    """The parts of a related column's name, or None when it is not one."""
    name = name.replace("__", "_")
    for column in sorted(columns, key=len, reverse=True):
        if name.endswith(f"_{column}"):
            base = name[: -len(column) - 1]
            for mode in ("", "strict", "default"):
                own = base.removeprefix(f"{mode}_") if mode else base
                reverse = own.endswith("_related")
                own = own.removesuffix("_related")
                if (not mode or base.startswith(f"{mode}_")) and own and is_base(own):
                    return RelatedName(own, column, reverse, mode)
    return None


def item_name(name: str) -> tuple[str, str] | None:
    """(the column that has to hold for a movement, that for what holds it or "") of an ``item_...`` name; or None."""
    name = name.replace("__", "_")
    if not name.startswith("item_"):
        return None
    rest = name.removeprefix("item_")
    if rest in ITEM_COLUMNS:
        return rest, ""
    aspect, _, column = rest.partition("_")
    if aspect not in ITEM_ASPECTS or not column:
        return None
    own = f"{ITEM_ASPECTS[aspect]}_{column}"
    return own, own if aspect in FROM_PARENT else ""


def category_urls(base: str, relative_url: str) -> list[str]:
    """How a document at that URL stands in ``categories``: "use/a" for portal_categories/use/a, else "source/x/1"."""
    url = relative_url.removeprefix(CATEGORIES)
    found = [f"{base}/{url}"]
    if url == base or url.startswith(f"{base}/"):
        found.append(url)
    return found


def target_uid(store: CatalogStore, category_url: str) -> int | None:
    """The uid of the document that a category URL names."""
    found = store.uid_of(category_url.partition("/")[2])
    return found if found is not None else store.uid_of(CATEGORIES + category_url)


def related_rows(store: CatalogStore, row: Row, name: RelatedName) -> Iterator[tuple[int, Row]]:
    """The documents that a related name reaches from a row."""
    if name.base == "parent":
        uids: Iterable[int | None] = [store.value(row, "parent_uid")]
    elif name.reverse:
        uids = pointing_uids(store, name.base, store.value(row, "relative_url"))
    else:
        urls = [url for url in store.value(row, "categories") or () if url.startswith(f"{name.base}/")]
        uids = (target_uid(store, url) for url in (urls[:1] if name.mode == "default" else urls))
    for uid in uids:
        found = None if uid is None else store.rows.get(uid)
        if uid is not None and found is not None:
            yield uid, found


def pointing_uids(store: CatalogStore, base: str, relative_url: str) -> Iterator[int]:
    """Documents whose categories name the document at that URL."""
    index: OrderedIndex | None = store.index("categories")
    for url in category_urls(base, relative_url):
        if index is not None:
            yield from index.uids(*equal_range(url))


def related_condition(
    store: CatalogStore, name: RelatedName, target: Condition, columns: Mapping[str, Column]
) -> Condition:
    """Documents from which the related name reaches one that meets ``target``."""
    if target.estimate() > TARGET_LIMIT:
        return RelatedTest(store, name, target)
    found = [(uid, row) for uid, row in _rows(store, target) if target.matches(uid, row)]
    if name.base == "parent":
        return TokenIn(store, columns["parent_uid"], [uid for uid, _ in found])
    if name.reverse:
        prefix = f"{name.base}/"
        urls = (url for _, row in found for url in store.value(row, "categories") or () if url.startswith(prefix))
        return UidIn(store, (uid for uid in (target_uid(store, url) for url in urls) if uid is not None))
    urls = (url for _, row in found for url in category_urls(name.base, store.value(row, "relative_url")))
    return membership(store, name, urls, columns)


def membership(store: CatalogStore, name: RelatedName, urls: Iterable[str], columns: Mapping[str, Column]) -> Condition:
    """Documents whose categories of the base hold one of the URLs, as the name's mode says."""
    column = columns["categories"]
    if name.mode == "default":
        return DefaultMembership(store, column, urls, False, name.base)
    return Membership(store, column, urls, strict=name.mode == "strict")


def _rows(store: CatalogStore, condition: Condition) -> Iterator[tuple[int, Row]]:
    for uid in set(condition.candidates()):
        row = store.rows.get(uid)
        if row is not None:
            yield uid, row


class RelatedTest(Condition):
    """The relation tested document by document, for targets too many to be listed."""

    def __init__(self, store: CatalogStore, name: RelatedName, target: Condition) -> None:
        super().__init__(store)
        self.name = name
        self.target = target

    def matches(self, uid: int, row: Row) -> bool:
        """Does one of the documents that the relation reaches from the row meet the target condition?"""
        return any(self.target.matches(other, found) for other, found in related_rows(self.store, row, self.name))
