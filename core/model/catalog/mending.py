"""What a new release mends in the catalog of an older site, row by row and without asking the documents."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from wendelin.core.database import is_own_fault
from wendelin.core.model.catalog.indexing import searchable_text
from wendelin.core.model.catalog.search.planner import COLLECT_EVERY
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import KEY_LENGTH, Column
from wendelin.core.model.catalog.storage.fulltext import FullTextIndex
from wendelin.core.model.catalog.storage.texts import fold
from wendelin.core.model.catalog.tool import CatalogTool
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site

logger = logging.getLogger(__name__)


def mend_indexes(site: Site) -> None:
    """Evolution step 1 of core: keys of texts in their folded form, and every document under each of its values.

    Writers at the same time could lose a document from the set of a value; texts were found in one Unicode form only.
    """
    catalog: CatalogTool = site["portal_catalog"]
    store = catalog.store
    columns = store.columns()
    for number, uid in enumerate(list(store.all_uids()), 1):
        row = store.rows.get(uid)
        if row is not None:
            _mend_row(store, columns, uid, store.rows.as_dict(row))
        if number % COLLECT_EVERY == 0 and catalog._p_jar is not None:
            catalog._p_jar.transaction_manager.savepoint(optimistic=True)
    _mend_words(catalog)


def _mend_row(store: CatalogStore, columns: Mapping[str, Column], uid: int, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        column, index = columns.get(name), store.index(name)
        if column is None:
            continue
        if column.is_token and index is not None and not index.holds(uid, value):
            index.insert(uid, value)
        elif column.kind == "string":
            old, new = value.casefold()[:KEY_LENGTH], column.key(value)
            if old != new:
                index.pairs.remove((old, uid))
                index.pairs.add((new, uid))
                listing = store.listing(name)
                if listing is not None and column.listing:
                    listing.pairs.remove((values["parent_uid"], old, uid))
                    listing.pairs.add((values["parent_uid"], new, uid))


def _mend_words(catalog: CatalogTool) -> None:
    """Index again the texts that hold a word which is spelled otherwise when it is folded."""
    words = catalog.store.full_text()
    if words is None:
        return
    spelled = [wid for word, wid in words.lexicon.items() if fold(word) != word]
    for uid in {uid for wid in spelled for uid in words.index.postings(wid)}:
        row = catalog.store.rows.get(uid)
        document = None if row is None else catalog.document(catalog.store.value(row, "relative_url"))
        if document is not None:
            _insert_words(words, uid, document)


def _insert_words(words: FullTextIndex, uid: int, document: Document) -> None:
    try:
        words.insert(uid, searchable_text(document))
    except Exception as error:
        if not is_own_fault(error):
            raise
        logger.exception("the words of %s stay as they are: they cannot be read", document.getPath())
