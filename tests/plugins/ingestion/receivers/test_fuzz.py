"""Mutations of what clients send to the receivers: nothing breaks, no fragment is stored, memory stays bounded.

The full run: WENDELIN_FUZZ_EXAMPLES=20000.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgpack
import pytest

from tests.plugins.ingestion.forward_fixtures import *  # noqa: F403
from tests.plugins.ingestion.forward_fixtures import Receiver, stored
from tests.plugins.ingestion.mqtt_fixtures import configure
from tests.plugins.ingestion.mutations import make_body, make_message, mutate, read_payload
from wendelin.core.database import Database
from wendelin.core.errors import BadRequest, RequestTooLarge, WendelinError
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_stream import iter_event
from wendelin.plugins.ingestion.formats.lines import iter_bytes
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.receivers.batches import store_chunks
from wendelin.plugins.ingestion.receivers.forward.handshake import Handshake, PingReader
from wendelin.plugins.ingestion.receivers.forward.joining import EntryJoiner
from wendelin.plugins.ingestion.receivers.forward.message_reader import MessageReader
from wendelin.plugins.ingestion.receivers.mqtt.delivery import Message, MessageDelivery

EXAMPLES = int(os.environ.get("WENDELIN_FUZZ_EXAMPLES", "1000"))
STORED_EXAMPLES = max(EXAMPLES // 8, 30)  # of those that go to a database
GROWTH = 150 << 20  # bytes that the process may grow by, in all examples


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert grown < GROWTH, f"{grown >> 20} MiB"


def sources() -> Iterator[random.Random]:
    return map(random.Random, range(EXAMPLES))


def test_bodies() -> None:
    for source in sources():
        body = mutate(source, make_body(source))
        found: bytes | None = None
        with contextlib.suppress(BadRequest, RequestTooLarge):
            found = b"".join(iter_bytes(body, "pydata"))
        assert found == read_payload(body), body
        with contextlib.suppress(BadRequest, RequestTooLarge):
            list(iter_event(body))


def test_messages_of_forward() -> None:
    for source in sources():
        data = mutate(source, b"".join(make_message(source, str(number)) for number in range(source.randrange(1, 4))))
        whole, pieces = MessageReader(), MessageReader()
        found = read_entries(whole, [data])
        size = source.choice([1, 10, 1000]) if len(data) < 5000 else 1000
        assert read_entries(pieces, [data[at : at + size] for at in range(0, len(data), size)]) == found
        kept: list[tuple[bytes, Chunk]] = []

        def store(chunks: Sequence[Chunk], user: str, kept: list[tuple[bytes, Chunk]] = kept) -> None:
            kept += [(b"".join(iter_bytes(chunk.body, chunk.reference)), chunk) for chunk in chunks]

        refused = EntryJoiner(store).store_entries(found, "user")
        for payload, chunk in kept:
            assert payload == read_payload(chunk.body.read(), chunk.reference), data
        assert len(refused) <= len(found)


def read_entries(reader: MessageReader, pieces: list[bytes]) -> list[Any]:
    found: list[Any] = []
    with contextlib.suppress(BadRequest, RequestTooLarge):
        for piece in pieces:
            for entry in reader.feed(piece):
                found.append(entry)
    return found


def test_first_messages_of_strangers() -> None:
    shake = Handshake("key", "server", {"ada": "secret"})
    ping = msgpack.packb(["PING", "client", b"salt", "0" * 128, "ada", "0" * 128])
    for source in sources():
        data = mutate(source, ping)
        reader = PingReader()
        with contextlib.suppress(WendelinError):
            for at in range(0, len(data), 50):
                if (message := reader.feed(data[at : at + 50])) is not None:
                    shake.check(message)
                    pytest.fail("let in")


class Reckoning:
    """Stores chunks, and knows what the streams then have to hold."""

    def __init__(self, database: Database) -> None:
        self.database, self.expected = database, b""
        self._known: set[str] = set()

    def store(self, chunks: Sequence[Chunk], user: str) -> None:
        bodies = [(chunk.chunk_id or "", chunk.reference, chunk.body.read()) for chunk in chunks]
        store_chunks(self.database, chunks, user)
        for name, tag, body in bodies:
            payload = read_payload(body, tag)
            assert payload is not None, body
            if name not in self._known:
                self.expected += payload
            self._known |= {name} - {""}

    def check(self) -> None:
        assert b"".join(stored(self.database).values()) == self.expected


def test_the_forward_receiver(receive: Callable[..., Receiver], policies: Database) -> None:
    reckoning = Reckoning(policies)
    with receive(store=reckoning.store) as receiver:
        for source in map(random.Random, range(STORED_EXAMPLES)):
            names = [f"{source.random()}" for _ in range(source.randrange(1, 4))]
            data = mutate(source, b"".join(make_message(source, name) for name in names))
            talk(receiver.port, data)
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as client:
            client.sendall(msgpack.packb(["pydata", 1, {"message": b"alive"}, {"chunk": "last"}]))
            assert msgpack.unpackb(client.recv(1000)) == {"ack": "last"}
    assert reckoning.expected.endswith(b"alive") and len(reckoning.expected) > 100
    reckoning.check()


def talk(port: int, data: bytes) -> None:
    """Send bytes, and wait until the receiver has done with them."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
        contextlib.suppress(ConnectionError),
    ):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def test_publications_of_mqtt(policies: Database) -> None:
    delivery = MessageDelivery(policies, configure())
    expected = b""
    for source in map(random.Random, range(STORED_EXAMPLES)):
        topic = "".join(map(chr, source.choices([*range(1, 200), 0x20AC, 0x1F600], k=source.randrange(1, 300))))
        payload = mutate(source, make_body(source))
        with contextlib.suppress(WendelinError):
            delivery.store([Message(topic, payload, 1, source.randrange(1, 65536), source.random() < 0.1)])
            expected += payload
    assert stored(policies) == {"pydata.pydata": expected}


def test_a_body_is_read_alike_from_memory_and_from_a_file(tmp_path: Any) -> None:
    for source in map(random.Random, range(EXAMPLES // 4)):
        body = mutate(source, make_body(source) * source.choice([1, 30]))
        (tmp_path / "body").write_bytes(body)
        with open(tmp_path / "body", "rb") as file:
            found = []
            for data in (body, Body(file), Body(memoryview(body))):
                try:
                    found.append(b"".join(iter_bytes(data, "pydata")))  # type: ignore[arg-type]
                except (BadRequest, RequestTooLarge) as error:
                    found.append(str(error).encode())
        assert found[0] == found[1] == found[2]
