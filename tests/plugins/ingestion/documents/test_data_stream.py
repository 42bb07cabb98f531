"""Data streams: bytes in, bytes out, by ranges."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy
import pytest

from tests.plugins.ingestion.conftest import pack
from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.model.objects.big_file_document import format_size
from wendelin.core.security import ANONYMOUS, as_user
from wendelin.plugins.ingestion.pages.preview import hex_rows, preview_ends


@pytest.fixture
def stream(site: Any) -> Any:
    return site.data_stream_module.newContent(portal_type="Data Stream", title="Wind", reference="wind")


def test_empty_stream(stream: Any) -> None:
    assert stream.getSize() == 0
    assert stream.getData() is None
    assert stream.getData(b"") == b""
    assert stream.readChunkList() == []
    assert stream.getFormattedSize() == "0 bytes"


def test_append_and_read_ranges(stream: Any, commit: Any) -> None:
    stream.appendData(b"hello ")
    commit()
    stream.appendData(b"world", content_type="text/plain")
    assert stream.getData() == b"hello world"
    assert stream.getContentType() == "text/plain"
    assert b"".join(stream.iterate(3, 8)) == b"lo wo"
    assert b"".join(stream.iterate(6)) == b"world"
    assert b"".join(stream.readChunkList(0, 5)) == b"hello"
    assert list(stream.iterate(50)) == list(stream.iterate(5, 2)) == []


def test_set_data_replaces(stream: Any, commit: Any) -> None:
    stream.appendData(b"a" * 10_000)
    commit()
    stream.setData(b"new")
    commit()
    assert stream.getData() == b"new"
    stream.setData(None)
    assert stream.getSize() == 0


def test_revision_changes_with_every_change(stream: Any, commit: Any) -> None:
    seen = {stream.revision()}
    for change in (lambda: stream.appendData(b"ab"), lambda: stream.setData(b"cd"), lambda: stream.appendData(b"e")):
        change()
        commit()
        seen.add(stream.revision())
    assert len(seen) == 4


def test_msgpack_messages(stream: Any) -> None:
    whole = pack(b"one") + pack(b"two")
    stream.appendData(whole + pack(b"three")[:-2])
    found, offset = stream.readMsgpackChunkList(0, None)
    assert [record["message"] for _time, record in found] == [b"one", b"two"]
    assert offset == len(whole)
    assert stream.readMsgpackChunkList(offset, None) == ([], offset)
    assert stream.extractDateTime(found[0][0]) == numpy.datetime64(1, "ns")


def test_reading_ends_of_a_large_stream_costs_little(stream: Any, commit: Any) -> None:
    stream.appendData(b"head" + bytes(32 << 20) + b"tail")
    commit()
    tracemalloc.start()
    try:
        first, last = preview_ends(stream)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first.row_list[0].text.startswith("head")
    assert last.row_list[-1].text.rstrip().endswith("tail")
    assert peak < 4 << 20


def test_preview_of_a_short_stream_is_one_piece(stream: Any) -> None:
    assert preview_ends(stream) == []
    stream.appendData(b"RIFF\x00\xff")
    (end,) = preview_ends(stream)
    assert (end.start, end.size) == (0, 6)
    assert end.row_list == tuple(hex_rows(b"RIFF\x00\xff"))
    assert end.row_list[0].text == "RIFF.."


def test_neighbours(site: Any) -> None:
    add = site.data_stream_module.newContent
    streams = [add(portal_type="Data Stream") for _ in range(4)]
    for before, after in zip(streams, [*streams[1:], streams[0]], strict=True):
        before.setSuccessorValue(after)
        after.setPredecessorValue(before)
    assert streams[0].getRecursiveSuccessorValueList() == streams[1:]
    assert streams[0].getRecursivePredecessorValueList() == streams[:0:-1]


def test_copy_has_its_own_bytes(stream: Any, commit: Any) -> None:
    stream.appendData(b"abc")
    commit()
    clone = stream.Base_createCloneDocument()
    commit()
    clone.appendData(b"def")
    commit()
    assert (stream.getData(), clone.getData()) == (b"abc", b"abcdef")


def test_rights_are_declared(stream: Any) -> None:
    from wendelin.core.security import require_attribute

    with as_user(ANONYMOUS):
        for name in ("getData", "appendData", "iterate", "setData", "revision"):
            with pytest.raises(Unauthorized):
                require_attribute(stream, name)


@pytest.mark.parametrize(
    "size, text",
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (99_949, "99.9 KB"),
        (99_951, "100 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (1_764_044, "1.8 MB"),
        (5 * 10**15, "5.0 PB"),
    ],
)
def test_format_size(size: int, text: str) -> None:
    assert format_size(size) == text


def test_format_size_refuses_nonsense() -> None:
    with pytest.raises(BadRequest):
        format_size(-1)
