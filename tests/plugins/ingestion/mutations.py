"""Valid chunks and messages, mutations of them, and what a reader made from the specification finds in a chunk."""

from __future__ import annotations

import base64
import gzip
import json
import math
import random
from datetime import datetime, timedelta
from typing import Any

import msgpack
from msgpack.fallback import Unpacker

LEVELS = 100  # of lists and maps in one another that a line of JSON may have
PAYLOAD_KEYS = {"message", "log", b"message", b"log"}
BESIDE = {"topic", "qos", "retain"}
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


class Refused(Exception):
    """No line of JSON can be made of an event."""


def read_payload(body: bytes, tag: str = "pydata") -> bytes | None:
    """What a policy keeps of a chunk, None when it has to be refused."""
    unpacker = Unpacker(
        raw=False,
        unicode_errors="surrogateescape",
        max_buffer_size=len(body) + 1,
        ext_hook=lambda code, data: tuple.__new__(msgpack.ExtType, (code, data)),  # msgpack's own refuses codes below 0
    )
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
            payload += b"".join(read_event(event, tag) for event in events if not is_mark(event))
        except Refused:
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
    if not isinstance(record, dict) or PAYLOAD_KEYS & set(record):
        return False
    if isinstance(time, msgpack.ExtType):
        return time.data[:3] == b"\xff" * 3 and time.data[3] >= 0xFE
    return time in (-1, -2, 2**64 - 1, 2**64 - 2)


def read_event(event: list[Any], tag: str) -> bytes:
    """The bytes of a record that carries nothing else; a line of JSON with all there is in any other event."""
    (time, metadata), record = event[0] if isinstance(event[0], list) else (event[0], {}), event[1]
    value = record
    if isinstance(record, dict):
        carrying = PAYLOAD_KEYS & set(record)
        value = record[min(carrying)] if len(carrying) == 1 and set(record) <= carrying | BESIDE else None
    if isinstance(value, str | bytes):
        return as_bytes(value)
    more = f'"metadata":{write_json(metadata)},' if metadata else ""
    moment = write_moment(nanoseconds(time))
    return f'{{"time":"{moment}","tag":{write_json(tag)},{more}"record":{write_json(record)}}}\n'.encode()


def nanoseconds(time: Any) -> int:
    if isinstance(time, msgpack.Timestamp):
        return time.seconds * 10**9 + time.nanoseconds
    if isinstance(time, msgpack.ExtType):
        return int.from_bytes(time.data[:4], "big") * 10**9 + int.from_bytes(time.data[4:], "big")
    return round(time * 1e9) if isinstance(time, float) else int(time) * 10**9


def write_moment(moment: int) -> str:
    if not -(2**63) < moment < 2**63:
        raise Refused
    return f"{(datetime(1970, 1, 1) + timedelta(seconds=moment // 10**9)).isoformat()}.{moment % 10**9:09}Z"


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def write_json(value: Any, levels: int = LEVELS) -> str:
    """JSON of a value of msgpack, written piece by piece."""
    if isinstance(value, dict | list) and not levels:
        raise Refused
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, item in value.items():
            written = write_json(key)
            name = written.replace('":"', '": "') if written.startswith("{") else json.loads(written)
            free = next(free for n in range(64) if (free := name + "'" * (2**n - 1)) not in found)
            found[free] = write_json(item, levels - 1)
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{item}" for name, item in found.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_json(item, levels - 1) for item in value) + "]"
    return write_scalar(value)


def write_scalar(value: Any) -> str:
    if isinstance(value, str | bytes):
        try:
            return json.dumps(as_bytes(value).decode("utf-8"), ensure_ascii=False)
        except UnicodeDecodeError:
            return f'{{"base64":"{base64.b64encode(as_bytes(value)).decode()}"}}'
    if isinstance(value, msgpack.Timestamp):
        try:
            return f'"{write_moment(nanoseconds(value))}"'
        except Refused:
            value = (-1, value.to_bytes())
    if isinstance(value, tuple):  # extension types are some
        return f'{{"ext_type":{value[0]},"base64":"{base64.b64encode(value[1]).decode()}"}}'
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return json.dumps(value)
