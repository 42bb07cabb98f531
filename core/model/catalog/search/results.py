"""What a query returns: a lazy sequence of brains."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, overload

from wendelin.core.errors import Unauthorized
from wendelin.core.model.catalog.search.planner import Plan
from wendelin.core.model.catalog.search.related import parse_related, related_rows
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.rows import Row
from wendelin.core.model.objects.document import Document
from wendelin.core.security import PUBLIC, public, require_attribute

#: The first documents of an iteration are found alone, so that a loop that breaks early costs little.
FIRST_PART = 1000
#: A single place is found together with its neighbours.
WINDOW = 64


class SearchedCatalog(Protocol):
    """What results and brains ask of the catalog that was searched; the catalog tool is one."""

    store: CatalogStore

    def flush(self) -> None:
        """Index what has changed in this transaction."""

    def index_version(self) -> tuple[object, int]:
        """Differs from what it was whenever plans made before have to be made again."""

    def watch(self, results: Results) -> None:
        """Call ``results.freeze()`` before the index changes."""

    def site_path(self) -> str:
        """``/erp5``."""

    def document(self, relative_url: str | None) -> Document | None:
        """The document at a relative URL, or None."""

    def is_base_category(self, name: str) -> bool:
        """May a related column begin with that name?"""


class Brain:
    """One found document: its columns as attributes, without loading the document itself.

    Any column, ``uid``, ``path`` and related columns (``source_title``) are attributes; everything else is looked up on
    the document.
    """

    __slots__ = ("_catalog", "_row", "uid")

    def __init__(self, catalog: SearchedCatalog, uid: int, row: Row) -> None:
        self._catalog = catalog
        self._row = row
        self.uid = uid

    def attribute_permission_of(self, name: str) -> str | None:
        """What restricted code needs for an attribute: columns are open, others as the document says."""
        if name in ("uid", "path") or column_value(self._catalog, self._row, name)[0]:
            return PUBLIC
        if name in vars(Brain):
            return None  # as declared
        return PUBLIC if may_reach(self.getObject(), name) else None

    @public
    def getObject(self) -> Any:  # ERP5's name
        """The document; None when it was deleted after the query, or its plugin is not installed."""
        return self._catalog.document(self.relative_url)

    @public
    def getUid(self) -> int:  # ERP5's name
        """The document's uid."""
        return self.uid

    @public
    def getPath(self) -> str:  # ERP5's name
        """``/erp5/data_stream_module/1``."""
        return self.path

    @public
    def getRelativeUrl(self) -> str:  # ERP5's name
        """``data_stream_module/1``."""
        return str(self.relative_url)

    @property
    def path(self) -> str:
        """``/erp5/data_stream_module/1``."""
        return f"{self._catalog.site_path()}/{self.relative_url}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found, value = column_value(self._catalog, self._row, name)
        return value if found else getattr(self.getObject(), name)

    def __getitem__(self, name: str) -> Any:
        if name in ("uid", "path"):
            return getattr(self, name)
        found, value = column_value(self._catalog, self._row, name)
        if not found:
            raise KeyError(name)
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Brain) and other.uid == self.uid

    def __hash__(self) -> int:
        return hash(self.uid)

    def __repr__(self) -> str:
        return f"<Brain {self.relative_url}>"


def may_reach(document: Document | None, name: str) -> bool:
    """May restricted code of the current user read that attribute of the document?"""
    if document is None:
        return False
    try:
        require_attribute(document, name)
    except (Unauthorized, AttributeError):
        return False
    return True


def column_value(catalog: SearchedCatalog, row: Row, name: str) -> tuple[bool, Any]:
    """(True, value) of a column or related column of a row; (False, None) when there is no such column."""
    store = catalog.store
    name = name.rpartition(".")[2]
    column = store.column(name)
    if column is not None:
        return True, column.show(store.value(row, name))
    related = parse_related(name, [*store.columns(), "uid"], catalog.is_base_category)
    if related is None:
        return False, None
    for uid, found in related_rows(store, row, related):
        return True, uid if related.column == "uid" else column_value(catalog, found, related.column)[1]
    return True, None


