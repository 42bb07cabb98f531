"""What the operation "bytes as they are" appends for a chunk, and what it has to be, written down independently."""

from __future__ import annotations

import json
from typing import Any

import msgpack
import numpy

from wendelin.plugins.ingestion.formats import lines
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.json_text import to_json

TAG = "t"


def payload_of(data: bytes | Body, tag: str = TAG) -> bytes:
    """As production reads it."""
    return b"".join(lines.iter_bytes(data, tag))


def json_line(time: Any, record: Any, metadata: Any = None, tag: str = TAG) -> bytes:
    """The line of a record that is more than a payload."""
    if isinstance(time, msgpack.ExtType):
        nanoseconds = int.from_bytes(time.data[:4], "big") * 10**9 + int.from_bytes(time.data[4:], "big")
    elif isinstance(time, msgpack.Timestamp):
        nanoseconds = time.to_unix_nano()
    else:
        nanoseconds = round(time * 10**9)
    parts = {"time": f"{numpy.datetime64(nanoseconds, 'ns')}Z", "tag": tag}
    parts |= {"metadata": json.loads(to_json(metadata))} if metadata else {}
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return f'{text[:-1]},"record":{to_json(record)}}}\n'.encode()


def expected_payload(event: list[Any], tag: str = TAG) -> bytes:
    """What one event adds: the bytes of a plain record, else its line."""
    head, record = event
    time, metadata = head if isinstance(head, list) else (head, None)
    value = record
    if isinstance(record, dict):
        names = [name for name in ("message", "log", b"message", b"log") if name in record]
        extra = set(record) - set(names[:1]) - {"topic", "qos", "retain"}
        value = record[names[0]] if names and not extra else None
        value = value if len(record) == 1 or names else None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else json_line(time, record, metadata, tag)
