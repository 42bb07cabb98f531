"""The condition on the words of documents, of which ``SearchableText="wind AND NOT solar"`` needs two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from BTrees.LLBTree import LLSet

from wendelin.core.model.catalog.search.conditions import Condition
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.rows import Row


class FullText(Condition):
    """Documents that hold a word, a word with that beginning (``prefix*``), or words one behind the other."""

    def __init__(self, store: CatalogStore, text: str) -> None:
        super().__init__(store)
        self.text = text
        self._index = store.full_text()
        self._query = None if self._index is None else self._index.query(text)

    def estimate(self) -> int:
        """From the rarest of the words."""
        return 0 if self._query is None else self._query.estimate()

    def candidates(self) -> Iterable[int]:
        """The documents of the rarest of the words."""
        return () if self._query is None else self._query.candidates()

    def scores(self) -> Mapping[int, float]:
        """uid -> relevance of every document that matches; looks at every document of every word."""
        return {} if self._index is None else self._index.scores(self.text)

    def matches(self, uid: int, row: Row) -> bool:
        """Asks the index of words: rows do not hold them."""
        return self._query is not None and self._query.matches(uid)

    def uid_set(self) -> LLSet | None:
        """The exact answer, but for phrases, which have to be tested document by document."""
        return LLSet() if self._query is None else self._query.uid_set()
