"""The forward receiver: TCP (or TLS) connections, the UDP heartbeat on the same port, and threads that store."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.receivers.batches import Stopping
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardConfiguration
from wendelin.plugins.ingestion.receivers.forward.connection import READ_SIZE, Connection
from wendelin.plugins.ingestion.receivers.forward.joining import EntryJoiner, Store
from wendelin.plugins.ingestion.receivers.forward.memory import HeldMemory
from wendelin.plugins.ingestion.receivers.forward.protocol import Entry

THREADS = 16  # one stores, others may wait for a policy whose rate is used up
STOP_SECONDS = 15
log = logging.getLogger(__name__)


class Heartbeat(asyncio.DatagramProtocol):
    """Answers each UDP datagram with one zero byte, as Fluentd does: never with more than it was sent."""

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket, to answer on it."""
        self.transport = cast(asyncio.DatagramTransport, transport)  # the event loop's own class does not inherit it

    def datagram_received(self, data: bytes, address: tuple[str | int, ...]) -> None:
        """Answer one heartbeat."""
        if data:
            self.transport.sendto(b"\0", address)


class ForwardServer:
    """``async with ForwardServer(configuration, store) as server``: listens inside of the block.

    ``store(chunks, user)`` returns when the chunks are committed; it is called by threads, several at a time.
    """

    def __init__(self, configuration: ForwardConfiguration, store: Store, threads: int = THREADS) -> None:
        configuration.check()
        self.configuration = configuration
        name = f"forward {configuration.host}:{configuration.port}"
        self.joiner = EntryJoiner(store, configuration.routes, configuration.maximum_size, name)
        self.memory = HeldMemory(configuration.maximum_memory)
        self.executor = ThreadPoolExecutor(threads, "forward")
        self.connections: dict[Connection, asyncio.Task[None]] = {}
        self.port = 0
        self._server: asyncio.Server | None = None
        self._heartbeat: asyncio.BaseTransport | None = None

    async def __aenter__(self) -> ForwardServer:
        host, port = self.configuration.host, self.configuration.port
        try:
            self._server = await asyncio.start_server(
                self._serve, host, port, ssl=self.configuration.tls, limit=READ_SIZE
            )
        except OSError as error:
            raise BadRequest(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._heartbeat, _ = await loop.create_datagram_endpoint(Heartbeat, (host, self.port))
        log.info("listening on %s, port %d", host, self.port)
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop listening, store what was read, and leave; what cannot be stored soon is not waited for."""
        assert self._server is not None and self._heartbeat is not None
        self._server.close()
        self._heartbeat.close()
        await asyncio.sleep(0)  # a connection that was just accepted gets its task
        for connection in self.connections:
            connection.close()
        if self.connections:
            _, late = await asyncio.wait(self.connections.values(), timeout=STOP_SECONDS)
            self.joiner.stopping.set()
            if late:
                await asyncio.wait(late, timeout=1)
        self.joiner.stopping.set()
        self.executor.shutdown(wait=True, cancel_futures=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.connections) >= self.configuration.maximum_connections:
            log.warning("refused a connection: there are %d", len(self.connections))
            writer.close()
            return
        opened = writer.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = Connection(reader, writer, self.configuration, self._store, self.memory)
        task = asyncio.current_task()
        assert task is not None
        self.connections[connection] = task
        try:
            await connection.run()
        finally:
            del self.connections[connection]

    async def _store(self, entries: list[Entry], user: str) -> list[Entry]:
        try:
            return await self._in_thread(lambda: self.joiner.store_entries(entries, user))
        except Stopping as error:
            raise BadRequest("the receiver stops while the database is away") from error

    async def _in_thread(self, function: Callable[[], list[Entry]]) -> list[Entry]:
        return await asyncio.get_running_loop().run_in_executor(self.executor, function)
