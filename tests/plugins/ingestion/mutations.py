"""Valid chunks and messages, mutations of them, and what a reader made from the specification finds in a chunk."""

from __future__ import annotations

import gzip
import math
import random
from typing import Any

import msgpack
from msgpack.fallback import Unpacker

from tests.plugins.ingestion.payloads import expected_payload
from wendelin.core.errors import BadRequest

HEADERS = [bytes([code]) + b"\xff" * 4 for code in (0xC6, 0xC9, 0xDB, 0xDD, 0xDF)] + [
    b"\x80",
    b"\x90",
    b"\xc1",
    b"\xcb\x7f\xf8" + bytes(6),
    b"\xdd\x00\x10\x00\x00",
    b"\x91" * 1100,
    b"\xd6\xff\x00\x00\x00\x01",
]


def make_event(source: random.Random) -> list[Any]:
    """One of the forms that clients send."""
    time = source.choice([msgpack.ExtType(0, source.randbytes(8)), source.randrange(2**32), msgpack.Timestamp(5, 7)])
    payload = source.randbytes(source.choice([0, 3, 40, 300, 70_000] if source.random() < 0.02 else [0, 3, 40, 300]))
    record: Any = source.choice(
        [
            {"message": payload},
            {"message": "text \u00e9", "host": "a"},
            {"log": payload, "stream": "stdout"},
            {"t": 21.5, "list": [1, None, [True, payload]], "map": {"deep": {"er": -1}}},
        ]
    )
    return [[time, {"k": "v"}], record] if source.random() < 0.2 else [time, record]


def make_events(source: random.Random) -> list[Any]:
    """Some events; sometimes many that are alike."""
    if source.random() < 0.3:
        size = source.choice([10, 100])
        return [[n, {"message": source.randbytes(size)}] for n in range(2**31, 2**31 + source.randrange(60))]
    return [make_event(source) for _ in range(source.randrange(1, 6))]


def make_body(source: random.Random) -> bytes:
    """A chunk as HTTP takes it."""
    events = make_events(source)
    if source.random() < 0.2:
        return bytes(msgpack.packb(events))
    return b"".join(msgpack.packb(event, use_bin_type=source.random() < 0.8) for event in events)


def make_message(source: random.Random, chunk_id: str) -> bytes:
    """A message of the forward protocol, in any mode."""
    option: dict[str, Any] = {"chunk": chunk_id} if source.random() < 0.6 else {}
    mode = source.randrange(4)
    if mode == 0:
        message = ["pydata", *make_event(source)]
    elif mode == 1:
        message = ["pydata", make_events(source)]
    elif mode == 2:
        message = ["pydata", make_body(source)]
    else:
        message = ["pydata", b"".join(gzip.compress(make_body(source)) for _ in range(source.randrange(1, 4)))]
        option["compressed"] = "gzip"
    return bytes(msgpack.packb([*message, option] if option else message, use_bin_type=source.random() < 0.7))


def mutate(source: random.Random, data: bytes) -> bytes:
    """Some bytes changed, cut, doubled, put elsewhere, or headers put in that promise much; at times nothing."""
    found = bytearray(data)
    for _ in range(source.choice([0, 1, 1, 1, 2, 6])):
        at, end = sorted(source.randrange(len(found) + 1) for _ in range(2))
        end = min(end, at + source.choice([1, 8, 1000]))
        kind = source.randrange(6)
        if kind == 0:
            found[at:end] = source.randbytes(end - at)
        elif kind == 1:
            del found[at:end]
        elif kind == 2:
            found[at:at] = found[at:end]
        elif kind == 3:
            found[at:at] = source.choice(HEADERS)
        elif kind == 4:
            found[at : at + 5] = source.choice(HEADERS)
        else:
            del found[at:]
    return bytes(found)


# -- the other reader: pure Python, all at once


def read_payload(body: bytes, tag: str = "t") -> bytes | None:
    """What a chunk carries, None when it has to be refused."""
    unpacker = Unpacker(raw=False, unicode_errors="surrogateescape", max_buffer_size=len(body) + 1)
    unpacker.feed(body)
    found, position = [], 0
    try:
        for item in unpacker:
            position = unpacker.tell()
            found.append(item)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    if position != len(body):
        return None
    payload = b""
    for item in found:
        events = [item] if is_event(item) else item
        if not isinstance(events, list) or not all(map(is_event, events)):
            return None
        try:
            payload += b"".join(expected_payload(event, tag) for event in events if not is_mark(event))
        except (BadRequest, OverflowError):  # nested too deeply, or a time beyond all years
            return None
    return payload


def is_event(item: Any) -> bool:
    if not isinstance(item, list) or len(item) != 2:
        return False
    time, record = item
    if isinstance(time, list):
        return len(time) == 2 and is_time(time[0]) and isinstance(time[1], dict) and isinstance(record, dict)
    return is_time(time) and isinstance(record, (dict, str, bytes))


def is_time(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, msgpack.ExtType):
        return value.code == 0 and len(value.data) == 8
    return isinstance(value, (int, msgpack.Timestamp)) or (isinstance(value, float) and math.isfinite(value))


def is_mark(event: list[Any]) -> bool:
    time, record = event[0][0] if isinstance(event[0], list) else event[0], event[1]
    if not isinstance(record, dict) or {"message", "log", b"message", b"log"} & set(record):
        return False
    if isinstance(time, msgpack.ExtType):
        return time.data[:3] == b"\xff" * 3 and time.data[3] >= 0xFE
    return time in (-1, -2, 2**64 - 1, 2**64 - 2)
