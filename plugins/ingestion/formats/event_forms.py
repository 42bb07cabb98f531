"""What an event is: one notion for all doors (HTTP, the four modes of forward, MQTT).

- Fluentd: ``[time, record]``. Fluent Bit from 2.1 on: ``[[time, metadata], record]``.
- Time is an integer (seconds), a finite float, an EventTime (ext type 0 with 8 bytes: seconds, nanoseconds,
  big-endian) or msgpack's own timestamp (ext type -1).
- A record is a map; old clients also send bare bytes or text. Binary data may come as ``bin`` or, from clients older
  than that type, as ``str``: both give the same bytes back, whatever they hold (``surrogateescape``).

Fluent Bit puts events that belong together (those of an OpenTelemetry resource) between two marks, which have the form
of events: their time is -1 (a group begins; the record tells its resource) or -2 (it ends). They are no events.
"""

from __future__ import annotations

import math
from typing import Any

import msgpack
import numpy

from wendelin.core.errors import BadRequest

EVENT_SIZE = 2  # elements of an event
EVENT_TIME, EVENT_TIME_SIZE = 0, 8
PAYLOAD_KEYS = ("message", "log", b"message", b"log")
MARK_SECONDS = (0xFFFFFFFF, 0xFFFFFFFE)  # -1 and -2 as an EventTime has them
NOT_A_TIME = -(2**63)  # NumPy's NaT
MARK_TIMES = frozenset({-1, -2, 2**64 - 1, 2**64 - 2})


def is_event(item: object) -> bool:
    """Whether an object of msgpack is an event."""
    if not isinstance(item, list) or len(item) != EVENT_SIZE:
        return False
    head, record = item
    if isinstance(head, list):
        wraps = len(head) == EVENT_SIZE and is_time(head[0]) and isinstance(head[1], dict)
        return wraps and isinstance(record, dict)
    return is_time(head) and isinstance(record, (dict, bytes, str))


def is_time(value: object) -> bool:
    """Whether a value is the time of an event."""
    if isinstance(value, msgpack.ExtType):
        return value.code == EVENT_TIME and len(value.data) == EVENT_TIME_SIZE
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (int, msgpack.Timestamp)) and not isinstance(value, bool)


def moment_of(nanoseconds: int) -> numpy.datetime64:
    """So many nanoseconds from 1970 on; raises `OverflowError` beyond the years 1677 and 2262."""
    if nanoseconds == NOT_A_TIME:
        raise OverflowError("NumPy has another meaning for this number")
    return numpy.datetime64(nanoseconds, "ns")


def time_of(event: list[Any]) -> Any:
    """The time of an event, as it was sent."""
    return event[0][0] if isinstance(event[0], list) else event[0]


def is_group_mark(event: list[Any]) -> bool:
    """Whether Fluent Bit's mark of a group has the form of this event. What carries a message is never one."""
    time, record = time_of(event), event[1]
    if isinstance(time, msgpack.ExtType):
        if int.from_bytes(time.data[:4], "big") not in MARK_SECONDS:
            return False
    elif time not in MARK_TIMES:
        return False
    return isinstance(record, dict) and not any(key in record for key in PAYLOAD_KEYS)


def not_events() -> BadRequest:
    """What is raised for msgpack of another form."""
    return BadRequest("the body holds msgpack, but not events: each must be [time, record]")
