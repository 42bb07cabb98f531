"""How large an object of msgpack is: bytes and values, without unpacking it, whatever its headers promise."""

from __future__ import annotations

import re

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats.body import Body

MAXIMUM_VALUES = 1 << 20  # of one object, all that are nested in it included
MAXIMUM_LEVELS = 1024  # as the unpacker
WINDOW = 1 << 20


class Torn(BadRequest):
    """A msgpack body that ends within an object."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(f"the msgpack body is torn: it ends inside the object that starts at byte {position}")


class TooManyValues(RequestTooLarge):
    """An object that would take much more memory than it has bytes."""


def unreadable(position: int, why: str) -> BadRequest:
    """What is raised for bytes that are no msgpack, or such that no sender sends."""
    return BadRequest(f"the body is not msgpack: byte {position} starts something unreadable ({why})")


FIXED, SIZED, ARRAY, MAP, NEVER = range(5)
KEYS = frozenset({*range(0xA0, 0xC0), 0xC4, 0xC5, 0xC6, 0xD9, 0xDA, 0xDB})  # text and bytes


def _make_forms() -> list[tuple[int, int, int]]:
    """For each first byte: a kind, the bytes of the length that follows, and those that stand around the contents."""
    forms = [(FIXED, 0, 1)] * 256
    for low in range(16):
        forms[0x80 + low], forms[0x90 + low] = (MAP, 0, low), (ARRAY, 0, low)
    for low in range(32):
        forms[0xA0 + low] = (FIXED, 0, 1 + low)
    forms[0xC1] = (NEVER, 0, 0)
    for first, around in ((0xC4, 1), (0xC7, 2)):  # bin, ext
        for step in range(3):
            forms[first + step] = (SIZED, 1 << step, around)
    for step in range(3):
        forms[0xD9 + step] = (SIZED, 1 << step, 1)
    for code, size in zip(range(0xCA, 0xD4), (4, 8, 1, 2, 4, 8, 1, 2, 4, 8), strict=True):
        forms[code] = (FIXED, 0, 1 + size)
    for step in range(5):
        forms[0xD4 + step] = (FIXED, 0, 2 + (1 << step))
    forms[0xDC], forms[0xDD], forms[0xDE], forms[0xDF] = (ARRAY, 2, 0), (ARRAY, 4, 0), (MAP, 2, 0), (MAP, 4, 0)
    return forms


FORMS = _make_forms()
# Runs of numbers, which arrays of measurements are made of.
_SMALL_RUN = re.compile(rb"[\x00-\x7f\xc0\xc2\xc3\xe0-\xff]+")
_RUNS = [
    re.compile(b"(?:%s.{%d})+" % (re.escape(bytes([code])), FORMS[code][2] - 1), re.DOTALL)
    if 0xCA <= code <= 0xD3
    else _SMALL_RUN
    for code in range(256)
]
_HAS_RUN = frozenset({*range(0x80), 0xC0, 0xC2, 0xC3, *range(0xCA, 0xD4), *range(0xE0, 0x100)})


class _Window:
    """The bytes of a body, from any place on, a piece at a time."""

    def __init__(self, body: Body) -> None:
        self.body, self.start, self.view = body, 0, memoryview(b"")

    def seek(self, position: int, needed: int = 9) -> int:
        """Where ``position`` is in `view`, which holds ``needed`` bytes from there on, unless the body ends before."""
        offset = position - self.start
        if offset < 0 or offset + needed > len(self.view):
            block = next(self.body.blocks(WINDOW, position), b"")
            self.view, self.start, offset = memoryview(block), position, 0
        return offset


def measure(body: Body, start: int, limit: int = MAXIMUM_VALUES) -> tuple[int, int]:
    """Where the object at byte ``start`` ends, and how many values it has, itself included.

    Raises `Torn`, `BadRequest` for what is not msgpack or has keys that no sender sends, and `TooManyValues`.
    """
    window, position, values = _Window(body), start, 0
    stack = [[1, 0]]  # values to come, and whether they are keys and values
    while stack:
        level = stack[-1]
        if not level[0]:
            stack.pop()
            continue
        offset = window.seek(position)
        if offset >= len(window.view):
            raise Torn(start)
        code = window.view[offset]
        if level[1] and not level[0] & 1 and code not in KEYS:
            raise unreadable(position, "the key of a map has to be text or bytes")
        if not level[1] and level[0] > 1 and code in _HAS_RUN:
            taken = _count_run(window.view, offset, code, level[0])
            position += taken * FORMS[code][2]
        else:
            taken = 1
            position = _step(window.view, offset, position, stack)
        level[0] -= taken
        values += taken
        if values + max(level[0], 0) > limit:
            raise TooManyValues(f"the object at byte {start} has more than {limit} values: send smaller ones")
    if position > body.size:
        raise Torn(start)
    return position, values


def _count_run(view: memoryview, offset: int, code: int, most: int) -> int:
    """How many numbers of one form follow one another; 1 for one that is torn."""
    match = _RUNS[code].match(view, offset, offset + most * FORMS[code][2])
    return 1 if match is None else (match.end() - offset) // FORMS[code][2]


def _step(view: memoryview, offset: int, position: int, stack: list[list[int]]) -> int:
    """Behind the value at ``offset``; the contents of an array or map are put on the stack."""
    kind, length_size, size = FORMS[view[offset]]
    if kind == FIXED:
        return position + size
    if kind == NEVER:
        raise unreadable(position, "0xc1 is never used")
    length = int.from_bytes(view[offset + 1 : offset + 1 + length_size], "big") if length_size else size
    if kind == SIZED:
        return position + length_size + size + length
    if len(stack) > MAXIMUM_LEVELS:
        raise unreadable(position, f"it is nested in more than {MAXIMUM_LEVELS} levels")
    stack.append([2 * length, 1] if kind == MAP else [length, 0])
    return position + 1 + length_size


def read_array_header(body: Body, position: int) -> tuple[int, int]:
    """How many elements the array at ``position`` has, and where they begin; -1 for anything else."""
    head = body.slice(position, min(position + 5, body.size))
    kind, length_size, size = FORMS[head[0]] if head else (NEVER, 0, 0)
    if kind != ARRAY or len(head) <= length_size:
        return -1, position
    return int.from_bytes(head[1 : 1 + length_size], "big") if length_size else size, position + 1 + length_size
