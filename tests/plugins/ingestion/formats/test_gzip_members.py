"""gzip: members after one another, torn and damaged ones, and bombs of both kinds."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.gzip_members import unzip

MIB = 1 << 20


@given(st.lists(st.binary(max_size=200_000), max_size=4), st.booleans())
def test_members(members: list[bytes], in_file: bool) -> None:
    packed = b"".join(map(gzip.compress, members))
    assert unzip(Body(io.BytesIO(packed) if in_file else packed), 1 << 30).read() == b"".join(members)


def test_thousands_of_members_as_clients_send_them() -> None:
    events = [b"\x92\x01\x81\xa1n\xce%08d" % number for number in range(5000)]
    packed = b"".join(map(gzip.compress, events))
    started = time.process_time()
    assert unzip(Body(packed), MIB).read() == b"".join(events)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("size", [1, MIB - 1, MIB, 3 * MIB + 1])
def test_torn_and_damaged_data_is_refused(size: int) -> None:
    packed = gzip.compress(bytes(range(251)) * (size // 251 + 1))
    for wrong in (
        packed[:-1],
        packed[: len(packed) // 2],
        packed[:5],
        packed + b"x",
        packed + packed[:7],
        b"x" + packed,
    ):
        with pytest.raises(BadRequest, match="gzip"):
            unzip(Body(wrong), 1 << 30)
    with pytest.raises(BadRequest):
        unzip(Body(packed[:-8] + bytes(4) + packed[-4:]), 1 << 30)  # another checksum


def test_a_few_bytes_that_stand_for_many_are_not_unpacked() -> None:
    compressor = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(compressor.compress(bytes(MIB)) for _ in range(300)), compressor.flush()])
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge):
            unzip(Body(bomb), 20 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


def test_many_empty_members_are_refused_at_once() -> None:
    bomb = gzip.compress(b"", mtime=0) * (4 * MIB // 20)
    started = time.process_time()
    with pytest.raises(BadRequest, match="members"):
        unzip(Body(bomb), 1 << 30)
    assert time.process_time() - started < 1
    assert unzip(Body(gzip.compress(b"", mtime=0) * 500), MIB).size == 0
