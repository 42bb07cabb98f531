"""Equal events: the payloads of a run of events of one size, cut out of the body without unpacking each event.

What reads a file or an instrument in pieces sends events that differ in nothing but their times and payloads: the
same header, byte for byte, at the same distance. A header is looked at once, then compared with those of all events
that follow at that distance; NumPy does both the comparison and the cutting. Whatever has another form, is torn, or
changes its size from event to event is left to the unpacker, which also says what is wrong with it.

Forms (https://github.com/msgpack/msgpack/blob/master/spec.md): ``[time, record]`` and ``[[time, {}], record]``, where
time is an EventTime or an integer of 32 or 64 bits, and the record has one key, ``message`` or ``log``.
"""

from __future__ import annotations

import re
from collections.abc import Generator

import numpy as np

from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.msgpack_measuring import Torn

BLOCK = 4 << 20  # bytes of a body that are looked at together
GLANCE = 16  # events that are compared first: in most bodies whose events are not equal, these differ already
LONG_RUN = 64 << 10  # a run of fewer events than `GLANCE` pays off when it has at least as many bytes
SHORT_RUNS = 4  # after as many runs in a row that do not pay off, the rest is left to the unpacker

HEADER = re.compile(
    rb"\x92(\x92)?"
    rb"(?:(?:\xd7\x00|\xc7\x08\x00|\xcf|\xd3)(.{8})|[\xce\xd2](.{4}))"
    rb"(?(1)\x80)\x81(?:\xa7message|\xa3log)"
    rb"(?:[\xc4\xd9](.)|[\xc5\xda](..)|[\xc6\xdb](.{4})|([\xa0-\xbf]))",
    re.DOTALL,
)
EVENT_TIME, SHORT_TIME, SHORT_TEXT = 2, 3, 7  # groups


def iter_run_payload(body: Body) -> Generator[memoryview, None, int]:
    """The payloads of the events with which ``body`` begins, as long as they are alike, joined by run.

    Returns where the rest begins, always between two events; 0 when the first event already has another form. The
    payload of an event of more than a block comes block by block; raises `BadRequest` when it is torn.
    """
    position, taken = 0, 1
    while taken and position < body.size:
        view = memoryview(next(body.blocks(BLOCK, position)))
        taken, is_worth_it = yield from _iter_runs(view)
        if not taken and position + len(view) < body.size:
            taken = yield from _iter_large(body, position, HEADER.match(view))
        position += taken
        if not is_worth_it:
            break
    return position


def _iter_large(body: Body, position: int, header: re.Match[bytes] | None) -> Generator[memoryview, None, int]:
    """The payload of the event at ``position``, which ends beyond the first block of it; gives the event's size."""
    if header is None:
        return 0
    start, length = position + header.end(), _payload_length(header)
    if start + length > body.size:
        raise Torn(position)
    for block in body.blocks(BLOCK, start):
        yield memoryview(block)[:length]
        length -= min(len(block), length)
        if not length:
            break
    return header.end() + _payload_length(header)


def _iter_runs(view: memoryview) -> Generator[memoryview, None, tuple[int, bool]]:
    """The payloads of the runs in ``view``; gives how many bytes they are, and whether to look for more."""
    position = short_runs = 0
    while short_runs < SHORT_RUNS and (header := HEADER.match(view, position)):
        start, length = header.end() - position, _payload_length(header)
        distance = start + length
        count = (len(view) - position) // distance
        if not count:
            break
        events = np.frombuffer(view, np.uint8, count * distance, position).reshape(count, distance)
        events = events[: _count_alike(events[:, :start], *_span_of_time(header))]
        if length:
            yield np.ascontiguousarray(events[:, start:]).reshape(-1).data
        position += events.size
        short_runs = 0 if len(events) >= GLANCE or events.size >= LONG_RUN else short_runs + 1
    return position, short_runs < SHORT_RUNS


def _payload_length(header: re.Match[bytes]) -> int:
    group = header.lastindex or 0
    found = header[group]
    return found[0] & 0x1F if group == SHORT_TEXT else int.from_bytes(found, "big")


def _span_of_time(header: re.Match[bytes]) -> tuple[int, int]:
    """Which bytes of the header are its time, counted from its start."""
    first, last = header.span(EVENT_TIME if header[EVENT_TIME] is not None else SHORT_TIME)
    return first - header.start(), last - header.start()


def _count_alike(headers: np.ndarray, first: int, last: int) -> int:
    """How many headers, from the first one on, equal it but for the bytes from ``first`` to ``last``."""
    for count in (GLANCE, len(headers)):
        some = headers[:count]
        alike = (some[:, :first] == some[0, :first]).all(1) & (some[:, last:] == some[0, last:]).all(1)
        if not alike.all():
            return int(alike.argmin())
    return len(headers)
