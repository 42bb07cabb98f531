"""``portal_catalog``: finds documents, and keeps what it knows of them in step with them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from wendelin.core.database import is_own_fault
from wendelin.core.errors import NotFound, QueryError, Unauthorized
from wendelin.core.model.catalog import index_queue
from wendelin.core.model.catalog.indexing import document_values, is_indexable
from wendelin.core.model.catalog.search.compiler import Compiler
from wendelin.core.model.catalog.search.conditions import Condition, TokenIn
from wendelin.core.model.catalog.search.options import aliases, limits, names, sort_order
from wendelin.core.model.catalog.search.planner import Plan
from wendelin.core.model.catalog.search.results import Results
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.catalog.storage.rows import Row
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.ids import new_uid
from wendelin.core.security import (
    MANAGE,
    SERVICE_PERMISSION_MAP,
    SYSTEM,
    VIEW,
    User,
    check_permission,
    get_user,
    principals_of,
    private,
    protected,
    public,
)

logger = logging.getLogger(__name__)

#: Documents that are indexed again in one go: by one activity, or between two savepoints.
AT_ONCE = 2000
#: Arguments of a query that are not conditions.
OPTIONS = frozenset({"query", "sort_on", "sort_order", "limit", "select_list", "select_dict", "group_by"})
#: Arguments that mean nothing here. Scripts written for an SQL catalog steer its joins with them.
IGNORED = frozenset({"left_join_list", "inner_join_list", "ignore_empty_string", "implicit_join", "REQUEST"})


class CatalogTool(Folder):
    """The catalog of a site. See docs/use/catalog.md for the query language."""

    portal_type = "Catalog Tool"
    permission_map = SERVICE_PERMISSION_MAP

    def __init__(self) -> None:
        self.store = CatalogStore()

    # searching

    @public
    def __call__(self, **kw: Any) -> Results:
        """The documents that the current user may view and that meet all conditions: a lazy sequence of brains."""
        return self._search(kw, restricted=True)

    @public
    def searchResults(self, **kw: Any) -> Results:  # ERP5's name
        """As calling the catalog."""
        return self._search(kw, restricted=True)

    @public
    def getResultValue(self, **kw: Any) -> Any:  # ERP5's name
        """The first document found, or None."""
        return _first_document(self._search(kw, restricted=True))

    @public
    def countResults(self, **kw: Any) -> list[tuple[int]]:  # ERP5's name and shape
        """How many documents a search finds: ``countResults(...)[0][0]``."""
        return [(len(self._search(kw, restricted=True)),)]

    @private
    def unrestrictedSearchResults(self, **kw: Any) -> Results:  # ERP5's name
        """As `searchResults`, without asking who may view what."""
        return self._search(kw, restricted=False)

    @private
    def unrestrictedGetResultValue(self, **kw: Any) -> Any:  # ERP5's name
        """As `getResultValue`, without asking who may view what."""
        return _first_document(self._search(kw, restricted=False))

    @private
    def unrestrictedCountResults(self, **kw: Any) -> list[tuple[int]]:  # ERP5's name
        """As `countResults`, without asking who may view what."""
        return [(len(self._search(kw, restricted=False)),)]

    @public
    def getObject(self, uid: int) -> Any:  # ERP5's name
        """The document of that uid; raises `NotFound`, and `Unauthorized` when the user may not view it."""
        self.flush()
        row = self.store.rows.get(int(uid)) if 0 <= int(uid) < 1 << 63 else None
        document = None if row is None else self.document(self.store.value(row, "relative_url"))
        if document is None:
            raise NotFound(f"no document has the uid {uid}")
        if not check_permission(VIEW, document):
            raise Unauthorized(f"user {get_user().id!r} may not view {document.getPath()}")
        return document

    @public
    def getColumnIds(self) -> list[str]:  # ERP5's name
        """The names of all columns, sorted."""
        return sorted(self.store.columns())

    def _search(self, kw: Mapping[str, Any], restricted: bool) -> Results:
        self.flush()
        compiler = self.compiler()
        group_by = names(compiler, kw.get("group_by"))
        names(compiler, kw.get("select_list"))
        names(compiler, aliases(kw.get("select_dict")))
        user = get_user() if restricted else SYSTEM
        make_plan = partial(self._plan, dict(kw), user, get_user().id)
        return Results(self, make_plan, *limits(kw.get("limit")), group_by=group_by)

    def _plan(self, kw: Mapping[str, Any], user: User, role_user: str) -> Plan:
        compiler = self.compiler(role_user)
        compiler.visible = visible = self._visible(compiler.columns, user)
        arguments = {name: value for name, value in kw.items() if name not in OPTIONS | IGNORED}
        conditions = compiler.query(kw.get("query")) + compiler.keywords(arguments)
        return Plan(self.store, [*conditions, *visible], sort_order(compiler, kw.get("sort_on"), kw.get("sort_order")))

    def _visible(self, columns: Mapping[str, Column], user: User) -> list[Condition]:
        numbers = None if user.is_system else self.store.visible(principals_of(user))
        return [] if numbers is None else [TokenIn(self.store, columns["security_uid"], numbers)]

    @private
    def problem_of(self, text: str) -> str:
        """Why a search text cannot be read and is searched for word by word; "" for one that can be read."""
        try:
            self.compiler().query(text)
        except QueryError as error:
            return str(error)
        return ""

    @private
    def compiler(self, user_id: str = "") -> Compiler:
        """What understands the names and values of a query, with the local roles of that user."""
        return Compiler(self.store, self.is_base_category, self.is_state_variable, self.site_path(), user_id)

    @private
    def is_base_category(self, name: str) -> bool:
        """Is there a base category of that name, or a document with a relation of it? "parent" works like one."""
        tool = self.getPortalObject().get_child("portal_categories")
        return (
            name == "parent"
            or (tool is not None and tool.get_child(name) is not None)
            or name in self.store.base_categories()
        )

    @private
    def is_state_variable(self, name: str) -> bool:
        """Does a workflow of the site keep its state under that name?"""
        tool = self.getPortalObject().get_child("portal_workflow")
        return tool is not None and any(workflow.definition.state_variable == name for workflow in tool.iterate())

    @private
    def site_path(self) -> str:
        """``/erp5``."""
        return str(self.getPortalObject().getPath())

    @private
    def document(self, relative_url: str | None) -> Document | None:
        """The document at a relative URL, or None."""
        if not relative_url:
            return None
        found: Document | None = self.getPortalObject().unrestrictedTraverse(relative_url, None)
        return found

    # keeping in step

    @private
    def flush(self) -> None:
        """Index what has changed in this transaction."""
        index_queue.flush(self)

    @private
    def index_version(self) -> tuple[object, int]:
        """Changes whenever this transaction changes the index, and with the transaction."""
        pending = index_queue.queue_of(self)
        return (pending, pending.flushes) if pending is not None else (None, -1)

    @private
    def watch(self, results: Results) -> None:
        """Tell the results before the index changes."""
        pending = index_queue.queue_of(self)
        if pending is not None:
            pending.live.add(results)

    @private
    def index_pending(self, pending: Mapping[int, Document | None]) -> None:
        """Index documents by uid; None stands for one that was removed."""
        columns = self.store.columns()
        for uid, document in pending.items():
            if document is None or not is_indexable(document):
                self.store.remove(uid, columns)
            else:
                self._index(document, columns)

    def _index_readable(self, document: Document) -> bool:
        """Index a document; False, with the reason in the log, for one whose record cannot be read at all."""
        try:
            self.index_pending({document.getUid(): document})
        except Exception as error:
            if not is_own_fault(error):
                raise
            logger.exception("%r was left out of the catalog", document._p_oid)
            return False
        return True

    def _index(self, document: Document, columns: dict[str, Column]) -> None:
        uid = document.getUid()
        old = self.store.rows.get(uid)
        if old is not None and self._is_taken(uid, old, document):
            document.uid = uid = new_uid()
            old = None
        values = document_values(document, self.store, columns)
        self.store.put(uid, values, columns)
        if old is not None and self.store.value(old, "security_uid") != values["security_uid"]:
            self._reindex_below(document)

    def _is_taken(self, uid: int, row: Row, document: Document) -> bool:
        """Does another document have the uid? (Two processes may draw the same number, however unlikely.)"""
        url = self.store.value(row, "relative_url")
        if url == document.getRelativeUrl():
            return False
        other = self.document(url)
        return other is not None and other is not document and other.getUid() == uid

    def _reindex_below(self, document: Document) -> None:
        """Index again what is below a document: who may see a container decides who may see what is in it.

        The first documents are indexed now; those of a large container follow in activities.
        """
        uids = list(self.store.below(document.getRelativeUrl()))
        self.reindex_uids(uids[:AT_ONCE])
        for start in range(AT_ONCE, len(uids), AT_ONCE):
            self.activate(tag=f"reindex_{document.getUid()}").reindex_uids(uids[start : start + AT_ONCE])

    @private
    def reindex_uids(self, uids: Iterable[int]) -> None:
        """Have documents indexed again; those that are gone are left out."""
        for uid in uids:
            row = self.store.rows.get(uid)
            found = None if row is None else self.document(self.store.value(row, "relative_url"))
            if found is not None:
                index_queue.enqueue(self, uid, found)

    @protected(MANAGE)
    def reindex(self, relative_url: str = "") -> int:
        """Index all documents again, or those at and below a relative URL; returns their number.

        A document of which something cannot be read stops no other: it is found by ``catalog_problem="%"``. One whose
        record is lost is named in the log, and not counted. It takes as long as indexing them did, in one transaction,
        whose changes go to a temporary file.
        """
        start = self.document(relative_url) if relative_url else self.getPortalObject()
        if start is None:
            raise NotFound(f"nothing at {relative_url!r}")
        if not relative_url:
            self.store = CatalogStore()
            index_queue.renew(self)
        number = 0
        for document in _walk(start):
            if document is not start or document.getParentValue() is not None:
                number += self._index_readable(document)
                if number and number % AT_ONCE == 0 and self._p_jar is not None:
                    self._p_jar.transaction_manager.savepoint(optimistic=True)
        return number

    @protected(MANAGE)
    def explain(self, **kw: Any) -> str:
        """How a search would be answered, in words: the conditions with their estimates, and the way that is taken."""
        return self._search(kw, restricted=True).plan.explain()


def _walk(document: Document) -> Iterator[Document]:
    """The document and all below it, without holding more than one of each level."""
    yield document
    for child in _children(document):
        yield from _walk(child)


def _children(document: Document) -> Iterator[Document]:
    """What a document holds; nothing, or no more, where that cannot be read."""
    try:
        if isinstance(document, Folder):
            yield from document.iterate()
    except Exception as error:
        if not is_own_fault(error):
            raise
        logger.exception("what %r holds was left out of the catalog", document._p_oid)


def _first_document(results: Results) -> Any:
    for brain in results[:1]:
        return brain.getObject()
    return None
