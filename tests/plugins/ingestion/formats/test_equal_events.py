"""Events alike are cut out of a body exactly as the unpacker reads them, in whatever company they come."""

from __future__ import annotations

import io
import struct
from typing import Any, NamedTuple

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.ingestion.mutations import read_payload
from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats import equal_events, event_stream, lines
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.lines import iter_bytes, json_line, plain_payload

KEYS = ("message", "log", "other")


def event_time(seconds: int, nanoseconds: int) -> bytes:
    return b"\xd7\x00" + struct.pack(">II", seconds, nanoseconds)


times = st.one_of(
    st.builds(event_time, st.integers(0, 2**32 - 1), st.integers(0, 10**9)),
    st.binary(min_size=8, max_size=8).map(lambda value: b"\xc7\x08\x00" + value),
    st.integers(-(2**63), 2**64 - 1).map(msgpack.packb),
    st.floats().map(msgpack.packb),
    st.sampled_from([event_time(2**32 - 1, 0), event_time(2**32 - 2, 5), *map(msgpack.packb, (-1, -2, 2**64 - 1))]),
)


class Run(NamedTuple):
    """Events of one form, key and size, with equal payloads."""

    count: int
    size: int
    fill: bytes
    time: bytes
    key: str
    use_bin: bool
    wraps: bool

    def pack(self) -> bytes:
        payload = (self.fill * self.size)[: self.size]
        record = msgpack.packb({self.key: payload}, use_bin_type=self.use_bin)
        head = b"\x92\x92" + self.time + b"\x80" if self.wraps else b"\x92" + self.time
        return (head + record) * self.count


fills, keys, flags = st.binary(min_size=1, max_size=5), st.sampled_from(KEYS), st.booleans()
runs = st.one_of(
    st.builds(Run, st.integers(1, 40), st.sampled_from([0, 1, 31, 32, 255, 256]), fills, times, keys, flags, flags),
    st.builds(Run, st.integers(1, 3), st.sampled_from([2048, 70_000]), fills, times, keys, flags, flags),
)
bodies = st.lists(runs, min_size=1, max_size=5)


def unpacked(body: bytes) -> bytes:
    """What the unpacker alone makes of it, event by event."""
    return b"".join(
        json_line(moment, "t", metadata, record) if (payload := plain_payload(record)) is None else payload
        for moment, metadata, record in event_stream.iter_whole_event(body)
    )


def keep(body: bytes | Body) -> bytes:
    return b"".join(iter_bytes(body, "t"))


@given(bodies, st.booleans())
def test_same_bytes_as_unpacked(found: list[Run], in_file: bool) -> None:
    body = b"".join(run.pack() for run in found)
    source = Body(io.BytesIO(body)) if in_file else Body(body)
    expected = read_payload(body, "t")
    if expected is None:
        with pytest.raises(BadRequest, match=r"time|not events"):
            keep(source)
    else:
        assert keep(source) == unpacked(body) == expected


@given(bodies, st.data())
def test_same_error_when_cut_or_damaged(runs_found: list[Run], data: st.DataObject) -> None:
    body = b"".join(run.pack() for run in runs_found)
    damaged = bytearray(body[: data.draw(st.integers(0, len(body)))])
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(damaged)
    try:
        expected: Any = unpacked(body)
    except BadRequest as error:
        expected = str(error)
    try:
        found: Any = keep(body)
    except BadRequest as error:
        found = str(error)
    if body and body[0] < 0x80:  # no array of msgpack: text, or JSON that is torn
        assert isinstance(expected, str)
        assert isinstance(found, str)
    else:
        assert found == expected
        assert read_payload(body, "t") == (None if isinstance(found, str) else found)


def test_runs_go_on_over_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_events, "BLOCK", 1000)
    body = b"".join(msgpack.packb([msgpack.ExtType(0, bytes(8)), {"message": bytes([n]) * 150}]) for n in range(200))
    pieces = []
    run = equal_events.iter_run_payload(Body(body))
    while True:
        try:
            pieces.append(bytes(next(run)))
        except StopIteration as end:
            assert end.value == len(body)
            break
    assert b"".join(pieces) == unpacked(body)


@pytest.mark.parametrize("count, expected", [(40, 40), (3, 3)])
def test_a_run_ends_at_the_first_other_event(count: int, expected: int) -> None:
    same = [msgpack.packb([n + 2**31, {"message": b"x" * 100}]) for n in range(count)]
    body = b"".join([*same, msgpack.packb([{"not": "an event"}, 1]), *same])
    taken = 0
    run = equal_events.iter_run_payload(Body(body))
    try:
        while True:
            taken += len(next(run))
    except StopIteration as end:
        assert end.value == len(same[0]) * expected
    assert taken == 100 * expected


def test_bodies_of_many_sizes_are_left_to_the_unpacker() -> None:
    body = b"".join(msgpack.packb([2**31, {"message": b"x" * n}]) for n in range(100, 200))
    with pytest.raises(StopIteration) as end:
        run = equal_events.iter_run_payload(Body(body))
        while True:
            next(run)
    assert 0 < end.value.value < len(body) // 2


class TestLargeEvents:
    """An event of more than a block is cut out block by block."""

    @pytest.fixture(autouse=True)
    def small_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(equal_events, "BLOCK", 1000)

    @pytest.mark.parametrize("in_file", [False, True])
    def test_among_others(self, in_file: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        sizes = [10, 10, 5000, 70_000, 3, 999, 1000, 0]
        body = b"".join(msgpack.packb([2**31, {"message": b"%d" % (n % 10) * n}]) for n in sizes)
        source = Body(io.BytesIO(body)) if in_file else Body(body)
        monkeypatch.setattr(lines, "BATCH_SIZE", 1)
        pieces = [bytes(piece) for piece in iter_bytes(source, "t")]
        assert b"".join(pieces) == unpacked(body)
        assert max(map(len, pieces)) <= 70_000

    def test_in_pieces_of_a_block(self) -> None:
        body = msgpack.packb([2**31, {"message": bytes(10_500)}])
        assert [len(piece) for piece in equal_events.iter_run_payload(Body(body))] == [1000] * 10 + [500]

    def test_behind_many_that_differ(self) -> None:
        body = b"".join(msgpack.packb([2**31, {"message": bytes(n)}]) for n in range(70_000, 70_040))
        assert sum(len(piece) for piece in equal_events.iter_run_payload(Body(body))) == sum(range(70_000, 70_040))

    def test_torn(self) -> None:
        first = msgpack.packb([2**31, {"message": b"x"}])
        body = first + msgpack.packb([2**31, {"message": bytes(3000)}])
        for end in (len(first) + 1, len(first) + 20, len(first) + 1500, len(body) - 1):
            with pytest.raises(BadRequest, match=f"torn: it ends inside the object that starts at byte {len(first)}"):
                keep(body[:end])
