"""The objects of a msgpack stream, in linear time and bounded memory, whoever made the bytes.

https://github.com/msgpack/msgpack/blob/master/spec.md. What strangers can do with msgpack, and what stops them here:

- Keys of maps that are numbers can be chosen so that all of them collide. Keys are text or bytes, whose hashes nobody
  can foresee; no sender sends others.
- The header of an array promises elements for which memory would be reserved before they are there. Only short arrays
  are unpacked at once; longer ones, and objects of more than a block, are measured first: are all elements there?
- An empty map is one byte, and sixty in memory. An object has `MAXIMUM_VALUES` values at most.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeAlias

import msgpack

from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.msgpack_measuring import (
    MAXIMUM_VALUES,
    TooManyValues,
    Torn,
    measure,
    unreadable,
)

FEED_SIZE = 256 << 10  # bytes that the unpacker is given at a time; larger objects are measured
SHORT = 4096  # elements of an array or map that is not measured
ALL_VALUES = 4 * MAXIMUM_VALUES  # of all objects of a body that are asked for at once
UNREADABLE = (ValueError, TypeError, OverflowError, msgpack.BufferFull)

Objects: TypeAlias = Generator[Any, None, int]
ReadLarge: TypeAlias = Callable[[Body, int], Objects]


def unpack_lazy(data: bytes | Body, use_list: bool = True, start: int = 0) -> Iterator[Any]:
    """The objects of a msgpack stream, one by one, from byte ``start`` on, where one begins.

    Raises `BadRequest` at the first byte that is not msgpack, and at the end when the last object is torn: a caller
    that writes as it reads relies on its transaction being aborted then.
    """
    yield from iter_objects(Body.of(data), start, use_list)


def unpack_complete(data: bytes) -> tuple[list[Any], int]:
    """The complete objects at the beginning of ``data``, and how many bytes they take; a torn rest is left alone."""
    found: list[Any] = []
    try:
        found.extend(unpack_lazy(data))
    except Torn as error:
        return found, error.position
    return found, len(data)


def unpack_all(data: bytes | Body) -> list[Any]:
    """All objects of a msgpack stream at once; raises `RequestTooLarge` when they have more than `ALL_VALUES`."""
    body = Body.of(data)
    position, left = 0, ALL_VALUES
    while body.size > FEED_SIZE and position < body.size:
        position, values = measure(body, position)
        left -= values
        if left < 0:
            raise TooManyValues(f"the body has more than {ALL_VALUES} values: read it with unpackLazy, one by one")
    return list(unpack_lazy(body))


def iter_objects(
    body: Body,
    start: int = 0,
    use_list: bool = True,
    count: int = -1,
    read_large: ReadLarge | None = None,
) -> Objects:
    """``count`` objects from byte ``start`` on, or all; returns where the last one ends.

    What is too large to be unpacked unseen, or cannot be read, is left to ``read_large(body, position)``, which gives
    what it finds there and returns where to go on.
    """
    position = start
    while position < body.size and count:
        if count < 0 and (yield from _iter_small(body, position, use_list)):
            return body.size
        if count > 0:
            position, count = yield from _iter_some(body, position, use_list, count)
        else:
            position = _end_of_small(body, position, use_list)
        if position < body.size and count:
            position = yield from _read_one(body, position, use_list, read_large)
            count -= 1
    if count > 0:
        raise Torn(start)
    return position


def _iter_small(body: Body, start: int, use_list: bool) -> Generator[Any, None, bool]:
    """Objects, as long as they are small and can be read; whether these were all. The quickest way through a body."""
    unpacker = make_unpacker(use_list)
    try:
        for block in body.blocks(FEED_SIZE, start):  # the unpacker copies what it is fed
            unpacker.feed(block)
            yield from unpacker
        unpacker.feed(b"\xc0")  # an object of its own, or a part of one that is torn
        return unpacker.unpack() is None
    except (msgpack.OutOfData, *UNREADABLE):
        return False


def _iter_placed(body: Body, start: int, use_list: bool) -> Iterator[tuple[int, Any]]:
    """The same objects, each with the place where it ends."""
    unpacker = make_unpacker(use_list)
    with contextlib.suppress(*UNREADABLE):
        for block in body.blocks(FEED_SIZE, start):
            unpacker.feed(block)
            for item in unpacker:
                yield start + unpacker.tell(), item


def _end_of_small(body: Body, start: int, use_list: bool) -> int:
    """Where they end: to ask for each while they are handed on would cost every body what few bodies need."""
    position = start
    for end, _ in _iter_placed(body, start, use_list):
        position = end
    return position


def _iter_some(body: Body, start: int, use_list: bool, count: int) -> Generator[Any, None, tuple[int, int]]:
    """At most ``count`` of the same objects; where the last one ends, and how many are left."""
    position = start
    for end, item in _iter_placed(body, start, use_list):
        yield item
        position = end
        count -= 1
        if not count:
            break
    return position, count


def _read_one(body: Body, position: int, use_list: bool, read_large: ReadLarge | None) -> Objects:
    if read_large is not None:
        return (yield from read_large(body, position))
    item, end = unpack_measured(body, position, use_list)
    yield item
    return end


def make_unpacker(use_list: bool = True) -> msgpack.Unpacker:
    """For small objects: it raises one of `UNREADABLE` for a large one."""
    return msgpack.Unpacker(
        raw=False,
        unicode_errors="surrogateescape",
        use_list=use_list,
        ext_hook=_ext_type,
        max_buffer_size=2 * FEED_SIZE,
        max_array_len=SHORT,
        max_map_len=SHORT,
    )


def unpack_measured(body: Body, position: int, use_list: bool = True) -> tuple[Any, int]:
    """The object at ``position``, of any size, and where it ends. Raises `BadRequest` when it cannot be read."""
    end, _ = measure(body, position)
    try:
        item = msgpack.unpackb(
            body.slice(position, end),
            raw=False,
            unicode_errors="surrogateescape",
            use_list=use_list,
            ext_hook=_ext_type,
        )
    except UNREADABLE as error:
        raise unreadable(position, str(error)) from error
    return item, end


def _ext_type(code: int, data: bytes) -> msgpack.ExtType:
    """What msgpack makes of an ext type, without its checks: every event has one."""
    return tuple.__new__(msgpack.ExtType, (code, data))
