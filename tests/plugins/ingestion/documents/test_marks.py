"""Marks: what is remembered, for how long, and what two processes may do at the same moment."""

from __future__ import annotations

import threading
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transaction.interfaces import TransientError
from ZODB.POSException import ConflictError

from tests.plugins.ingestion.conftest import pack
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.documents.marks import (
    MARK_SIZE,
    RECENT,
    SEGMENT,
    ChunkMarks,
    has_mark,
    mark_of_body,
    mark_of_id,
)


def mark(number: int) -> bytes:
    return mark_of_id("tag", str(number))


@given(st.integers(0, 500), st.integers(0, 300))
def test_at_least_the_last_ones_are_known(count: int, keep: int) -> None:
    marks = ChunkMarks()
    for number in range(count):
        marks.add(mark(number), keep)
    assert marks.count == count and len(marks.recent) <= RECENT * MARK_SIZE
    assert all(mark(number) in marks for number in range(max(count - keep, 0), count))
    assert mark(count) not in marks
    assert len(marks.older) * SEGMENT < max(keep - SEGMENT, 0) + SEGMENT
    assert all(len(segment.marks) == SEGMENT * MARK_SIZE for segment in marks.older)


def test_marks_of_ids_bodies_and_tags_differ() -> None:
    assert len({mark_of_id("a", "x"), mark_of_id("b", "x"), mark_of_body("a", b"x"), mark_of_body("b", b"x")}) == 4


def test_a_mark_that_lies_across_two_others_is_not_there() -> None:
    marks = ChunkMarks()
    marks.add(b"a" * 16)
    marks.add(b"b" * 16)
    assert b"a" * 8 + b"b" * 8 not in marks and b"b" * 16 in marks


@pytest.mark.parametrize("at", [1, 15, 17])
def test_a_mark_is_found_behind_one_that_only_looks_like_it(at: int) -> None:
    wanted = b"abcdefghijklmnop"
    row = (b"." * at + wanted).ljust(48, b".")
    assert not has_mark(row, wanted)
    assert has_mark(row + wanted, wanted) and has_mark(wanted + row, wanted)
    assert not has_mark(b"", wanted)


def resolved(base: int, theirs: list[int], mine: list[int]) -> ChunkMarks:
    """What is committed when two processes each add marks to the same ones; each has also dropped as many repeats."""
    states = []
    for added in ([], theirs, mine):
        marks = ChunkMarks()
        for number in (*range(base), *added):
            marks.add(mark(number))
        marks.dropped = 5 + len(added)
        states.append(marks.__getstate__())
    merged = ChunkMarks()
    merged.__setstate__(ChunkMarks()._p_resolveConflict(*states))
    return merged


@pytest.mark.parametrize("base", [0, 3, RECENT - 1, RECENT, RECENT + 1])
def test_marks_of_two_processes_stand_one_after_the_other(base: int) -> None:
    merged = resolved(base, [1000, 1001], [2000])
    assert (merged.count, merged.dropped) == (base + 3, 8)
    assert all(mark(number) in merged for number in (*range(base), 1000, 1001, 2000))
    assert merged.recent.endswith(mark(1000) + mark(1001) + mark(2000))


@pytest.mark.parametrize("base", [0, 3])
@pytest.mark.parametrize("mine", [[1000], [2000, 1001], [1001, 2000]])
def test_the_same_mark_of_two_processes_conflicts(base: int, mine: list[int]) -> None:
    with pytest.raises(ConflictError, match="the same chunk"):
        resolved(base, [1000, 1001], mine)


def test_more_marks_than_can_be_compared_conflict() -> None:
    many = list(range(1000, 1000 + RECENT))
    assert resolved(0, many, [5000]).count == RECENT + 1
    for theirs, mine in (([*many, 4000], [5000]), ([5000], [*many, 4000])):
        with pytest.raises(ConflictError, match="too many"):
            resolved(0, theirs, mine)


def test_cleared_marks_conflict() -> None:
    old, new = ChunkMarks(), ChunkMarks()
    old.add(mark(1))
    new.add(mark(1))
    new.add(mark(2))
    with pytest.raises(ConflictError):
        ChunkMarks()._p_resolveConflict(old.__getstate__(), ChunkMarks().__getstate__(), new.__getstate__())


def test_different_chunks_of_two_processes_are_put_together(database: Database) -> None:
    make_policy(database)
    with opened(database) as one, opened(database) as two:
        for connection, text in ((one, b"one"), (two, b"two")):
            ingest(connection, text)
        one.transaction_manager.commit()
        two.transaction_manager.commit()
    assert read(database) == (b"startonetwo", 0)
    with opened(database) as again:
        assert not ingest(again, b"one") and not ingest(again, b"two")


