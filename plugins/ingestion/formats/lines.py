"""What the shipped operations append for the records of a chunk: bytes, lines of text, or lines of JSON.

A record is *plain* when it is bytes or text, or a map that carries bytes or text under ``message`` or ``log`` and
nothing beside it but what a broker says of a message. Of all others nothing is left out: they become a line of JSON
with the event's time and the tag.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats import json_bodies
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.equal_events import iter_run_payload
from wendelin.plugins.ingestion.formats.event_forms import PAYLOAD_KEYS, is_time
from wendelin.plugins.ingestion.formats.event_stream import (
    BATCH_SIZE,
    batched,
    event_moment,
    iter_item,
    iter_whole_event,
    whole_events_in,
)
from wendelin.plugins.ingestion.formats.json_text import encode_text, to_json

ENVELOPE = frozenset({"topic", "qos", "retain"})  # what the MQTT client writes beside a payload

Piece = bytes | memoryview


def iter_bytes(data: bytes | Body, tag: str) -> Iterator[Piece]:
    """Exactly what plain records carry, one after another; other records, and those of a JSON body, as lines."""
    body = Body.of(data)
    if json_bodies.is_json(body):
        return _joined(_iter_json_records(body))
    _require_events(body)
    return _joined(_iter_payload(body, tag))


def iter_text_lines(data: bytes | Body, tag: str, is_part: bool = False) -> Iterator[Piece]:
    """Each plain record as a line, other records as lines of JSON. A body that is no msgpack is text as it stands.

    A part of a file, which may end within a line, stays what it is.
    """
    body = Body.of(data)
    if is_part:
        return _joined(_iter_payload(body, tag)) if begins_as_events(body) else iter(body.blocks())
    return _joined(_iter_event_lines(body, tag)) if begins_as_events(body) else _iter_text(body)


def iter_json_lines(data: bytes | Body, tag: str, is_part: bool = False) -> Iterator[Piece]:
    """Each record as ``{"time": ..., "tag": ..., "record": ...}``; the time of a JSON body is that of its arrival.

    Raises `BadRequest` for a part of a file, which is no record.
    """
    body = Body.of(data)
    if is_part:
        raise BadRequest("this policy keeps JSON lines, not files: send the file to one that keeps bytes or text lines")
    if json_bodies.is_json(body):
        now = numpy.datetime64(time.time_ns(), "ns")
        return _joined(_line(now, tag, {}, record) for record in json_bodies.iter_record(body))
    _require_events(body)
    return _joined(json_line(moment, tag, metadata, record) for moment, metadata, record in iter_whole_event(body))


# -- bodies


def begins_as_events(body: Body) -> bool:
    """Whether the first byte begins a msgpack array, as every event does; no JSON and no ASCII text does."""
    first = bytes(next(iter(body.blocks(1)), b"\x90"))[0]
    return 0x90 <= first <= 0x9F or first in (0xDC, 0xDD)


def _require_events(body: Body) -> None:
    if not begins_as_events(body) and bytes(next(iter(body.blocks(1))))[0] < 0x80:
        raise BadRequest(
            "the body is neither msgpack events nor JSON. For plain text let the policy use the data operation "
            "wendelin_ingest_text_lines; for bytes as they come wendelin_ingest_data"
        )


def _iter_json_records(body: Body) -> Iterator[bytes]:
    for record in json_bodies.iter_record(body):
        yield record.encode() + b"\n"


def _iter_text(body: Body) -> Iterator[Piece]:
    last = b""
    for block in body.blocks():
        yield block
        last = bytes(block[-1:])
    if last != b"\n":
        yield b"\n"


# -- events


def _iter_payload(body: Body, tag: str) -> Iterator[Piece]:
    """What nearly all records are, one payload and nothing else, is looked at with as few steps as can be."""
    start = yield from iter_run_payload(body)
    for item in iter_item(body, start):
        if type(item) is list and len(item) == 2 and type(item[1]) is dict and len(item[1]) == 1:
            value = item[1].get("message")
            if type(value) is bytes and is_time(item[0]):
                yield value
                continue
        for moment, metadata, record in whole_events_in(item):
            payload = plain_payload(record)
            yield json_line(moment, tag, metadata, record) if payload is None else payload


def _iter_event_lines(body: Body, tag: str) -> Iterator[Piece]:
    for moment, metadata, record in iter_whole_event(body):
        payload = plain_payload(record)
        if payload is None:
            yield json_line(moment, tag, metadata, record)
        else:
            yield payload if payload.endswith(b"\n") else payload + b"\n"


def plain_payload(record: object) -> bytes | None:
    """The bytes of a plain record; None for any other."""
    value: object = record
    if isinstance(record, dict) and len(record) == 1:
        ((key, value),) = record.items()  # nearly all plain records
        if key not in PAYLOAD_KEYS:
            return None
    elif isinstance(record, dict):
        key = next((key for key in PAYLOAD_KEYS if key in record), None)
        if key is None or not record.keys() - {key} <= ENVELOPE:
            return None
        value = record[key]
    if isinstance(value, str):
        return encode_text(value)
    return value if isinstance(value, bytes) else None


def json_line(moment: Any, tag: str, metadata: dict[Any, Any], record: object) -> bytes:
    """An event as a line of JSON, nothing left out; raises `BadRequest` for a time that is none."""
    return _line(event_moment(moment), tag, metadata, to_json(record))


def _line(when: numpy.datetime64, tag: str, metadata: dict[Any, Any], record: str) -> bytes:
    more = f'"metadata":{to_json(metadata)},' if metadata else ""
    return f'{{"time":"{_time_text(int(when.astype(int)))}","tag":{to_json(tag)},{more}"record":{record}}}\n'.encode()


def _time_text(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{_second_text(seconds)}.{fraction:09d}Z"


@lru_cache(1024)  # the events of a second are many
def _second_text(seconds: int) -> str:
    return str(numpy.datetime64(seconds, "s"))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    return batched(pieces, BATCH_SIZE)
