"""The four modes over sockets: all take and refuse the same, whatever the size and the type of what is packed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from tests.plugins.ingestion.forward_fixtures import *  # noqa: F403
from tests.plugins.ingestion.forward_fixtures import Receiver, stored
from tests.plugins.ingestion.receivers.forward.test_server import Client
from wendelin.core.database import Database


@pytest.mark.parametrize("use_bin", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_large_packed_chunks(
    receive: Callable[..., Receiver], policies: Database, use_bin: bool, compressed: bool
) -> None:
    """Some reads long, of bytes that are no text, as Fluentd (str) and Fluent Bit (bin) send them."""
    pieces = [os.urandom(2048) for _ in range(600)]
    packed = b"".join(msgpack.packb([msgpack.ExtType(0, bytes(8)), {"message": piece}]) for piece in pieces)
    option: dict[str, Any] = {"chunk": "one", "size": len(pieces)}
    if compressed:
        half = len(packed) // 600 * 300
        packed = gzip.compress(packed[:half]) + gzip.compress(packed[half:])
        option["compressed"] = "gzip"
    with receive() as receiver, Client(receiver) as client:
        message = msgpack.packb(["pydata", packed, option], use_bin_type=use_bin)
        client.socket.sendall(message + msgpack.packb(["pydata", 1, {"message": b"end"}, {"chunk": "two"}]))
        assert [client.receive(), client.receive()] == [{"ack": "one"}, {"ack": "two"}]
    assert stored(policies) == {"pydata.pydata": b"".join(pieces) + b"end"}


EVERY_MODE = {
    "Message": lambda event: ["pydata", *event],
    "Forward": lambda event: ["pydata", [event]],
    "PackedForward": lambda event: ["pydata", msgpack.packb(event)],
    "CompressedPackedForward": lambda event: ["pydata", gzip.compress(msgpack.packb(event)), {"compressed": "gzip"}],
}


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_every_mode_takes_and_refuses_the_same(receive: Callable[..., Receiver], policies: Database, mode: str) -> None:
    """As HTTP does: tests/plugins/ingestion/formats/test_event_stream.py and test_lines.py."""
    taken = [
        [1, {"message": b"1;"}],
        [1.5, {"message": "2;"}],
        [msgpack.ExtType(0, bytes(8)), {"log": b"3;"}],
        [msgpack.Timestamp(1, 2), {"message": b"4;"}],
        [1, {"t": float("nan")}],
    ]
    refused = [
        [None, {"message": b"x"}],
        [float("inf"), {"message": b"x"}],
        [float("nan"), {"message": b"x"}],
        [msgpack.ExtType(0, b"short"), {"message": b"x"}],
        [msgpack.ExtType(9, bytes(8)), {"message": b"x"}],
        [1, 5],
        [1, {"message": {2: b"x"}}],
        [1, {"a": 1, 2: "x"}],
    ]
    with receive() as receiver:
        for number, event in enumerate(taken + refused):
            message = EVERY_MODE[mode](event)
            option = message.pop() if isinstance(message[-1], dict) and "compressed" in message[-1] else {}
            with Client(receiver) as client:
                client.send([*message, {**option, "chunk": str(number)}])
                assert client.receive() == ({"ack": str(number)} if number < len(taken) else None), event
    line = b'{"time":"1970-01-01T00:00:01.000000000Z","tag":"pydata","record":{"t":null}}\n'
    assert stored(policies) == {"pydata.pydata": b"1;2;3;4;" + line}
