"""From entries to committed chunks: small ones joined, refused ones told apart from those that only have to wait."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Event

from transaction.interfaces import TransientError

from wendelin.core.errors import DatabaseUnavailable, StorageFull, WendelinError
from wendelin.plugins.ingestion.forward.protocol import Entry
from wendelin.plugins.ingestion.forward.routing import Route, find_target
from wendelin.plugins.ingestion.storing import Chunk

TEMPORARY = (TransientError, DatabaseUnavailable, StorageFull)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds
log = logging.getLogger(__name__)

Store = Callable[[Sequence[Chunk], str], None]


class Stopping(Exception):
    """The receiver was told to stop while the database was away: what waits was not stored."""


class EntryStorage:
    """Stores entries with a function ``store(chunks, user)``; called by threads."""

    def __init__(self, store: Store, routes: Sequence[Route] = ()) -> None:
        self.store, self.routes = store, routes
        self.stopping = Event()

    def store_entries(self, entries: Sequence[Entry], user: str) -> list[Entry]:
        """Store what can be stored, in order; the refused ones are returned, and logged.

        All go into one transaction. When it is refused, its halves are tried, so that one bad entry costs few attempts
        and no other entry. While the database is away, it waits: a client without acknowledgements has no other copy.
        """
        try:
            self._store_patiently(self._join(entries), user)
            return []
        except Stopping:
            raise
        except Exception as error:
            if len(entries) == 1:
                self._log_refusal(entries[0], error)
                return [entries[0]]
        middle = len(entries) // 2
        return self.store_entries(entries[:middle], user) + self.store_entries(entries[middle:], user)

    def _join(self, entries: Sequence[Entry]) -> list[Chunk]:
        """The chunks of the entries. Neighbours for one target and without an id become one."""
        chunks: list[Chunk] = []
        parts: list[bytes] = []
        target: tuple[str, str] | None = None

        def flush() -> None:
            if target is not None and parts:
                chunks.append(Chunk(*target, b"".join(parts)))
                parts.clear()

        for entry in entries:
            own = find_target(self.routes, entry.tag)
            if entry.is_acknowledged:
                flush()
                chunks.append(Chunk(*own, entry.data, id_text(entry.chunk_id)))
                continue
            if own != target:
                flush()
                target = own
            parts.append(entry.data)
        flush()
        return chunks

    def _store_patiently(self, chunks: Sequence[Chunk], user: str) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                return self.store(chunks, user)
            except TEMPORARY as error:
                log.warning("waiting to store %d chunks: %s", len(chunks), error)
                if self.stopping.wait(pause):
                    raise Stopping from error
                pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    def _log_refusal(entry: Entry, error: Exception) -> None:
        text = "refused %d bytes of tag %r: %s"
        if isinstance(error, WendelinError):
            log.warning(text, len(entry.data), entry.tag, error)
        else:  # a script of the site that fails
            log.error(text, len(entry.data), entry.tag, error, exc_info=error)


def id_text(chunk_id: str | bytes | None) -> str | None:
    """The chunk id as text; ids that came as bytes keep all their bits."""
    return chunk_id.hex() if isinstance(chunk_id, bytes) else chunk_id
