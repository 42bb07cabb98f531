"""From the entries of messages to chunks: small neighbours are joined; one transaction is stored at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import msgpack

from wendelin.core.errors import WendelinError
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.gzip_members import unzip
from wendelin.plugins.ingestion.formats.msgpack_measuring import Torn, unreadable
from wendelin.plugins.ingestion.formats.msgpack_objects import UNREADABLE
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.receivers.batches import BatchStorage, log_refusal
from wendelin.plugins.ingestion.receivers.forward.protocol import COMPRESSED, FORWARD, MAXIMUM_SIZE, MESSAGE, Entry
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import Route, find_target

# Without a chunk id, events that are equal may mean different things: they are no repeat.
NO_ID = ""
JOINED_SIZE = 64 << 10  # bytes of an entry that is joined with others
UNPACKED_SIZE = 16 << 20  # bytes of one transaction after which compressed entries go to the next one

Store = Callable[[Sequence[Chunk], str], None]


@dataclass(frozen=True)
class Readable:
    """An entry with its events, unpacked where it was compressed."""

    entry: Entry
    body: Body

    def __str__(self) -> str:
        return str(self.entry)

    @property
    def is_joined(self) -> bool:
        """Whether it may become one chunk with its neighbours."""
        return not self.entry.is_acknowledged and self.body.size <= JOINED_SIZE


class EntryJoiner(BatchStorage):
    """Makes chunks of entries, and stores them with a function ``store(chunks, user)``; called by threads."""

    def __init__(
        self,
        store: Store,
        routes: Sequence[Route] = (),
        maximum_size: int = MAXIMUM_SIZE,
        name: str = "forward",
    ) -> None:
        super().__init__(name)
        self.store, self.routes, self.maximum_size = store, routes, maximum_size
        self._turn = Lock()

    def store_entries(self, entries: Sequence[Entry], user: str) -> list[Entry]:
        """Store what can be stored, in order and in few transactions; the refused ones are returned."""
        refused: list[Entry] = []
        for batch in self._read(entries, refused):
            refused += [item.entry for item in self.store_all(batch, lambda some: self._store(some, user))]
        return refused

    def _read(self, entries: Sequence[Entry], refused: list[Entry]) -> Iterator[list[Readable]]:
        """The entries in batches of at most `UNPACKED_SIZE`, and the one that goes beyond it."""
        batch: list[Readable] = []
        size = 0
        for entry in entries:
            try:
                item = read_entry(entry, self.maximum_size)
            except WendelinError as error:
                log_refusal(entry, error)
                refused.append(entry)
                continue
            batch.append(item)
            size += item.body.size
            if size > UNPACKED_SIZE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _store(self, items: Sequence[Readable], user: str) -> None:
        """One transaction at a time: large ones into one stream would conflict, and more gathers for the next."""
        chunks = self.join(items)
        with self._turn:
            self.store(chunks, user)

    def join(self, items: Sequence[Readable]) -> list[Chunk]:
        """The chunks of the entries. Small neighbours for one target and without an id become one."""
        chunks: list[Chunk] = []
        parts: list[bytes] = []
        target: tuple[str, str] | None = None

        def flush() -> None:
            if target is not None and parts:
                chunks.append(Chunk(*target, Body(b"".join(parts)), NO_ID))
                parts.clear()

        for item in items:
            own = find_target(self.routes, item.entry.tag)
            if own != target or not item.is_joined:
                flush()
                target = own
            if item.is_joined:
                parts.append(item.body.read())
            else:
                chunks.append(Chunk(*own, item.body, id_text(item.entry.chunk_id)))
        flush()
        return chunks


def read_entry(entry: Entry, maximum_size: int) -> Readable:
    """The events of an entry. Raises `BadRequest` when they are torn or damaged, and `RequestTooLarge`."""
    body = Body.of(entry.data)
    if entry.mode == COMPRESSED:
        body = unzip(body, maximum_size, UNPACKED_SIZE)
    item = Readable(entry, body)
    if item.is_joined and entry.mode not in (MESSAGE, FORWARD):  # those were cut out event by event
        check_whole(body.read())
    return item


def check_whole(data: bytes) -> None:
    """Raises `BadRequest` unless objects of msgpack fill ``data``: a torn one would swallow what is joined to it."""
    position = 0
    unpacker = msgpack.Unpacker(max_buffer_size=len(data) + 1)
    unpacker.feed(data)
    try:
        while position < len(data):
            unpacker.skip()
            position = unpacker.tell()
    except msgpack.OutOfData as error:
        raise Torn(position) from error
    except UNREADABLE as error:
        raise unreadable(position, str(error)) from error


def id_text(chunk_id: str | bytes | None) -> str:
    """The chunk id as text; ids that came as bytes keep all their bits."""
    return chunk_id.hex() if isinstance(chunk_id, bytes) else chunk_id or NO_ID
