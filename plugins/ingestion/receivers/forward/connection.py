"""One client of the forward receiver: handshake, reading, storing in the order of arrival, acknowledging.

Reading and storing go on side by side: what arrives while a transaction commits is stored by the next one together, so
that many small messages cost few transactions. Reading stops while too much waits, which holds the client back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgpack

from wendelin.core.errors import BadRequest, RequestTooLarge, WendelinError
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardConfiguration
from wendelin.plugins.ingestion.receivers.forward.handshake import Handshake
from wendelin.plugins.ingestion.receivers.forward.protocol import (
    Entry,
    make_ack,
    make_packer,
    make_unpacker,
    parse_message,
)

READ_SIZE = 256 << 10
WAITING_SIZE = 16 << 20  # bytes that may wait to be stored
BATCH_SIZE = 8 << 20  # bytes, and entries, of one transaction
BATCH_LENGTH = 5000
# Of those with an id. A stream remembers the last 256 ids or more: fewer than that may be stored and not acknowledged.
BATCH_ACKNOWLEDGED = 128
PING_SIZE = 16 << 10
HANDSHAKE_SECONDS = 10
LAST_SECONDS = 0.3
log = logging.getLogger(__name__)

StoreEntries = Callable[[list[Entry], str], Awaitable[list[Entry]]]


class Connection:
    """Serves one client until it leaves, or until `close`."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        configuration: ForwardConfiguration,
        store: StoreEntries,
    ) -> None:
        self.reader, self.writer = reader, writer
        self.configuration, self.store = configuration, store
        self.peer = writer.get_extra_info("peername")
        self.user = configuration.user
        self._waiting: deque[Entry] = deque()
        self._waiting_size = 0
        self._changed = asyncio.Condition()
        self._ended = False
        self._reading: asyncio.Task[None] | None = None
        self._unpacker = make_unpacker(configuration.maximum_size)
        self._packer = make_packer()

    async def run(self) -> None:
        """Until the client leaves; what it sent before is stored, and acknowledged where it still listens."""
        try:
            if self.configuration.shared_key:
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await self._shake_hands()
            await self._serve()
        except (WendelinError, ValueError) as error:
            log.warning("closing the connection of %s: %s", self.peer, error)
        except TimeoutError:
            log.warning("closing the connection of %s: no handshake after %d s", self.peer, HANDSHAKE_SECONDS)
        except OSError as error:
            log.info("%s went away: %s", self.peer, error)
        finally:
            self.writer.close()

    async def _serve(self) -> None:
        storing = asyncio.create_task(self._store_entries())
        reading = self._reading = asyncio.create_task(self._read_entries())
        try:
            await asyncio.wait([storing, reading], return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():  # a refused chunk, or a client that takes no acknowledgements
                reading.cancel()
        finally:
            async with self._changed:
                self._ended = True
                self._changed.notify_all()
        for result in await asyncio.gather(storing, reading, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def close(self) -> None:
        """Read no more, but for what is on its way already; all that was read is stored."""
        stop = self.writer.close if self._reading is None else self._reading.cancel
        asyncio.get_running_loop().call_later(LAST_SECONDS, stop)

    # -- handshake

    async def _shake_hands(self) -> None:
        configuration = self.configuration
        passwords = {name: user.password for name, user in configuration.users.items()}
        handshake = Handshake(configuration.shared_key, configuration.hostname, passwords)
        await self._send(self._packer.pack(handshake.helo()))
        ping = await self._read_ping()
        try:
            name = handshake.check(ping)
        except WendelinError as error:
            await self._send(self._packer.pack(handshake.refusal(str(error))))
            raise
        if name is not None:
            self.user = configuration.users[name].site_user
        await self._send(self._packer.pack(handshake.pong(ping)))

    async def _read_ping(self) -> Any:
        unpacker = make_unpacker(PING_SIZE)
        size = 0
        while data := await self.reader.read(PING_SIZE):
            size += len(data)
            if size > PING_SIZE:
                raise RequestTooLarge("the PING is too long")
            unpacker.feed(data)
            for ping in unpacker:
                # what the client sent after its PING, without waiting for the answer
                self._unpacker.feed(unpacker.read_bytes(size))
                return ping
        raise BadRequest("the client left before it said who it is")

    # -- reading

    async def _read_entries(self) -> None:
        """Entries from the socket to the waiting ones; ends with the connection."""
        while True:
            await self._take_messages()
            data = await self.reader.read(READ_SIZE)
            if not data:
                return
            try:
                self._unpacker.feed(data)
            except msgpack.BufferFull as error:
                raise RequestTooLarge(f"a message has more than {self.configuration.maximum_size} bytes") from error

    async def _take_messages(self) -> None:
        found = list(self._parse())
        if not found:
            return
        async with self._changed:
            self._waiting.extend(found)
            self._waiting_size += sum(len(entry.data) for entry in found)
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._waiting_size < WAITING_SIZE)

    def _parse(self) -> Iterator[Entry]:
        try:
            for message in self._unpacker:
                entry = parse_message(message, self._packer, self.configuration.maximum_size)
                if entry is not None:
                    yield entry
        except TypeError as error:  # a map or a list as the key of a map
            raise BadRequest(f"a message cannot be read: {error}") from error

    # -- storing

    async def _store_entries(self) -> None:
        """Waiting entries to the database, and acknowledgements back; ends when reading ended and nothing waits."""
        while batch := await self._take_batch():
            refused = await self.store(batch, self.user)
            bad = {id(entry) for entry in refused}
            acknowledgements = [make_ack(e.chunk_id) for e in batch if e.chunk_id is not None and id(e) not in bad]
            if acknowledgements:
                await self._send(b"".join(acknowledgements))
            if any(entry.is_acknowledged for entry in refused):
                raise BadRequest("a chunk was refused, so that it is not acknowledged")

    async def _take_batch(self) -> list[Entry]:
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting or self._ended)
            batch: list[Entry] = []
            size = acknowledged = 0
            while self._waiting and size < BATCH_SIZE and len(batch) < BATCH_LENGTH:
                if acknowledged == BATCH_ACKNOWLEDGED:
                    break
                entry = self._waiting.popleft()
                batch.append(entry)
                size += len(entry.data)
                acknowledged += entry.is_acknowledged
            self._waiting_size -= size
            self._changed.notify_all()
            return batch

    async def _send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
