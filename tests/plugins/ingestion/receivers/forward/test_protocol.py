"""Messages of the forward protocol, without a network."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import struct
import time
import tracemalloc
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest, NotFound, RequestTooLarge
from wendelin.plugins.ingestion.formats.lines import iter_bytes
from wendelin.plugins.ingestion.receivers.forward.joining import EntryJoiner, read_entry
from wendelin.plugins.ingestion.receivers.forward.message_reader import MessageReader
from wendelin.plugins.ingestion.receivers.forward.protocol import Entry, make_ack
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import Route, find_target

TIME = msgpack.ExtType(0, bytes(range(8)))
EVENTS = [[TIME, {"message": b"\xff\x00"}], [1, {"message": "text"}]]
PACKED = b"".join(map(msgpack.packb, EVENTS))


def parse(message: Any, maximum_size: int = 1 << 20) -> Any:
    """The entry of a message with its events unpacked; the same whether it comes at once or in pieces."""
    data = message if isinstance(message, bytes) else msgpack.packb(message)
    found = [dataclasses.replace(entry, data=bytes(entry.data)) for entry in MessageReader(maximum_size).feed(data)]
    reader = MessageReader(maximum_size)
    pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
    assert [dataclasses.replace(e, data=bytes(e.data)) for piece in pieces for e in reader.feed(piece)] == found
    assert reader.held == (0 if found else len(data))
    return [dataclasses.replace(entry, data=read_entry(entry, maximum_size).body.read()) for entry in found]


@pytest.mark.parametrize(
    "message, mode",
    [
        (["a.b", EVENTS, {"chunk": "id"}], "Forward"),
        (["a.b", PACKED, {"chunk": "id"}], "PackedForward"),
        (["a.b", PACKED, {"chunk": "id", "compressed": "text"}], "PackedForward"),
        (["a.b", gzip.compress(PACKED), {"chunk": "id", "compressed": "gzip"}], "CompressedPackedForward"),
        (
            ["a.b", b"".join(gzip.compress(msgpack.packb(e)) for e in EVENTS), {"chunk": "id", "compressed": "gzip"}],
            "CompressedPackedForward",
        ),
    ],
)
def test_every_mode_with_many_events(message: Any, mode: str) -> None:
    (entry,) = parse(message)
    assert (entry.tag, entry.data, entry.chunk_id, entry.mode) == ("a.b", PACKED, "id", mode)


def test_one_message() -> None:
    (entry,) = parse(["a", TIME, {"message": b"x"}])
    assert (entry.data, entry.chunk_id, entry.is_acknowledged) == (
        msgpack.packb([TIME, {"message": b"x"}]),
        None,
        False,
    )
    assert parse(["a", 1, {"message": b"x"}, {"chunk": b"\xff"}])[0].chunk_id == b"\xff"
    assert parse(["a", msgpack.Timestamp(5, 6), {"message": b"x"}])[0].data == b"\x92\xd7\xff" + bytes(
        [0, 0, 0, 24, 0, 0, 0, 5]
    ) + msgpack.packb({"message": b"x"})
    assert list(MessageReader().feed(b"\xc0" * 5)) == []  # heartbeats


def test_old_clients_write_bytes_as_text() -> None:
    old = msgpack.packb(["a", 1, {"message": b"\xfe\xff\x00"}], use_bin_type=False)
    assert b"".join(iter_bytes(parse(old)[0].data, "a")) == b"\xfe\xff\x00"
    old = msgpack.packb(["a", PACKED], use_bin_type=False)
    assert parse(old)[0].data == PACKED


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        ["a"],
        ["a", b"x", 1],
        [1, 2, {}],
        [b"\xff", 1, {}],
        ["a", {}],
        ["a", True, {}],
        ["a", 1],
        ["a", [1, 2]],
        ["a", [[1]]],
        ["a", b"x", {"chunk": 1}],
        ["a", b"x", {"compressed": "gzip"}],
        ["a", gzip.compress(PACKED)[:-4], {"compressed": "gzip"}],
        ["a", gzip.compress(PACKED) + b"rest", {"compressed": "gzip"}],
        ["a", b"x", {"compressed": "zstd"}],
        ["a", PACKED[:-1]],
        ["a", b"\xc1"],
        ["a", 1, 5],
        ["a", 1, [1]],
        ["a", None, {}],
        ["a", float("nan"), {}],
        ["a", msgpack.ExtType(7, bytes(8)), {}],
        ["a", [[1, {}, 3]]],
        ["a", [[[1, {}], b"x"]]],
        ["a", PACKED, {1: 2}],
        ["a", PACKED, {"fluent_signal": 1}],
        ["a" * 70_000, PACKED],
        ["a", PACKED, {"chunk": "x" * 70_000}],
    ],
)
def test_what_is_no_message_is_refused(message: Any) -> None:
    with pytest.raises(BadRequest):
        parse(message)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(RequestTooLarge):
        parse(["a", gzip.compress(bytes(2_000_000)), {"compressed": "gzip"}], maximum_size=1_000_000)


messages = st.one_of(
    st.tuples(st.just("a.b"), st.binary(max_size=100_000), st.just({"chunk": "1"})),
    st.tuples(st.just("a.b"), st.integers(0, 2**32), st.dictionaries(st.text(max_size=5), st.binary(max_size=70_000))),
    st.tuples(st.just("a.b"), st.lists(st.just([TIME, {"x": [1, 2, {"y": b"z" * 50}]}]), max_size=2000)),
    st.none(),
)


@given(st.lists(messages, max_size=6), st.lists(st.integers(1, 300_000), min_size=1, max_size=9), st.booleans())
def test_messages_are_found_however_they_come(found: list[Any], sizes: list[int], use_bin: bool) -> None:
    """Also those that are larger than a read, or than what is copied; every byte of theirs is kept."""
    data = b"".join(msgpack.packb(message, use_bin_type=use_bin) for message in found)
    reader, entries, at = MessageReader(), [], 0
    for number in range(len(data)):
        size = sizes[number % len(sizes)]
        entries += reader.feed(data[at : at + size])
        at += size
        if at >= len(data):
            break
    expected = [as_events(message, use_bin) for message in found if message is not None]
    assert [bytes(entry.data) for entry in entries] == expected
    assert reader.held == 0


def as_events(message: Any, use_bin: bool) -> bytes:
    content = message[1]
    if isinstance(content, bytes):
        return content
    events = content if isinstance(content, list) else [[content, message[2]]]
    return b"".join(msgpack.packb(event, use_bin_type=use_bin) for event in events)


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",
        struct.pack(">BI", 0xDD, 1 << 20) * 20_000,
        b"\x93\xa1a\x01\xdf\x00\x0f\xff\xff" + b"\xa0\x80" * 100_000,
        b"\x93\xa1a\xdd\x00\x0f\xff\xff" + b"\x92\x01\x80" * 100_000,
        b"\x93\xdb\x0f\xff\xff\xff" + bytes(100_000),
        b"\x93\xa1a\xa1x\x81\xa1a" + struct.pack(">BI", 0xDD, 1 << 30) + bytes(200_000),
        b"\x93\xa1a\xc6\x0f\xff\xff\xff" + bytes(100_000),
    ],
    ids=["header", "nested", "map", "list", "tag", "option", "packed"],
)
def test_a_message_costs_the_memory_of_its_bytes(data: bytes) -> None:
    tracemalloc.start()
    try:
        reader = MessageReader()
        with contextlib.suppress(BadRequest, RequestTooLarge):
            for at in range(0, len(data), 1000):
                assert list(reader.feed(data[at : at + 1000])) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (4 << 20) + 4 * len(data)


def test_a_message_beyond_the_limit_is_refused_before_it_is_there() -> None:
    with pytest.raises(RequestTooLarge):
        list(MessageReader(1 << 20).feed(b"\x92\xa1a\xc6\x00\x10\x00\x01"))
    reader = MessageReader(1 << 20)
    with pytest.raises(RequestTooLarge):
        for data in [b"\x92\xa1a\xdd\x00\xff\xff\xff", *[msgpack.packb([1, {"x": bytes(2000)}])] * 1000]:
            list(reader.feed(data))


def test_the_records_of_unusual_events_are_not_read() -> None:
    """However many values stand in one: the receiver has other clients."""
    events = [b"\x92\xcb" + bytes(8) + b"\xdf\x00\x03\x00\x00" + b"\xa0\x80" * (3 << 16)] * 20
    started = time.process_time()
    (entry,) = MessageReader().feed(b"\x92\xa1a\xdc\x00\x14" + b"".join(events))
    assert bytes(entry.data) == b"".join(events)
    assert time.process_time() - started < 1
    wrapped = msgpack.packb(["a", [[[1, {"k": list(range(20_000))}], {}]]])
    with pytest.raises(RequestTooLarge, match="10000 values"):
        list(MessageReader().feed(wrapped))


@pytest.mark.parametrize(
    "data, cause",
    [
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01", "TLS"),
        (b'["tag", 1, {"a": 1}]', "JSON"),
        (b"\xa4text", "no message of the forward protocol"),
        (msgpack.packb(["PING", "host", "salt", "x", "", ""]), "shared key"),
        (msgpack.packb(["a", PACKED, {"compressed": "zstd"}]), "gzip"),
        (msgpack.packb(["a", PACKED, {"fluent_signal": 2}]), "traces"),
    ],
)
def test_the_cause_is_named(data: bytes, cause: str) -> None:
    with pytest.raises(BadRequest, match=cause):
        list(MessageReader().feed(data))


def test_without_an_id_nothing_is_joined_to_what_is_torn() -> None:
    chunks: list[Any] = []
    joiner = EntryJoiner(lambda some, user: chunks.extend(some))
    good, torn = msgpack.packb([1, {"message": b"good"}]), b"\x92\x01\x81\xa7message\xc4\x20"
    entries = [Entry("a", data, None, "PackedForward") for data in (good, torn, good)]
    assert joiner.store_entries(entries, "user") == [entries[1]]
    assert [chunk.body.read() for chunk in chunks] == [good * 2]


def test_compressed_entries_are_unpacked_some_at_a_time() -> None:
    sizes: list[list[int]] = []
    joiner = EntryJoiner(lambda some, user: sizes.append([chunk.body.size for chunk in some]))
    bomb = gzip.compress(bytes(12 << 20))
    entries = [Entry("a", bomb, str(number), "CompressedPackedForward") for number in range(5)]
    assert joiner.store_entries(entries, "user") == []
    assert sizes == [[12 << 20] * 2, [12 << 20] * 2, [12 << 20]]


def test_acknowledgement() -> None:
    assert msgpack.unpackb(make_ack("p8n9gmxTQVC8/nh2wlKKeQ==")) == {"ack": "p8n9gmxTQVC8/nh2wlKKeQ=="}
    assert msgpack.unpackb(make_ack(b"\xff")) == {"ack": b"\xff"}


# -- routes


@pytest.mark.parametrize(
    "pattern, tag, matches",
    [
        ("a", "a", True),
        ("a", "a.b", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("a.**", "a", True),
        ("a.**", "a.b.c", True),
        ("a.**", "ab", False),
        ("**.c", "a.b.c", True),
        ("**.c", "c", True),
        ("**", "a.b", True),
        ("{a,b}.c", "b.c", True),
        ("{a,b}.c", "c.c", False),
        ("a+", "aa", False),
    ],
)
def test_patterns_of_tags(pattern: str, tag: str, matches: bool) -> None:
    routes = [Route(pattern, "policy", "x.{tag}")]
    if matches:
        assert find_target(routes, tag) == ("policy", f"x.{tag}")
    else:
        with pytest.raises(NotFound):
            find_target(routes, tag)


def test_without_routes_the_first_part_is_the_policy() -> None:
    assert find_target((), "pydata.left.x") == ("pydata", "pydata.left.x")
    with pytest.raises(BadRequest):
        find_target([Route("{a", "b")], "a")
