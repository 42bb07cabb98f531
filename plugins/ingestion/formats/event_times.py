"""The moments that events carry: whether they tell a chunk that is sent again from equal measurements."""

from __future__ import annotations

import math

import msgpack

from wendelin.plugins.ingestion.formats.body import Body

START = 64  # bytes in which the time of the first event stands
DEEPEST = 4  # arrays around it: those of all events, of the event, and of the time with its metadata
EVENT_TIME = 0  # the ext type of Fluentd


def has_exact_time(body: Body) -> bool:
    """Whether the first event of a chunk has a time with a fraction of a second.

    What measures has it from a clock, and never gives it twice. Whole seconds, text and raw bytes say nothing: a sensor
    that sends ``21.5`` three times has three measurements.
    """
    start = bytes(next(iter(body.blocks(START)), b""))
    if not start or not (0x90 <= start[0] <= 0x9F or start[0] in (0xDC, 0xDD)):
        return False
    unpacker = msgpack.Unpacker(ext_hook=msgpack.ExtType, timestamp=0, raw=True)
    unpacker.feed(start)
    try:
        for _ in range(DEEPEST):
            place = unpacker.tell()
            first = start[place] if place < len(start) else 0
            if not (0x90 <= first <= 0x9F or first in (0xDC, 0xDD)):
                break
            unpacker.read_array_header()
        return _has_fraction(unpacker.unpack())
    except (ValueError, msgpack.OutOfData, msgpack.UnpackException):
        return False


def _has_fraction(time: object) -> bool:
    if isinstance(time, float):
        return math.isfinite(time) and time % 1 != 0
    if isinstance(time, msgpack.Timestamp):
        return bool(time.nanoseconds)
    if isinstance(time, msgpack.ExtType) and time.code == EVENT_TIME and len(time.data) == 8:
        return any(time.data[4:])
    return False
