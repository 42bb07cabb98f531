"""The forward receiver over sockets: acknowledgements after the commit, faults, hostile peers, rights."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgpack
import pytest
from transaction.interfaces import TransientError

from tests.plugins.ingestion.forward_fixtures import *  # noqa: F403
from tests.plugins.ingestion.forward_fixtures import Receiver, stored, wait_for_size
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.receivers.batches import store_chunks
from wendelin.plugins.ingestion.receivers.forward import connection
from wendelin.plugins.ingestion.receivers.forward.configuration import read_configuration


class Client:
    """A client of the protocol, over a plain socket."""

    def __init__(self, receiver: Receiver, **options: Any) -> None:
        self.socket = socket.create_connection(("127.0.0.1", receiver.port), timeout=20)
        if "tls" in options:
            self.socket = options["tls"].wrap_socket(self.socket, server_hostname="localhost")
        self.unpacker = msgpack.Unpacker()

    def send(self, *messages: Any) -> None:
        self.socket.sendall(b"".join(map(msgpack.packb, messages)))

    def receive(self) -> Any:
        """The next answer; None at the end of the connection."""
        while True:
            for message in self.unpacker:
                return message
            data = self.socket.recv(65536)
            if not data:
                return None
            self.unpacker.feed(data)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()


def events(*messages: bytes) -> list[Any]:
    return [[1, {"message": message}] for message in messages]


def test_an_acknowledged_chunk_is_committed(receive: Callable[..., Receiver], policies: Database) -> None:
    with receive() as receiver, Client(receiver) as client:
        client.send(["pydata", events(b"a", b"\xff"), {"chunk": "one"}])
        assert client.receive() == {"ack": "one"}
        assert stored(policies) == {"pydata.pydata": b"a\xff"}


def test_a_chunk_that_is_sent_again_is_acknowledged_and_stored_once(
    receive: Callable[..., Receiver], policies: Database
) -> None:
    for _ in range(2):  # the second receiver knows of the first only what the database has
        with receive() as receiver, Client(receiver) as client:
            client.send(*[["pydata", events(b"once"), {"chunk": "one"}]] * 2)
            assert [client.receive(), client.receive()] == [{"ack": "one"}] * 2
    assert stored(policies) == {"pydata.pydata": b"once"}


def test_equal_messages_without_an_id_are_all_stored(receive: Callable[..., Receiver], policies: Database) -> None:
    with receive() as receiver:
        for _ in range(2):
            with Client(receiver) as client:
                client.send(["pydata", 1, {"message": b"x"}])
        wait_for_size(policies, 2)
    assert stored(policies) == {"pydata.pydata": b"xx"}


def test_messages_keep_their_order_and_are_stored_together(
    receive: Callable[..., Receiver], policies: Database
) -> None:
    calls: list[int] = []

    def store(chunks: Any, user: str) -> None:
        calls.append(len(chunks))
        time.sleep(0.05)  # more arrive meanwhile
        store_chunks(policies, chunks, user)

    numbers = [struct.pack(">I", number) for number in range(2000)]
    with receive(store=store) as receiver, Client(receiver) as client:
        for number in numbers[:1000]:
            client.send(["pydata", 1, {"message": number}])
        for number in numbers[1000:]:
            client.send(["pydata", 1, {"message": number}, {"chunk": number}])
        assert [client.receive()["ack"] for _ in range(1000)] == numbers[1000:]
    assert stored(policies) == {"pydata.pydata": b"".join(numbers)}
    assert len(calls) < 400


def test_a_refused_chunk_is_not_acknowledged_and_harms_no_other(
    receive: Callable[..., Receiver], policies: Database
) -> None:
    with receive() as receiver, Client(receiver) as client:
        client.send(
            *[["pydata", 1, {"message": b"%d" % number}] for number in range(5)],
            ["nobody", 1, {"message": b"lost"}],
            ["pydata", b"\xc1\xc1"],
            ["other", events(b"not allowed")],
            ["pydata", events(b"good"), {"chunk": "good"}],
            ["nobody", events(b"bad"), {"chunk": "bad"}],
        )
        assert client.receive() == {"ack": "good"}
        assert client.receive() is None
    assert stored(policies) == {"pydata.pydata": b"01234good"}


def test_the_database_away_for_a_while_loses_nothing(receive: Callable[..., Receiver], policies: Database) -> None:
    failures = [TransientError("conflict"), TransientError("again")]

    def store(chunks: Any, user: str) -> None:
        if failures:
            raise failures.pop()
        store_chunks(policies, chunks, user)

    with receive(store=store) as receiver, Client(receiver) as client:
        client.send(["pydata", 1, {"message": b"kept"}], ["pydata", events(b"!"), {"chunk": "x"}])
        assert client.receive() == {"ack": "x"}
    assert stored(policies) == {"pydata.pydata": b"kept!"}


def test_what_was_received_is_stored_when_the_client_leaves_or_the_receiver_stops(
    receive: Callable[..., Receiver], policies: Database
) -> None:
    slow: list[Any] = []

    def store(chunks: Any, user: str) -> None:
        slow.append(chunks)
        time.sleep(0.3)
        store_chunks(policies, chunks, user)

    with receive(store=store) as receiver:
        with Client(receiver) as client:
            client.send(["pydata", 1, {"message": b"1"}])
        stayed = Client(receiver)
        stayed.send(["pydata", 1, {"message": b"2"}])
        deadline = time.monotonic() + 10
        while len(slow) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    stayed.socket.close()
    assert sorted(stored(policies)["pydata.pydata"]) == [ord("1"), ord("2")]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 10_000,
        msgpack.packb(["pydata", 1, {"x": 1}])[:-1] + b"\xc1",
        b"\x93\xa1a\x01\x81\x90\x01",
    ],
)
def test_a_hostile_peer_is_shown_the_door(receive: Callable[..., Receiver], policies: Database, data: bytes) -> None:
    with receive() as receiver:
        with Client(receiver) as client:
            client.socket.sendall(data)
            client.socket.shutdown(socket.SHUT_WR)
            assert client.receive() is None
        with Client(receiver) as client:
            client.send(["pydata", events(b"fine"), {"chunk": "x"}])
            assert client.receive() == {"ack": "x"}
    assert stored(policies) == {"pydata.pydata": b"fine"}


def test_a_message_beyond_the_limit(receive: Callable[..., Receiver], policies: Database) -> None:
    with receive(maximum_size=1 << 20) as receiver, Client(receiver) as client, pytest.raises(OSError):
        for _ in range(100):
            client.socket.sendall(msgpack.packb(["pydata", bytes(5 << 20), {"chunk": "x"}])[: 4 << 20])
            time.sleep(0.05)
    assert stored(policies) == {}


def test_with_a_key_nothing_is_taken_before_the_handshake(receive: Callable[..., Receiver], policies: Database) -> None:
    with receive(shared_key="key") as receiver, Client(receiver) as client:
        assert client.receive()[0] == "HELO"
        client.send(["pydata", events(b"x"), {"chunk": "x"}])
        assert client.receive()[:2] == ["PONG", False]
        assert client.receive() is None
    assert stored(policies) == {}


@pytest.mark.parametrize(
    "first, cause",
    [
        (msgpack.packb(["pydata", 1, {"message": b"x"}]), "the client has none"),
        (b"\x93\xa6pydata\xdb\x00\x80\x00\x00" + bytes(100_000), "the client has none"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
    ],
)
def test_who_makes_no_handshake_is_told_why(
    receive: Callable[..., Receiver], first: bytes, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    with receive(shared_key="key") as receiver, Client(receiver) as client:
        assert client.receive()[0] == "HELO"
        with contextlib.suppress(ConnectionError):
            client.socket.sendall(first)
            pong = client.receive()
            assert pong is None or cause in pong[2]
    assert any(cause in record.getMessage() for record in caplog.records)


def test_a_client_that_waits_for_a_handshake_is_guessed(
    receive: Callable[..., Receiver], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENT_SECONDS", 0.1)
    with receive() as receiver:
        with Client(receiver):
            time.sleep(0.3)
        with Client(receiver) as client:
            client.send(None)
            time.sleep(0.3)
    assert [record.getMessage() for record in caplog.records if "shared key" in record.getMessage()]
    assert len([record for record in caplog.records if "shared key" in record.getMessage()]) == 1


def test_heartbeat(receive: Callable[..., Receiver]) -> None:
    with receive() as receiver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(5)
        probe.sendto(b"\0", ("127.0.0.1", receiver.port))
        assert probe.recv(10) == b"\0"


def test_tls(receive: Callable[..., Receiver], policies: Database, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        [openssl, *command.split(), "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    settings = tmp_path / "forward.toml"
    settings.write_text('user = "sensor"\nport = 0\n[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n')
    context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with (
        Receiver(
            dataclasses.replace(read_configuration(settings), port=0), partial(store_chunks, policies)
        ) as receiver,
        Client(receiver, tls=context) as client,
    ):
        client.send(["pydata", events(b"secret"), {"chunk": "x"}])
        assert client.receive() == {"ack": "x"}
    assert stored(policies) == {"pydata.pydata": b"secret"}


def test_rights_that_were_taken_away_count_at_once(receive: Callable[..., Receiver], policies: Database) -> None:
    with receive() as receiver, Client(receiver) as client:
        client.send(["pydata", events(b"1"), {"chunk": "1"}])
        assert client.receive() == {"ack": "1"}
        with as_user(SYSTEM), policies.transaction() as connection:
            get_site(connection).portal_ingestion_policies["pydata"].manage_setLocalRoles("sensor", [])
        client.send(["pydata", events(b"2"), {"chunk": "2"}])
        assert client.receive() is None
    assert stored(policies) == {"pydata.pydata": b"1"}
