"""Objects of msgpack: read as msgpack itself reads them, and refused where they would take time or memory."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats import msgpack_objects
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.lines import iter_bytes
from wendelin.plugins.ingestion.formats.msgpack_measuring import Torn, measure
from wendelin.plugins.ingestion.formats.msgpack_objects import iter_objects, unpack_all, unpack_complete, unpack_lazy

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.binary(max_size=300),
    st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=40)),
)
texts = st.text(max_size=4)
objects = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)), max_leaves=30)


def keep(body: bytes) -> Iterator[bytes | memoryview]:
    return iter_bytes(body, "t")


def count(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + count(item) for item in value.values())
    return 1 + sum(map(count, value)) if isinstance(value, list) else 1


@given(st.lists(objects, min_size=1, max_size=4), st.booleans())
def test_measured_and_unpacked_as_msgpack_does(found: list[Any], in_file: bool) -> None:
    packed = [msgpack.packb(item) for item in found]
    body = Body(io.BytesIO(b"".join(packed)) if in_file else b"".join(packed))
    position = 0
    for data, item in zip(packed, found, strict=True):
        assert measure(body, position) == (position + len(data), count(item))
        position += len(data)
    assert list(unpack_lazy(body)) == unpack_all(body) == found


@given(st.lists(objects, min_size=1, max_size=4), st.data())
def test_the_careful_way_finds_the_same(found: list[Any], data: st.DataObject) -> None:
    body = b"".join(map(msgpack.packb, found))
    cut = body[: data.draw(st.integers(0, len(body)))]
    expected = unpack_complete(cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(msgpack_objects, "FEED_SIZE", 5)
        patch.setattr(msgpack_objects, "SHORT", 1)
        assert unpack_complete(cut) == expected
        assert unpack_complete(body) == (found, len(body))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_objects_or_a_bad_request(body: bytes) -> None:
    try:
        end, values = measure(Body(body), 0)
        assert 0 < end <= len(body) and 0 < values <= end
    except BadRequest as error:
        assert str(error)
    try:
        list(unpack_lazy(body))
    except BadRequest as error:
        assert str(error)


@pytest.mark.parametrize(
    "key", [b"\x01", b"\xcb" + bytes(8), b"\xd6\xff" + bytes(4), b"\xc0", b"\x90", b"\x80", b"\xc2"]
)
@pytest.mark.parametrize("size", [1, 5000])
def test_keys_that_no_sender_sends_are_refused(key: bytes, size: int) -> None:
    body = b"\x92\x01\xdf" + struct.pack(">I", size) + (key + b"\xc0") * size
    for read in (unpack_lazy, unpack_complete, unpack_all, keep):
        with pytest.raises(BadRequest, match="key"):
            list(read(body))


def test_integer_keys_cost_nothing() -> None:
    size = 1 << 17
    body = (
        b"\x92\x01\xdf"
        + struct.pack(">I", size)
        + b"".join(b"\xcf" + struct.pack(">Q", number << 40) + b"\xc0" for number in range(size))
    )
    started = time.process_time()
    with pytest.raises(BadRequest, match="key"):
        list(keep(body))
    assert time.process_time() - started < 1


HEADER = struct.pack(">BI", 0xDD, 1 << 20)


@pytest.mark.parametrize(
    "body",
    [
        HEADER * 500,
        HEADER * 5000,
        struct.pack(">BI", 0xDD, 4096) * 500 + bytes(1 << 20),
        b"\x92\x01\xdf\x00\x3f\xff\xff" + b"\xa0\x80" * (1 << 22),
        (b"\x92\x01" + struct.pack(">BI", 0xDD, 1 << 22) + b"\x80" * (1 << 22)),
        b"\x81\xa0" * 1000 + b"\x80",
    ],
    ids=["headers", "deep headers", "short headers", "empty maps in a map", "empty maps in an array", "deep maps"],
)
def test_little_bytes_do_not_take_much_memory(body: bytes) -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for read in (unpack_lazy, unpack_complete, keep):
            with contextlib.suppress(BadRequest, RequestTooLarge):
                list(read(body))
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 64 << 20, f"{peak >> 20} MiB for {len(body)} bytes"


def test_all_objects_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msgpack_objects, "ALL_VALUES", 300_000)
    assert len(unpack_all(b"\x80" * 300_000)) == 300_000
    with pytest.raises(RequestTooLarge, match="unpackLazy"):
        unpack_all(b"\x80" * 300_001)


def test_long_arrays_of_measurements_are_read() -> None:
    wave = [number / 7 for number in range(50_000)]
    mixed = [[1, -5, 300, None, 0.5] * 1000, list(range(20_000)), wave]
    body = msgpack.packb({"wave": mixed})
    assert list(unpack_lazy(body * 2)) == [{"wave": mixed}] * 2
    with pytest.raises(Torn, match=f"byte {len(body)}"):
        list(unpack_lazy(body + body[:-1]))


def test_so_many_objects_and_no_more() -> None:
    body = Body(b"".join(map(msgpack.packb, range(10))))
    inner = iter_objects(body, 2, count=3)
    assert [next(inner), next(inner), next(inner)] == [2, 3, 4]
    with pytest.raises(StopIteration) as end:
        next(inner)
    assert end.value.value == 5
    with pytest.raises(Torn):
        list(iter_objects(body, 8, count=3))
