"""The msgpack event streams that log forwarders send, and the bytes that their records carry.

A chunk is events one after another, with nothing around them; `event_forms` says what an event is. The events of one
body may stand in an outer array too. Whatever door they come through, they are read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgpack
import numpy

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_forms import (
    EVENT_SIZE,
    is_event,
    is_group_mark,
    moment_of,
    not_events,
    time_of,
)
from wendelin.plugins.ingestion.formats.json_text import encode_text, too_deep
from wendelin.plugins.ingestion.formats.msgpack_measuring import read_array_header
from wendelin.plugins.ingestion.formats.msgpack_objects import Objects, iter_objects, unpack_measured

BATCH_SIZE = 1 << 20  # bytes of payload that are put together before they are handed on
_EVENT_TIME = struct.Struct(">II")
_NANOSECONDS = 1_000_000_000
EventTime: TypeAlias = int | float | msgpack.ExtType | msgpack.Timestamp


def iter_event(data: bytes | Body) -> Iterator[tuple[Any, Any]]:
    """The events of a chunk as ``(time, record)``, outer arrays opened, Fluent Bit's metadata and marks dropped."""
    for item in iter_item(Body.of(data)):
        for event in _events_in(item):
            if not is_group_mark(event):
                yield time_of(event), event[1]


def iter_item(body: Body, start: int = 0) -> Iterator[Any]:
    """The objects of a chunk from byte ``start`` on, and the events of a long outer array one by one."""
    return iter_objects(body, start, read_large=_read_large)


def _read_large(body: Body, position: int) -> Objects:
    length, first = read_array_header(body, position)
    if length in (-1, EVENT_SIZE):
        item, end = unpack_measured(body, position)
        yield item
        return end
    inner = iter_objects(body, first, count=length)
    while True:
        try:
            event = next(inner)
        except StopIteration as stop:
            return int(stop.value)
        if not is_event(event):
            raise not_events()
        yield event


def iter_whole_event(data: bytes | Body, start: int = 0) -> Iterator[tuple[Any, dict[Any, Any], Any]]:
    """The events from byte ``start`` on as ``(time, metadata, record)``; metadata is Fluent Bit's, else empty."""
    for item in iter_item(Body.of(data), start):
        yield from whole_events_in(item)


def whole_events_in(item: object) -> Iterator[tuple[Any, dict[Any, Any], Any]]:
    """The events that one object of a chunk is or holds, as `iter_whole_event` gives them, without marks of groups."""
    for event in _events_in(item):
        if is_group_mark(event):
            continue
        head = event[0]
        yield (head[0], head[1], event[1]) if isinstance(head, list) else (head, {}, event[1])


def _events_in(item: object) -> list[Any]:
    """The events that one object of a chunk is or holds."""
    if is_event(item):
        return [item]
    if isinstance(item, list) and all(map(is_event, item)):
        return item
    raise not_events()


def record_text(record: object) -> bytes:
    """A record as the original's conversion stores it: bytes and text as they are, anything else as Python shows it."""
    if isinstance(record, bytes):
        return record
    try:
        return encode_text(str(record))
    except RecursionError as error:
        raise too_deep() from error


def iter_text(data: bytes | Body, batch_size: int = BATCH_SIZE) -> Iterator[bytes | memoryview]:
    """The records of a chunk as text (`record_text`), joined into pieces of about ``batch_size`` bytes."""
    return batched((record_text(record) for _time, record in iter_event(data)), batch_size)


def batched(pieces: Iterator[bytes | memoryview], batch_size: int) -> Iterator[bytes | memoryview]:
    """The pieces, joined until there are ``batch_size`` bytes; one that is large enough by itself is not copied."""
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
    """`event_moment`, in whole seconds (``datetime64[s]``) where the sender gave whole ones, as the original has it."""
    moment = event_moment(holder)
    return moment.astype("datetime64[s]") if isinstance(holder, int) else moment


def event_moment(holder: EventTime) -> numpy.datetime64:
    """The time of an event as ``datetime64[ns]`` (UTC): seconds, an EventTime of ext type 0, or a msgpack timestamp.

    Raises `BadRequest` for what is no time, or beyond the years that ``datetime64[ns]`` has.
    """
    try:
        return _moment(holder)
    except (OverflowError, ValueError, TypeError) as error:
        raise BadRequest(f"{str(holder)[:80]} is not the time of an event: {error}") from error


def _moment(holder: EventTime) -> numpy.datetime64:
    if isinstance(holder, msgpack.Timestamp):
        return moment_of(holder.to_unix_nano())
    if isinstance(holder, msgpack.ExtType):
        if holder.code != 0 or len(holder.data) != _EVENT_TIME.size:
            raise ValueError(f"ext type {holder.code} with {len(holder.data)} bytes is not an EventTime")
        seconds, nanoseconds = _EVENT_TIME.unpack(holder.data)
        return moment_of(seconds * _NANOSECONDS + nanoseconds)
    if isinstance(holder, float):
        return moment_of(round(holder * _NANOSECONDS))
    return moment_of(int(holder) * _NANOSECONDS)
