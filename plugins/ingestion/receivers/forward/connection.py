"""One client of the forward receiver: handshake, reading, storing in the order of arrival, acknowledging.

Reading and storing go on side by side: what arrives while a transaction commits is stored by the next one together, so
that many small messages cost few transactions. Reading stops while too much waits, which holds the client back.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from wendelin.core.errors import BadRequest, WendelinError
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardConfiguration
from wendelin.plugins.ingestion.receivers.forward.handshake import Handshake, PingReader
from wendelin.plugins.ingestion.receivers.forward.memory import HeldMemory
from wendelin.plugins.ingestion.receivers.forward.message_reader import MessageReader
from wendelin.plugins.ingestion.receivers.forward.protocol import Entry, make_ack, make_packer

READ_SIZE = 256 << 10
WAITING_SIZE = 16 << 20  # bytes that may wait to be stored
BATCH_SIZE = 8 << 20  # bytes, and entries, of one transaction
BATCH_LENGTH = 5000
# Of those with an id. A stream remembers the last 256 ids or more: fewer than that may be stored and not acknowledged.
BATCH_ACKNOWLEDGED = 128
HANDSHAKE_SECONDS = 10
LAST_SECONDS = 0.3
ROOM_SECONDS = 30.0  # and up to twice as long: how long a client is held back before it is refused
MESSAGE_SECONDS = 60.0  # a message that has begun comes to its end in that time, at
SLOWEST_RATE = 32 << 10  # bytes a second, or faster
SILENT_SECONDS = 3  # a client that leaves after that time and has sent nothing waited for something
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
        memory: HeldMemory,
    ) -> None:
        self.reader, self.writer = reader, writer
        self.configuration, self.store, self.memory = configuration, store, memory
        self.peer = writer.get_extra_info("peername")
        self.user = configuration.user
        self._waiting: deque[Entry] = deque()
        self._waiting_size = self._storing_size = 0
        self._charged = 0, 0  # what `memory` was told: bytes of messages that have begun, and of complete ones
        self._changed = asyncio.Condition()
        self._ended = False
        self._reading: asyncio.Task[None] | None = None
        self._messages = MessageReader(configuration.maximum_size)
        self._seconds = 0.0  # spent with waiting for the rest of a message
        self._has_spoken = False
        self._packer = make_packer()

    async def run(self) -> None:
        """Until the client leaves; what it sent before is stored, and acknowledged where it still listens."""
        started = time.monotonic()
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
            self.memory.change(-self._charged[0], -self._charged[1])
        if not self._has_spoken and time.monotonic() - started > SILENT_SECONDS and not self.configuration.shared_key:
            log.warning("%s left without a word: has it a shared key, which this receiver has not?", self.peer)

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
        pings = PingReader()
        try:
            ping = await self._read_ping(pings)
            name = handshake.check(ping)
        except WendelinError as error:
            await self._send(self._packer.pack(handshake.refusal(str(error))))
            raise
        if name is not None:
            self.user = configuration.users[name].site_user
        await self._send(self._packer.pack(handshake.pong(ping)))
        await self._take_messages(pings.rest())  # what it sent after its PING, without waiting for the answer

    async def _read_ping(self, pings: PingReader) -> Any:
        while data := await self.reader.read(PingReader.LARGEST):
            self._has_spoken = True
            if (ping := pings.feed(data)) is not None:
                return ping
        raise BadRequest("the client left before it said who it is")

    # -- reading

    async def _read_entries(self) -> None:
        """Entries from the socket to the waiting ones; ends with the connection."""
        while data := await self._read():
            self._has_spoken = True
            await self._take_messages(data)
            await self.memory.wait_for_room(ROOM_SECONDS * random.uniform(1, 2))

    async def _read(self) -> bytes:
        """The next bytes. A client may be silent for ever, but not in the middle of a message."""
        if not self._messages.held:
            self._seconds = 0.0
            return await self.reader.read(READ_SIZE)
        started = time.monotonic()
        left = MESSAGE_SECONDS + self._messages.held / SLOWEST_RATE - self._seconds
        try:
            async with asyncio.timeout(left):
                return await self.reader.read(READ_SIZE)
        except TimeoutError as error:
            raise BadRequest(f"a message stopped after {self._messages.held} bytes, and did not go on") from error
        finally:
            self._seconds += time.monotonic() - started

    async def _take_messages(self, data: bytes) -> None:
        found = list(self._messages.feed(data))
        async with self._changed:
            self._waiting.extend(found)
            self._waiting_size += sum(len(entry.data) for entry in found)
            self._account()
            if found:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: self._waiting_size < WAITING_SIZE)

    def _account(self) -> None:
        """Tell what this connection holds."""
        begun, complete = self._messages.held, self._waiting_size + self._storing_size
        self.memory.change(begun - self._charged[0], complete - self._charged[1])
        self._charged = begun, complete

    # -- storing

    async def _store_entries(self) -> None:
        """Waiting entries to the database, and acknowledgements back; ends when reading ended and nothing waits."""
        while batch := await self._take_batch():
            refused = await self.store(batch, self.user)
            self._storing_size = 0
            self._account()
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
            self._storing_size = size
            self._changed.notify_all()
            return batch

    async def _send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
