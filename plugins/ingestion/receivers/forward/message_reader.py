"""From the bytes of a connection to entries: messages are found, and cut, without unpacking what they hold.

msgpack's own ``skip`` finds where each event ends: it builds nothing, and goes on where it stopped when more bytes
come. So a message costs the memory of its bytes, whatever stands in it, and time in proportion. Packed events, whose
length stands before them, are not even looked at; who stores them reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias, TypeVar

import msgpack

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats.body import Body, Buffer
from wendelin.plugins.ingestion.formats.event_forms import EVENT_SIZE, is_event
from wendelin.plugins.ingestion.formats.msgpack_measuring import KEYS, measure, read_array_header
from wendelin.plugins.ingestion.formats.msgpack_objects import UNREADABLE, unpack_complete
from wendelin.plugins.ingestion.receivers.forward.protocol import (
    FORWARD,
    MAXIMUM_SIZE,
    MESSAGE,
    PACKED,
    Entry,
    as_text,
    explain,
    make_entry,
)

SMALL_SIZE = 64 << 10  # what is larger is not copied; tags and options are never
FRESH_SIZE = 1 << 20  # after a message of that size the unpacker is another one: it would keep its memory
NIL = 0xC0
ARRAYS = frozenset({*range(0x90, 0xA0), 0xDC, 0xDD})
MAPS = frozenset({*range(0x80, 0x90), 0xDE, 0xDF})
HEAD_VALUES = 10_000  # of the metadata of an event
LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
# What nearly all events begin with: an EventTime or an integer, without metadata, and a map.
USUAL_EVENT = re.compile(
    rb"\x92(?:\xd7\x00.{8}|[\xce\xd2].{4}|[\xcf\xd3].{8}|[\x00-\x7f])[\x80-\x8f\xde\xdf]", re.DOTALL
)

Result = TypeVar("Result")
# A generator that yields entries, and None where it needs more bytes.
Steps: TypeAlias = Generator[Entry | None, None, Result]


class MessageReader:
    """Reads the messages of one connection: `feed` gives the entries that are complete, `held` is what waits."""

    def __init__(self, maximum_size: int = MAXIMUM_SIZE) -> None:
        self.maximum_size = maximum_size
        self._data = bytearray()  # from byte `_base` of the connection on
        self._base = self._start = 0  # `_start`: where the present message begins
        self._is_raw = False  # whether packed events come in, which the unpacker is not given
        self._set_unpacker(0)
        self._steps = self._read_messages()

    @property
    def held(self) -> int:
        """Bytes of a message that is not complete."""
        return len(self._data)

    def feed(self, data: bytes) -> Iterator[Entry]:
        """The entries that are complete with ``data``.

        Raises `BadRequest` for anything that is not a message of the protocol, and `RequestTooLarge`; the connection
        is of no use any more then.
        """
        self._data += data
        try:
            if not self._is_raw:
                self._unpacker.feed(data)
            while (entry := next(self._steps)) is not None:
                yield entry
        except (BadRequest, RequestTooLarge):
            raise
        except UNREADABLE as error:
            raise BadRequest(f"a message cannot be read: {str(error) or type(error).__name__}") from error
        del self._data[: self._start - self._base]
        self._base = self._start

    # -- steps

    def _read_messages(self) -> Steps[None]:
        while True:
            self._start = self._position
            if self._position - self._origin > FRESH_SIZE:
                self._refresh(self._position)
            while len(self._data) <= self._position - self._base:
                yield None
            code = self._code()
            if code == NIL:  # a heartbeat
                self._unpacker.skip()
            elif code in ARRAYS:
                yield (yield from self._read_message())
            else:
                raise BadRequest(explain(bytes(self._data[self._position - self._base :][:16])))

    def _read_message(self) -> Steps[Entry]:
        length = yield from self._do(self._unpacker.read_array_header, SMALL_SIZE)
        if length < EVENT_SIZE:
            raise BadRequest("a forward message is an array that starts with a tag")
        tag = as_text((yield from self._read_small("tag")), "tag")
        yield from self._need(1)
        code, taken = self._code(), 2
        if code in KEYS:
            if tag == "PING":
                raise BadRequest("the client wants a handshake: it has a shared key, and this receiver has none")
            mode, data = PACKED, (yield from self._read_packed(code))
        elif code in ARRAYS:
            mode, data = FORWARD, (yield from self._read_list())
        elif length == EVENT_SIZE:
            raise BadRequest("a forward message holds a time and a record, a list of events, or packed events")
        else:
            mode, data, taken = MESSAGE, (yield from self._read_single()), 3
        option: dict[object, object] = {}
        if length > taken:
            option = yield from self._read_option()
            for _ in range(length - taken - 1):
                yield from self._do(self._unpacker.skip, self._position - self._start + SMALL_SIZE)
        return make_entry(tag, data, option, mode)

    def _read_packed(self, code: int) -> Steps[Buffer]:
        """The packed events, whose length stands before them."""
        begin = self._position
        size_size = LENGTHS.get(code, 0)
        yield from self._need(1 + size_size)
        offset = begin - self._base + 1
        size = int.from_bytes(self._data[offset : offset + size_size], "big") if size_size else code & 0x1F
        if size > self.maximum_size:
            raise self._too_large()
        start = begin + 1 + size_size
        if size <= SMALL_SIZE:
            yield from self._do(self._unpacker.skip, self.maximum_size)
            return self._cut(start, start + size)
        self._is_raw = True
        while self._end < start + size:
            yield None
        self._is_raw = False
        data = self._cut(start, start + size)
        self._refresh(start + size)
        return data

    def _read_list(self) -> Steps[Buffer]:
        """The events of an array, one after another as they are."""
        count = yield from self._do(self._unpacker.read_array_header, self.maximum_size)
        begin = position = self._position
        for _ in range(count):
            yield from self._do(self._unpacker.skip, self.maximum_size)
            self._check_event(position, self._position)
            position = self._position
        return self._cut(begin, position)

    def _read_single(self) -> Steps[Buffer]:
        """A time and a record, as an event."""
        begin = self._position
        yield from self._do(self._unpacker.skip, self.maximum_size)
        yield from self._do(self._unpacker.skip, self.maximum_size)
        data = b"\x92" + self._data[begin - self._base : self._position - self._base]
        if not USUAL_EVENT.match(data):
            _require_event(bytes(data[:SMALL_SIZE]))
        return bytes(data)

    def _check_event(self, begin: int, end: int) -> None:
        if not USUAL_EVENT.match(self._data, begin - self._base):
            _require_event(bytes(self._data[begin - self._base : min(end, begin + SMALL_SIZE) - self._base]))

    def _read_option(self) -> Steps[dict[object, object]]:
        option = yield from self._read_small("option")
        if option is not None and not isinstance(option, dict):
            raise BadRequest("the option of a forward message is not a map")
        return option or {}

    def _read_small(self, what: str) -> Steps[object]:
        begin = self._position
        yield from self._do(self._unpacker.skip, begin - self._start + SMALL_SIZE)
        if self._position - begin > SMALL_SIZE:
            raise BadRequest(f"the {what} of a forward message has {self._position - begin} bytes")
        (value,), _ = unpack_complete(bytes(self._data[begin - self._base : self._position - self._base]))
        return value

    # -- bytes

    @property
    def _position(self) -> int:
        """The byte of the connection at which the unpacker stands."""
        return self._origin + int(self._unpacker.tell())

    @property
    def _end(self) -> int:
        return self._base + len(self._data)

    def _code(self) -> int:
        return self._data[self._position - self._base]

    def _do(self, step: Callable[[], Result], limit: int) -> Steps[Result]:
        """``step()``, again when more bytes are there, until it has enough; the message may have ``limit`` bytes."""
        while True:
            try:
                return step()
            except msgpack.OutOfData:
                if self._end - self._start > limit:
                    raise self._too_large() from None
                yield None

    def _need(self, size: int) -> Steps[None]:
        """Until so many bytes are there."""
        while self._end - self._position < size:
            yield None

    def _cut(self, begin: int, end: int) -> Buffer:
        """Bytes of the connection. Many are not copied: what follows them is, into a buffer of its own."""
        first, last = begin - self._base, end - self._base
        if end - begin <= SMALL_SIZE:
            return bytes(self._data[first:last])
        whole, self._data = self._data, self._data[last:]
        self._base = self._start = end
        return memoryview(whole)[first:last]

    def _set_unpacker(self, origin: int) -> None:
        self._origin = origin  # the byte of the connection at which the unpacker began
        self._unpacker = msgpack.Unpacker(max_buffer_size=2 * self.maximum_size + SMALL_SIZE)

    def _refresh(self, position: int) -> None:
        """Another unpacker, which begins at ``position``."""
        self._set_unpacker(position)
        self._unpacker.feed(memoryview(self._data)[position - self._base :])

    def _too_large(self) -> RequestTooLarge:
        return RequestTooLarge(f"a message, its tag or its option is too large: at most {self.maximum_size} bytes")


def _require_event(data: bytes) -> None:
    """Raises `BadRequest` unless an event begins with ``data``; for the unusual ones. The record is not read."""
    length, first = read_array_header(Body(data), 0)
    if length == EVENT_SIZE:
        end, _ = measure(Body(data), first, HEAD_VALUES)
        (head,), _ = unpack_complete(data[first:end])
        code = data[end] if end < len(data) else 0
        record: object = {} if code in MAPS else b"" if code in KEYS else None
        if is_event([head, record]):
            return
    raise BadRequest("each event of a forward message must be [time, record]")
