"""Msgpack bodies: whatever bytes went in come out, and whatever is torn is refused."""

from __future__ import annotations

import json
import struct
import tracemalloc
from typing import Any

import msgpack
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.ingestion.mutations import read_payload
from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats import event_stream, lines, msgpack_objects
from wendelin.plugins.ingestion.formats.msgpack_objects import unpack_complete, unpack_lazy

EVENT_TIME = msgpack.ExtType(0, struct.pack(">II", 1_600_000_000, 5))
times = st.one_of(st.integers(0, 2**32 - 1), st.just(EVENT_TIME), st.floats(0, 2e9))
messages = st.binary(max_size=200)


def pack(*items: object, use_bin_type: bool = True) -> bytes:
    return b"".join(msgpack.packb(item, use_bin_type=use_bin_type) for item in items)


def payload(data: bytes) -> bytes:
    return b"".join(lines.iter_bytes(data, "t"))


def line(record: str, moment: str = "1970-01-01T00:00:01.000000000Z") -> bytes:
    return f'{{"time":"{moment}","tag":"t","record":{record}}}\n'.encode()


@given(st.lists(st.tuples(times, messages), max_size=20), st.booleans())
def test_payload_is_exact_for_bin_and_for_old_raw_strings(events: list, use_bin_type: bool) -> None:
    data = pack(*([time, {"message": message}] for time, message in events), use_bin_type=use_bin_type)
    assert payload(data) == b"".join(message for _time, message in events)


@given(st.lists(st.tuples(times, messages), max_size=20))
def test_fluent_bit_metadata_and_outer_array(events: list) -> None:
    listed = [[[time, {}], {"log": message}] for time, message in events]
    expected = b"".join(message for _time, message in events)
    assert payload(pack(listed)) == expected
    assert payload(pack(*listed)) == expected


@given(st.lists(messages, min_size=1, max_size=5), st.data())
def test_torn_body_is_refused_at_every_byte(found: list[bytes], data: st.DataObject) -> None:
    whole = [pack([EVENT_TIME, {"message": message}]) for message in found]
    cut = data.draw(st.integers(1, len(whole[-1]) - 1))
    with pytest.raises(BadRequest, match="torn"):
        payload(b"".join(whole)[:-cut])


@given(st.binary(min_size=1, max_size=300))
def test_arbitrary_bytes_give_a_payload_or_a_bad_request(body: bytes) -> None:
    try:
        assert isinstance(payload(body), bytes)
    except BadRequest as error:
        assert str(error)


@pytest.mark.parametrize(
    "record, expected",
    [
        (b"\x00\xff", b"\x00\xff"),
        ("text", b"text"),
        ({"message": "text", "host": "a"}, line('{"message":"text","host":"a"}')),
        ({"message": b"text", "host": "a"}, line('{"message":"text","host":"a"}')),
        ({"host": "a", "message": b"text"}, line('{"host":"a","message":"text"}')),
        ({"message": b"a", "log": b"b"}, line('{"message":"a","log":"b"}')),
        ({b"message": b"old"}, b"old"),
        ({"log": "line\n"}, b"line\n"),
        ({"topic": "a", "t": 21.5}, line('{"topic":"a","t":21.5}')),
        ({"message": 3}, line('{"message":3}')),
    ],
)
def test_payload_of_each_record_shape(record: object, expected: bytes) -> None:
    assert payload(pack([1, record])) == expected


@given(st.recursive(st.one_of(st.binary(), st.text(), st.integers(-(2**63), 2**63)), st.lists))
def test_records_without_message_become_json_lines(value: object) -> None:
    found = payload(pack([1, {"value": value}]))
    assert found.endswith(b"\n") and found.count(b"\n") == 1
    assert set(json.loads(found.decode("utf-8"))["record"]) == {"value"}
    assert found == read_payload(pack([1, {"value": value}]), "t")


@pytest.mark.parametrize(
    "body",
    [
        [1],
        [1, 2, 3],
        {"message": b""},
        7,
        [[1, {}], [[2]]],
        [True, {}],
        [1, 2],
        [1, None],
        [1, [1, {}]],
        [msgpack.ExtType(5, bytes(8)), {}],
        [msgpack.ExtType(0, b""), {}],
        [float("nan"), {}],
    ],
)
def test_msgpack_that_is_no_event_is_refused(body: object) -> None:
    with pytest.raises(BadRequest, match=r"not events|neither msgpack events nor JSON"):
        payload(pack(body))


def test_batches_are_joined_up_to_the_batch_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BATCH_SIZE", 250)
    data = pack(*([1, {"message": bytes(100)}] for _ in range(10)))
    assert [len(piece) for piece in lines.iter_bytes(data, "t")] == [300, 300, 300, 100]


def test_text_of_records_as_the_original_stores_them() -> None:
    data = pack([1, {"a": 1}], [2, "b"], [3, b"\xff"])
    assert b"".join(event_stream.iter_text(data)) == b"{'a': 1}b\xff"


def test_unpack_complete_leaves_the_torn_rest() -> None:
    one = pack([1, "a"])
    assert unpack_complete(one + one + one[:-1]) == ([[1, "a"], [1, "a"]], 2 * len(one))
    assert unpack_complete(b"") == ([], 0)


def test_extract_date_time() -> None:
    expected = numpy.datetime64("2020-09-13T12:26:40.000000005", "ns")
    assert event_stream.extract_date_time(EVENT_TIME) == expected
    assert event_stream.extract_date_time(msgpack.Timestamp(1_600_000_000, 5)) == expected
    assert event_stream.extract_date_time(1_600_000_000) == numpy.datetime64("2020-09-13T12:26:40", "ns")
    assert event_stream.extract_date_time(1.5) == numpy.datetime64("1970-01-01T00:00:01.500", "ns")
    for holder in (msgpack.ExtType(5, b""), 2**63, -(2.0**63) / 1e9, float("inf"), float("nan")):
        with pytest.raises(BadRequest):
            event_stream.extract_date_time(holder)


