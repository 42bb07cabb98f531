"""The msgpack event streams that log forwarders send, and the bytes that their records carry.

A chunk is events one after another, with nothing around them. Shapes of one event, as real clients send them:

- Fluentd: ``[time, record]``; time is an integer, or ext type 0 with 8 bytes (seconds, nanoseconds, big-endian);
- Fluent Bit from 2.1 on: ``[[time, metadata], record]``, and the events of one body may stand in an outer array.

A record is a map; old clients also send bare bytes or text. Binary data may come as ``bin`` or, from clients older than
that type, as ``str``: both give the same bytes back, whatever they hold (``surrogateescape``).
"""

from __future__ import annotations

import contextlib
import json
import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgpack
import numpy

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats.body import Body, torn
from wendelin.plugins.ingestion.formats.equal_events import iter_run_payload

FEED_SIZE = 1 << 20  # bytes that the unpacker is given at a time
BATCH_SIZE = 1 << 20  # bytes of payload that are put together before they are handed on
PAYLOAD_KEYS = ("message", "log", b"message", b"log")
_EVENT_TIME = struct.Struct(">II")
_UNREADABLE = (ValueError, TypeError, OverflowError)
_NANOSECONDS = 1_000_000_000
_TIMES = frozenset({int, float, msgpack.ExtType, msgpack.Timestamp})
EventTime: TypeAlias = int | float | msgpack.ExtType | msgpack.Timestamp


def unpack_lazy(data: bytes | Body, use_list: bool = True, start: int = 0) -> Iterator[Any]:
    """The objects of a msgpack stream, one by one, from byte ``start`` on, where one begins.

    Raises `BadRequest` at the first byte that is not msgpack, and at the end when the last object is torn: a caller
    that writes as it reads relies on its transaction being aborted then.
    """
    unpacker = _unpacker(len(data), use_list)
    try:
        for block in Body.of(data).blocks(FEED_SIZE, start):  # the unpacker copies what it is fed
            unpacker.feed(block)
            yield from unpacker
    except BadRequest:
        raise
    except _UNREADABLE as error:
        position = _end_of_last(data, start)
        raise BadRequest(f"the body is not msgpack: byte {position} starts something unreadable ({error})") from error
    if not _is_between(unpacker):
        raise torn(_end_of_last(data, start))


def _is_between(unpacker: msgpack.Unpacker) -> bool:
    """Whether all that was fed is unpacked: then a further nil is an object, else it is a part of one."""
    unpacker.feed(b"\xc0")
    try:
        return unpacker.unpack() is None
    except (msgpack.OutOfData, *_UNREADABLE):  # the nil may also complete the length of something too large
        return False


def _end_of_last(data: bytes | Body, start: int) -> int:
    """Where the last complete object from ``start`` on ends. To ask after each object costs as much as to unpack it."""
    unpacker = _unpacker(len(data), True)
    position = 0
    with contextlib.suppress(*_UNREADABLE):
        for block in Body.of(data).blocks(FEED_SIZE, start):
            unpacker.feed(block)
            for _item in unpacker:
                position = unpacker.tell()
    return start + position


def unpack_complete(data: bytes) -> tuple[list[Any], int]:
    """The complete objects at the beginning of ``data``, and how many bytes they take; a torn rest is left alone."""
    unpacker = _unpacker(len(data), True)
    unpacker.feed(data)
    found, position = [], 0
    for item in unpacker:
        found.append(item)
        position = unpacker.tell()
    return found, position


def _unpacker(size: int, use_list: bool) -> msgpack.Unpacker:
    return msgpack.Unpacker(
        raw=False,
        unicode_errors="surrogateescape",
        strict_map_key=False,
        use_list=use_list,
        ext_hook=_ext_type,
        max_buffer_size=max(size, FEED_SIZE) + 1,
    )


def _ext_type(code: int, data: bytes) -> msgpack.ExtType:
    """What msgpack makes of an ext type, without its checks: every event has one."""
    return tuple.__new__(msgpack.ExtType, (code, data))


def iter_event(data: bytes | Body) -> Iterator[tuple[Any, Any]]:
    """The events of a chunk as ``(time, record)``, outer arrays opened, Fluent Bit's metadata dropped."""
    for item in unpack_lazy(data):
        for event in _events_in(item):
            yield _time_of(event), event[1]


def iter_whole_event(data: bytes | Body, start: int = 0) -> Iterator[tuple[Any, dict[Any, Any], Any]]:
    """The events from byte ``start`` on as ``(time, metadata, record)``; metadata is Fluent Bit's, else empty."""
    for item in unpack_lazy(data, start=start):
        yield from whole_events_in(item)


