"""Several processes and threads on one file."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import numpy as np
import pytest
import ZODB
from ZODB.POSException import ConflictError

from tests.core.bigdata.sessions import Session
from tests.core.bigdata.zeo_server import zeo_database, zeo_server
from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.errors import BigDataError

PROCESSES = 4
APPENDS = 30


def append_many(port: int, folder: Path, writer: int, length: int, barrier: object) -> None:
    """Append numbered chunks, one transaction each; a conflict would end the process with an error."""
    db = zeo_database(port, folder / "blobs", shared=True)
    session = Session(db)
    file = session.root["file"]
    barrier.wait()  # type: ignore[attr-defined]
    for number in range(APPENDS):
        session.tm.begin()
        file.append(np.full(length // 8, writer << 32 | number, np.int64))
        session.commit()
    session.close()
    db.close()


@pytest.mark.slow
@pytest.mark.parametrize("length", [1000, 64 << 10, 1 << 20])
def test_appends_of_four_processes_all_succeed(tmp_path: Path, length: int) -> None:
    context = multiprocessing.get_context("spawn")
    with zeo_server(tmp_path) as port:
        db = zeo_database(port, tmp_path / "blobs", shared=True)
        session = Session(db)
        session.root["file"] = BigFile()
        session.commit()
        barrier = context.Barrier(PROCESSES)
        workers = [
            context.Process(target=append_many, args=(port, tmp_path, writer, length, barrier))
            for writer in range(PROCESSES)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(100)
        assert [worker.exitcode for worker in workers] == [0] * PROCESSES
        session.tm.begin()
        rows = np.frombuffer(session.root["file"].read(), np.int64).reshape(-1, length // 8)
        assert (rows == rows[:, :1]).all(), "a chunk is torn"
        assert sorted(rows[:, 0].tolist()) == sorted(w << 32 | n for w in range(PROCESSES) for n in range(APPENDS))
        for writer in range(PROCESSES):
            own = [n for n in rows[:, 0].tolist() if n >> 32 == writer]
            assert own == sorted(own), "one process's chunks keep their order"
        session.root["file"].compact()
        session.commit()
        assert session.root["file"].read() == rows.tobytes()
        session.close()
        db.close()


def test_two_threads_write_disjoint_parts(db: ZODB.DB, session: Session) -> None:
    session.root["array"] = BigArray((200_000,), "i8")
    session.commit()
    barrier, failures = threading.Barrier(2), []

    def work(part: int) -> None:
        try:
            own = Session(db)
            array = own.root["array"]
            for value in range(1, 6):
                own.tm.begin()
                barrier.wait(20)
                array[part * 102_400 : part * 102_400 + 90_000] = value + part
                own.commit()
            own.close()
        except Exception as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    session.tm.begin()
    array = session.root["array"]
    assert (array[:90_000] == 5).all()
    assert (array[102_400:192_400] == 6).all()
    assert not array[90_000:102_400].any()


def test_a_reader_never_sees_half_a_commit(db: ZODB.DB, session: Session) -> None:
    session.root["array"] = BigArray((50_000,), "i8")
    session.commit()
    done, torn = threading.Event(), []

    def read() -> None:
        own = Session(db)
        array = own.root["array"]
        while not done.is_set():
            own.tm.begin()
            if len(np.unique(array[:])) != 1 or len(np.unique(array.snapshot()[:])) != 1:
                torn.append(True)
        own.close()

    thread = threading.Thread(target=read)
    thread.start()
    for value in range(50):
        session.root["array"][:] = value
        session.commit()
    done.set()
    thread.join(60)
    assert torn == []


def test_a_resize_to_the_same_size_conflicts_with_a_concurrent_append(db: ZODB.DB) -> None:
    mine, theirs = Session(db), Session(db)
    mine.root["array"] = BigArray((5,), "i8")
    mine.commit()
    theirs.tm.begin()
    mine.root["array"].resize((5,))
    theirs.root["array"].append([1])
    theirs.commit()
    with pytest.raises(ConflictError):
        mine.commit()
    mine.abort()
    assert mine.root["array"].shape == (6,)
    for session in (mine, theirs):
        session.close()


@pytest.mark.usefixtures("small_limits")
def test_what_was_appended_before_a_savepoint_is_not_committed_by_it(db: ZODB.DB) -> None:
    mine, theirs = Session(db), Session(db)
    mine.root["array"] = BigArray((0,), "u1")
    mine.root["array"].append(np.ones(12_288, "u1"))
    mine.commit()
    theirs.tm.begin()
    mine.root["array"].append(np.full(4096, 2, "u1"))
    mine.tm.savepoint()
    assert mine.root["array"].file.is_changed
    with pytest.raises(BigDataError, match="uncommitted changes"):
        mine.root["array"].file.compact()
    theirs.root["array"].append(np.full(300, 9, "u1"))
    mine.root["array"].append(np.full(5, 3, "u1"))  # the tail is long enough to be sealed, and must not be
    theirs.commit()
    mine.commit()  # appends never conflict
    mine.root["array"].append(np.zeros(1, "u1"))
    mine.commit()
    parts = [np.ones(12_288), np.full(300, 9), np.full(4096, 2), np.full(5, 3), np.zeros(1)]
    expected = np.concatenate(parts)
    np.testing.assert_array_equal(mine.root["array"][:], expected)
    for start in range(0, len(expected) - 256, 256):
        part = expected[start : start + 256]
        np.testing.assert_array_equal(
            mine.root["array"].overview(start, start + 256, 1), [[part.min(), part.max()]], str(start)
        )
    for session in (mine, theirs):
        session.close()