def test_the_same_chunk_of_two_processes_is_stored_once(database: Database) -> None:
    make_policy(database)
    with opened(database) as one, opened(database) as two:
        assert ingest(one, b"same") and ingest(two, b"same")
        one.transaction_manager.commit()
        with pytest.raises(TransientError):
            two.transaction_manager.commit()
        two.transaction_manager.abort()
        two.transaction_manager.begin()
        assert not ingest(two, b"same")
        two.transaction_manager.commit()
    assert read(database) == (b"startsame", 1)


@pytest.mark.parametrize("between", [RECENT - 2, RECENT + 5, 3 * RECENT])
def test_a_slow_twin_never_slips_through(database: Database, between: int) -> None:
    """However many others were stored meanwhile, and moved the marks to another record."""
    make_policy(database)
    with opened(database) as slow:
        assert ingest(slow, b"twin")
        with opened(database) as fast:
            assert ingest(fast, b"twin")
            for number in range(between):
                assert ingest(fast, b"%d." % number)
                fast.transaction_manager.commit()
                fast.transaction_manager.begin()
        with pytest.raises(TransientError):
            slow.transaction_manager.commit()
    data, _ = read(database)
    assert data.count(b"twin") == 1


def test_many_threads_with_the_same_chunks(database: Database) -> None:
    make_policy(database)
    barrier = threading.Barrier(4)

    def send() -> None:
        for number in range(20):
            barrier.wait(30)
            with as_user(SYSTEM):
                database.run(lambda connection, number=number: ingest(connection, b"<%02d>" % number), attempts=50)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert read(database) == (b"start" + b"".join(b"<%02d>" % number for number in range(20)), 60)


def test_ids_bodies_and_neither(site: Any, policy: Any) -> None:
    assert policy.ingest("pydata", pack(b"a"), "id-1") and not policy.ingest("pydata", pack(b"other"), "id-1")
    assert policy.ingest("pydata", pack(b"a"), "id-2")
    assert policy.ingest("pydata", pack(b"b")) and not policy.ingest("pydata", pack(b"b"))
    assert policy.ingest("pydata", pack(b"c"), "") and policy.ingest("pydata", pack(b"c"), "")
    policy.setMarkCount(0)
    assert policy.ingest("pydata", pack(b"b")) and not policy.ingest("pydata", pack(b"x"), "id-1")
    (stream,) = site.data_stream_module.objectValues()
    assert (stream.getData(), stream.getRepeatCount()) == (b"aabccb", 3)


def test_a_stream_that_was_emptied_takes_the_same_chunk_again(site: Any, policy: Any) -> None:
    policy.ingest("pydata", pack(b"a"))
    (stream,) = site.data_stream_module.objectValues()
    stream.setData(None)
    assert policy.ingest("pydata", pack(b"a")) and stream.getData() == b"a"


def make_policy(database: Database) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        policy = get_site(connection).portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata")
        policy.ingest("pydata", pack(b"start"))


def opened(database: Database) -> Any:
    return database.connect()


def ingest(connection: Any, text: bytes) -> bool:
    with as_user(SYSTEM):
        return bool(get_site(connection).portal_ingestion_policies["pydata"].ingest("pydata", pack(text)))


def read(database: Database) -> tuple[bytes, int]:
    with as_user(SYSTEM), database.connect() as connection:
        (stream,) = get_site(connection).data_stream_module.objectValues()
        return stream.getData(), stream.getRepeatCount()


def test_equal_measurements_are_no_repeats(site: Any, policy: Any) -> None:
    """Only an id, or a moment to a fraction of a second, tells a second delivery from a second measurement."""
    operation = site.data_operation_module.wendelin_ingest_data_payload
    operation.edit(script_id="DataIngestionLine_writeIngestionToDataStream")
    whole_second = msgpack.packb([msgpack.ExtType(0, bytes(8)), {"message": b"21.5"}])
    for body in (b"21.5\n", b"\0" * 5000, b'{"t":21.5}', msgpack.packb([1700000000, {"t": 21.5}]), whole_second):
        before = sum(stream.getSize() for stream in site.data_stream_module.objectValues())
        assert [policy.ingest("pydata", body) for _ in range(3)] == [True] * 3
        (stream,) = site.data_stream_module.objectValues()
        assert stream.getSize() == before + 3 * len(body)
    moment = msgpack.ExtType(0, bytes(7) + b"\1")
    for body in (
        msgpack.packb([moment, {"t": 21.5}]),
        msgpack.packb([[moment, {}], {"t": 21.5}]),
        msgpack.packb([[[moment, {}], {"t": 21.5}]] * 20),
        msgpack.packb([1.25, {"t": 21.5}]),
    ):
        assert [policy.ingest("pydata", body) for _ in range(3)] == [True, False, False]
