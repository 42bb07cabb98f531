"""The memory of a receiver, in a process of its own: under load, after it, and with hostile strangers."""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.plugins.ingestion.forward_fixtures import *  # noqa: F403
from tests.plugins.ingestion.forward_fixtures import Receiver, stored
from wendelin.core.database import Database
from wendelin.core.errors import RequestTooLarge
from wendelin.plugins.ingestion.formats.lines import iter_bytes
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.receivers.allocation import give_back_large_blocks
from wendelin.plugins.ingestion.receivers.forward import connection
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardConfiguration
from wendelin.plugins.ingestion.receivers.forward.memory import HeldMemory
from wendelin.plugins.ingestion.receivers.forward.server import ForwardServer

MIB = 1 << 20
EVENT = msgpack.packb([2**31, {"message": bytes(2048)}])


def read_chunks(chunks: Sequence[Chunk], user: str) -> None:
    """In place of a database: what is stored is read, and forgotten."""
    for chunk in chunks:
        sum(map(len, iter_bytes(chunk.body, chunk.reference)))


def run_receiver(pipe: Connection, options: dict[str, Any]) -> None:
    give_back_large_blocks()

    async def serve() -> None:
        configuration = ForwardConfiguration("sensor", port=0, **options)
        async with ForwardServer(configuration, read_chunks) as server:
            pipe.send(server.port)
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    asyncio.run(serve())


@contextmanager
def receiver_process(**options: Any) -> Iterator[tuple[int, int]]:
    """Process id and port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_receiver, args=(theirs, options))
    process.start()
    assert process.pid is not None
    try:
        yield process.pid, ours.recv()
        ours.send("stop")
        process.join(20)
    finally:
        process.kill()


def memory(pid: int, name: str) -> int:
    """``VmHWM`` (the peak) or ``VmRSS`` (now), in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def send(port: int, head: bytes, content: bytes, option: dict[str, Any]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        for part in (head, content, msgpack.packb(option)):
            client.sendall(part)
        assert msgpack.unpackb(client.recv(1000)) == {"ack": option["chunk"]}


@pytest.mark.slow
def test_large_chunks_of_many_clients_leave_nothing_behind() -> None:
    content = EVENT * (8 * MIB // len(EVENT))
    events = b"\x93\xa6pydata\xdb" + struct.pack(">I", len(content))  # text, as Fluentd sends it
    packed = gzip.compress(content[: 4 * MIB // len(EVENT) * len(EVENT)], 0)
    compressed = b"\x93\xa6pydata\xdb" + struct.pack(">I", len(packed))
    with receiver_process() as (pid, port), ThreadPoolExecutor(4) as clients:
        before = memory(pid, "VmRSS")

        def work(number: int) -> None:
            if number % 2:
                send(port, events, content, {"chunk": str(number)})
            else:
                send(port, compressed, packed, {"chunk": str(number), "compressed": "gzip"})

        list(clients.map(work, range(60)))
        peak = memory(pid, "VmHWM") - before
        time.sleep(0.5)
        left = memory(pid, "VmRSS") - before
    assert peak < 150 * MIB, f"{peak >> 20} MiB"  # four times: received, unpacked, read
    assert left < 70 * MIB, f"{left >> 20} MiB"


def test_strangers_get_no_memory() -> None:
    with receiver_process(shared_key="key") as (pid, port), ExitStack() as stack:
        before = memory(pid, "VmRSS")
        for attack in (
            struct.pack(">BI", 0xDD, 1 << 20) * 1000,
            b"\x96" + struct.pack(">BI", 0xDD, 1 << 20) * 1000,
            b"\x96" * 5000,
            b"\x96\xdf\x00\x0f\xff\xff" + b"\xa0\x80" * 2000,
            b"\x96\xdb\x7f\xff\xff\xff" + bytes(5000),
        ):
            for _ in range(40):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                client.sendall(attack)
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            assert b"HELO" in client.recv(1000)
        assert time.monotonic() - started < 5
        time.sleep(0.3)
        assert memory(pid, "VmHWM") - before < 30 * MIB


def test_beginnings_of_messages_do_not_fill_the_memory(
    receive: Callable[..., Receiver], policies: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ROOM_SECONDS", 0.3)
    with receive(maximum_memory=4 * MIB) as receiver, ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", receiver.port), timeout=10))
            client.sendall(b"\x93\xa6pydata\xdb\x00\x20\x00\x00" + bytes(2 * MIB - 100))
        send(receiver.port, b"\x93\xa6pydata", b"\x91" + msgpack.packb([1, {"message": b"x"}]), {"chunk": "x"})
    assert stored(policies) == {"pydata.pydata": b"x"}


def test_a_message_that_stops_is_not_waited_for(
    receive: Callable[..., Receiver], policies: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MESSAGE_SECONDS", 0.3)
    with (
        receive() as receiver,
        socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as torn,
        socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as quiet,
    ):
        quiet.sendall(b"\xc0")
        torn.sendall(b"\x93\xa6pydata\xdb\x00\x20\x00\x00" + bytes(100))
        assert torn.recv(100) == b""
        quiet.sendall(msgpack.packb(["pydata", 1, {"message": b"x"}, {"chunk": "x"}]))
        assert msgpack.unpackb(quiet.recv(1000)) == {"ack": "x"}


def test_room_comes_when_messages_are_stored() -> None:
    async def run() -> None:
        held = HeldMemory(100)
        held.change(40, 60)
        waiting = asyncio.create_task(held.wait_for_room(0.02))
        await asyncio.sleep(0.1)
        assert not waiting.done()  # complete messages will be stored
        held.change(0, -60)
        await waiting
        held.change(60, 0)
        with pytest.raises(RequestTooLarge, match="do not come to their end"):
            await held.wait_for_room(0.02)

    with ThreadPoolExecutor(1) as own_thread:  # a browser of another test may have a loop running in this one
        own_thread.submit(asyncio.run, run()).result(60)