def whole_events_in(item: object) -> Iterator[tuple[Any, dict[Any, Any], Any]]:
    """The events that one object of a chunk is or holds, as `iter_whole_event` gives them."""
    for event in _events_in(item):
        head = event[0]
        yield (head[0], head[1], event[1]) if isinstance(head, list) else (head, {}, event[1])


def _events_in(item: object) -> list[Any]:
    """The events that one object of a chunk is or holds."""
    if _is_event(item):
        return [item]
    if isinstance(item, list) and all(map(_is_event, item)):
        return item
    raise BadRequest("the body holds msgpack, but not events: each must be [time, record]")


def _iter_record_payload(data: bytes | Body) -> Iterator[bytes | memoryview]:
    """`record_payload` of every event; what nearly all events are is looked at with as few steps as can be."""
    body = Body.of(data)
    start = yield from iter_run_payload(body)
    for item in unpack_lazy(body, start=start):
        if type(item) is list and len(item) == 2 and type(item[0]) in _TIMES and type(item[1]) is dict:
            value = item[1].get("message")
            if type(value) is bytes:
                yield value
                continue
        for event in _events_in(item):
            yield record_payload(event[1])


def _is_event(item: object) -> bool:
    if not isinstance(item, list) or len(item) != 2:
        return False
    head, record = item
    if isinstance(head, list):
        return len(head) == 2 and _is_time(head[0]) and isinstance(head[1], dict) and isinstance(record, dict)
    return _is_time(head)


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float, msgpack.ExtType, msgpack.Timestamp)) and not isinstance(value, bool)


def _time_of(event: list[Any]) -> Any:
    return event[0][0] if isinstance(event[0], list) else event[0]


def record_payload(record: object) -> bytes:
    """The bytes that a record carries: its ``message`` or ``log``; itself when it is bytes or text; else JSON."""
    value: object = record
    if isinstance(record, dict):
        value = record.get("message")
        if isinstance(value, bytes):
            return value  # what nearly all records are
        value = next((record[key] for key in PAYLOAD_KEYS if key in record), None)
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return encode_text(value)
    return encode_text(json.dumps(_plain(record), ensure_ascii=False, separators=(",", ":"))) + b"\n"


def record_text(record: object) -> bytes:
    """A record as the original's conversion stores it: bytes and text as they are, anything else as Python shows it."""
    if isinstance(record, bytes):
        return record
    return encode_text(str(record))


def encode_text(text: str) -> bytes:
    """The exact bytes that msgpack text was made of."""
    return text.encode("utf-8", "surrogateescape")


def _plain(value: object) -> object:
    """``value`` with what JSON cannot express turned into text or numbers."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, msgpack.Timestamp):
        return value.to_unix()
    if isinstance(value, msgpack.ExtType):
        return _plain(value.data)
    return value


def iter_payload(data: bytes | Body, batch_size: int = BATCH_SIZE) -> Iterator[bytes | memoryview]:
    """The payloads of a chunk's records, joined into pieces of about ``batch_size`` bytes."""
    return _batched(_iter_record_payload(data), batch_size)


def iter_text(data: bytes | Body, batch_size: int = BATCH_SIZE) -> Iterator[bytes | memoryview]:
    """The records of a chunk as text (`record_text`), joined into pieces of about ``batch_size`` bytes."""
    return _batched((record_text(record) for _time, record in iter_event(data)), batch_size)


def _batched(pieces: Iterator[bytes | memoryview], batch_size: int) -> Iterator[bytes | memoryview]:
    batch: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece)
        if size >= batch_size:
            yield _joined(batch)
            batch, size = [], 0
    if size:
        yield _joined(batch)


def _joined(batch: list[bytes | memoryview]) -> bytes | memoryview:
    return batch[0] if len(batch) == 1 else b"".join(batch)


def extract_date_time(holder: EventTime) -> numpy.datetime64:
    """The time of an event as ``datetime64[ns]`` (UTC): seconds, an EventTime of ext type 0, or a msgpack timestamp."""
    if isinstance(holder, msgpack.Timestamp):
        return numpy.datetime64(holder.to_unix_nano(), "ns")
    if isinstance(holder, msgpack.ExtType):
        if holder.code != 0 or len(holder.data) != _EVENT_TIME.size:
            raise BadRequest(f"ext type {holder.code} with {len(holder.data)} bytes is not an EventTime")
        seconds, nanoseconds = _EVENT_TIME.unpack(holder.data)
        return numpy.datetime64(seconds * _NANOSECONDS + nanoseconds, "ns")
    if isinstance(holder, float):
        return numpy.datetime64(round(holder * _NANOSECONDS), "ns")
    return numpy.datetime64(int(holder) * _NANOSECONDS, "ns")
