"""The moments that events carry: whether they tell repeats from equal measurements, and chunks' order."""

from __future__ import annotations

import math
from typing import TypeGuard

import msgpack

from wendelin.plugins.ingestion.formats.body import Body

START = 64  # bytes in which the time of the first event stands
DEEPEST = 4  # arrays around it: those of all events, of the event, and of the time with its metadata
EVENT_TIME = 0  # the ext type of Fluentd
SECOND = 10**9  # nanoseconds
LATEST = 1 << 34  # seconds since 1970 that a msgpack timestamp of 64 bits can tell


def has_exact_time(body: Body) -> bool:
    """Whether the first event of a chunk has a time with a fraction of a second.

    What measures has it from a clock, and never gives it twice. Whole seconds, text and raw bytes say nothing: a sensor
    that sends ``21.5`` three times has three measurements.
    """
    return _has_fraction(_first_time(body))


def first_moment(body: Body) -> int | None:
    """The time of the first event of a chunk in nanoseconds since 1970, where its form can tell them.

    Whole seconds may be part of such a form; an integer cannot tell more, so it is no moment.
    """
    time = _first_time(body)
    if isinstance(time, float):
        return int(time) * SECOND + int(time % 1 * SECOND) if 0 <= time < LATEST else None
    if isinstance(time, msgpack.Timestamp):
        return int(time.to_unix_nano())
    if _is_event_time(time):
        return int.from_bytes(time.data[:4], "big") * SECOND + int.from_bytes(time.data[4:], "big")
    return None


def _first_time(body: Body) -> object:
    """What stands where the first event has its time; None for a body of another form."""
    start = bytes(next(iter(body.blocks(START)), b""))
    if not start or not (0x90 <= start[0] <= 0x9F or start[0] in (0xDC, 0xDD)):
        return None
    unpacker = msgpack.Unpacker(ext_hook=msgpack.ExtType, timestamp=0, raw=True)
    unpacker.feed(start)
    try:
        for _ in range(DEEPEST):
            place = unpacker.tell()
            first = start[place] if place < len(start) else 0
            if not (0x90 <= first <= 0x9F or first in (0xDC, 0xDD)):
                break
            unpacker.read_array_header()
        found: object = unpacker.unpack()
    except (ValueError, msgpack.OutOfData, msgpack.UnpackException):
        return None
    return found


def _is_event_time(time: object) -> TypeGuard[msgpack.ExtType]:
    return isinstance(time, msgpack.ExtType) and time.code == EVENT_TIME and len(time.data) == 8


def _has_fraction(time: object) -> bool:
    if isinstance(time, float):
        return math.isfinite(time) and time % 1 != 0
    if isinstance(time, msgpack.Timestamp):
        return bool(time.nanoseconds)
    return _is_event_time(time) and any(time.data[4:])