class Results(Sequence[Brain]):
    """The answer of a plan, between ``start`` and ``stop``: found when looked at, and only the part looked at.

    While a result is being iterated, documents may be changed: it keeps to what was found.
    """

    def __init__(
        self,
        catalog: SearchedCatalog,
        make_plan: Callable[[], Plan],
        start: int = 0,
        count: int | None = None,
        group_by: Sequence[str] = (),
    ) -> None:
        self._catalog = catalog
        self._make_plan = make_plan
        self._plan: Plan = make_plan()
        self._version = catalog.index_version()
        self._start = start
        self._limit = count
        self._group_by = tuple(group_by)
        self._length: int | None = None
        self._all: array[int] | None = None
        self._window: tuple[int, array[int]] = (0, array("q"))

    @property
    def plan(self) -> Plan:
        """The plan for the index as it is now: what a plan takes from kept counts changes with them."""
        self._catalog.flush()
        version = self._catalog.index_version()
        if version != self._version:
            self._plan, self._version, self._length = self._make_plan(), version, None
            self._window = (0, array("q"))
        return self._plan

    def __len__(self) -> int:
        if self._all is not None or self._group_by:
            return len(self.freeze())
        plan = self.plan
        if self._length is None:
            found = max(plan.count() - self._start, 0)
            self._length = found if self._limit is None else min(found, self._limit)
        return self._length

    def __bool__(self) -> bool:
        return bool(self._uids(0, 1))

    def freeze(self) -> array[int]:
        """Find everything now, and stay with it: 8 bytes for each document."""
        if self._all is None:
            if self._group_by:
                self._all = self._grouped()
            else:
                self._all = self._plan.uids(self._start, self._limit)
        return self._all

    def _grouped(self) -> array[int]:
        """The first document of each group, in order."""
        store, seen, found = self._plan.store, set(), array("q")
        for uid in self._plan.uids():
            row = store.rows.get(uid) or ()
            key = tuple(column_value(self._catalog, row, name)[1] for name in self._group_by)
            if key not in seen:
                seen.add(key)
                found.append(uid)
        return found[self._start : None if self._limit is None else self._start + self._limit]

    def _uids(self, start: int, count: int | None) -> array[int]:
        if self._group_by or self._all is not None:
            return self.freeze()[start : None if count is None else start + count]
        if self._limit is not None:
            left = max(self._limit - start, 0)
            count = left if count is None else min(count, left)
        return self.plan.uids(self._start + start, count)

    def _brains(self, uids: array[int]) -> Iterator[Brain]:
        rows = self._plan.store.rows
        for uid in uids:
            row = rows.get(uid)
            if row is not None:
                yield Brain(self._catalog, uid, row)

    @overload
    def __getitem__(self, place: int) -> Brain: ...
    @overload
    def __getitem__(self, place: slice) -> list[Brain]: ...
    def __getitem__(self, place: int | slice) -> Brain | list[Brain]:
        if isinstance(place, slice):
            negative = (place.start or 0) < 0 or (place.stop or 0) < 0 or place.step not in (None, 1)
            if negative:
                return list(self._brains(self.freeze()[place]))
            start = place.start or 0
            return list(self._brains(self._uids(start, None if place.stop is None else max(place.stop - start, 0))))
        return self._one(place + len(self) if place < 0 else place)

    def _one(self, place: int) -> Brain:
        if place < 0:
            raise IndexError("result index out of range")
        plan = self.plan if self._all is None else self._plan
        first, uids = self._window
        if not first <= place < first + len(uids):
            first = place - place % WINDOW
            uids = self._uids(first, WINDOW)
            self._window = (first, uids)
        if place - first >= len(uids):
            raise IndexError("result index out of range")
        uid = uids[place - first]
        return Brain(self._catalog, uid, plan.store.rows.get(uid) or ())

    def __iter__(self) -> Iterator[Brain]:
        first = self._uids(0, FIRST_PART)
        self._catalog.watch(self)
        yield from self._brains(first)
        if len(first) == FIRST_PART:
            yield from self._brains(self._uids(FIRST_PART, None))

    def documents(self) -> Iterator[Document]:
        """The documents themselves; those whose plugin is not installed at present are passed over."""
        for brain in self:
            document = brain.getObject()
            if document is not None:
                yield document

    def __repr__(self) -> str:
        return f"<Results of {self._plan.conditions!r}>"
