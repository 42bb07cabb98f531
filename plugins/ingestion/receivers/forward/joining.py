"""From the entries of messages to chunks: small neighbours are joined; one transaction is stored at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.receivers.batches import BatchStorage
from wendelin.plugins.ingestion.receivers.forward.protocol import Entry
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import Route, find_target

# Without a chunk id, events that are equal may mean different things: they are no repeat.
NO_ID = ""

Store = Callable[[Sequence[Chunk], str], None]


class EntryJoiner(BatchStorage):
    """Makes chunks of entries, and stores them with a function ``store(chunks, user)``; called by threads."""

    def __init__(self, store: Store, routes: Sequence[Route] = (), name: str = "forward") -> None:
        super().__init__(name)
        self.store, self.routes = store, routes
        self._turn = Lock()

    def store_entries(self, entries: Sequence[Entry], user: str) -> list[Entry]:
        """Store what can be stored, in order and if possible in one transaction; the refused ones are returned."""
        return self.store_all(entries, lambda some: self._store(some, user))

    def _store(self, entries: Sequence[Entry], user: str) -> None:
        """One transaction at a time: large ones into one stream would conflict, and more gathers for the next."""
        chunks = self.join(entries)
        with self._turn:
            self.store(chunks, user)

    def join(self, entries: Sequence[Entry]) -> list[Chunk]:
        """The chunks of the entries. Neighbours for one target and without an id become one."""
        chunks: list[Chunk] = []
        parts: list[bytes] = []
        target: tuple[str, str] | None = None

        def flush() -> None:
            if target is not None and parts:
                chunks.append(Chunk(*target, Body(b"".join(parts)), NO_ID))
                parts.clear()

        for entry in entries:
            own = find_target(self.routes, entry.tag)
            if entry.is_acknowledged:
                flush()
                chunks.append(Chunk(*own, Body(entry.data), id_text(entry.chunk_id)))
                continue
            if own != target:
                flush()
                target = own
            parts.append(entry.data)
        flush()
        return chunks


def id_text(chunk_id: str | bytes | None) -> str:
    """The chunk id as text; ids that came as bytes keep all their bits."""
    return chunk_id.hex() if isinstance(chunk_id, bytes) else chunk_id or NO_ID