def test_objects_across_the_unpackers_feeds_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msgpack_objects, "FEED_SIZE", 7)
    events = [[number, {"message": bytes([number]) * number * 5}] for number in range(20)]
    assert list(unpack_lazy(pack(*events))) == events
    with pytest.raises(BadRequest, match=f"byte {len(pack(*events[:-1]))}"):
        list(unpack_lazy(pack(*events)[:-1]))


def test_unpacking_a_large_chunk_costs_little_more_memory_than_the_chunk() -> None:
    data = pack(*([1, {"message": bytes(2048)}] for _ in range(1 << 15)))
    tracemalloc.start()
    try:
        assert sum(map(len, lines.iter_bytes(data, "t"))) == 2048 << 15
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20


def event_time(seconds: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, struct.pack(">iI", seconds, 0))


@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("as_time", [event_time, int, lambda seconds: seconds % 2**64])
def test_fluent_bits_marks_of_groups_are_no_events(wraps: bool, as_time: Any) -> None:
    def event(seconds: int, record: object) -> object:
        return [[as_time(seconds), {"schema": "otlp"}] if wraps else as_time(seconds), record]

    resource = {"resource": {"attributes": {"service.name": "pump"}}, "scope": {}}
    body = pack(event(-1, resource), event(5, {"log": b"one"}), event(6, {"t": 1}), event(-2, {}))
    schema = '"metadata":{"schema":"otlp"},' if wraps else ""
    other = f'{{"time":"1970-01-01T00:00:06.000000000Z","tag":"t",{schema}"record":{{"t":1}}}}\n'
    assert payload(body) == b"one" + other.encode()
    assert [record for _, record in event_stream.iter_event(body)] == [{"log": b"one"}, {"t": 1}]
    assert payload(pack(event(-1, {"log": b"kept"}))) == b"kept"  # a mark carries no message


@pytest.mark.parametrize(
    "value, expected",
    [
        (float("nan"), '{"v":null}'),
        ([1, float("-inf")], '{"v":[1,null]}'),
        ({"deep": float("inf")}, '{"v":{"deep":null}}'),
        (b"\xff\xfe", '{"v":{"base64":"//4="}}'),
        (b"text", '{"v":"text"}'),
        ("caf\u00e9", '{"v":"caf\u00e9"}'),
        (msgpack.ExtType(5, b"\xff"), '{"v":{"ext_type":5,"base64":"/w=="}}'),
        (msgpack.Timestamp(5, 0), '{"v":"1970-01-01T00:00:05.000000000Z"}'),
        (msgpack.Timestamp(2**62, 0), '{"v":{"ext_type":-1,"base64":"AAAAAEAAAAAAAAAA"}}'),
        (msgpack.Timestamp(-(2**63), 1), '{"v":{"ext_type":-1,"base64":"AAAAAYAAAAAAAAAA"}}'),
        (
            msgpack.Timestamp.from_unix_nano(-(2**63)),
            '{"v":{"ext_type":-1,"base64":"CKfyAP////3aPoL7"}}',
        ),
    ],
)
def test_what_is_stored_as_a_line_of_json_is_json(value: object, expected: str) -> None:
    found = payload(pack([1, {"v": value}]))
    assert found == line(expected)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    json.loads(found.decode("utf-8"), parse_constant=refuse)


def test_text_that_is_not_utf8_becomes_json_all_the_same() -> None:
    record = b"\x81\xa2k\xff\xa2v\xfe"
    assert payload(b"\x92\x01" + record) == line(r'{"{\"base64\": \"a/8=\"}":{"base64":"dv4="}}')


def test_a_long_outer_array_is_read_event_by_event() -> None:
    events = [[[number, {}], {"message": b"%d" % (number % 10) * (number % 7)}] for number in range(6000)]
    expected = b"".join(record["message"] for _, record in events)
    body = pack(events)
    assert payload(body) == expected
    assert payload(pack(*events[:3]) + body + body) == payload(pack(*events[:3])) + expected * 2
    for end in (len(body) - 1, len(body) // 2, 4, 3):
        with pytest.raises(BadRequest, match="torn"):
            payload(body[:end])
    with pytest.raises(BadRequest, match="not events"):
        payload(pack([*events, events[:2]]))


def deep(levels: int) -> bytes:
    """An event whose record has so many levels."""
    return b"\x92\x01\x81\xa1v" + b"\x91" * (levels - 1) + b"\xc0"


def test_deep_records_are_refused_as_text() -> None:
    for levels in (50, 101, 400, 600, 2000):
        try:
            assert b"".join(event_stream.iter_text(deep(levels))) and levels < 700
        except BadRequest as error:
            assert levels > 90
            assert levels > 700 or "nested" in str(error)


@pytest.mark.parametrize("read", [lines.iter_bytes, lines.iter_text_lines, lines.iter_json_lines])
def test_deep_records_are_refused_as_lines(read: Any) -> None:
    for levels in (50, 100):
        arrays = "[" * (levels - 1) + "null" + "]" * (levels - 1)
        assert b"".join(read(deep(levels), "t")) == line(f'{{"v":{arrays}}}')
    for levels in (101, 400, 600):
        for body in (deep(levels), b"\x92\x92\x01" + deep(levels)[2:] + b"\x80"):  # in the record, in metadata
            with pytest.raises(BadRequest, match="nested too deeply"):
                b"".join(read(pack([1, {"message": b"x"}]) + body, "t"))
    with pytest.raises(BadRequest):
        b"".join(read(deep(2000), "t"))
