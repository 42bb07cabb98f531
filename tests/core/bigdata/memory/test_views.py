"""Views in transactions, and views used wrongly: nothing is lost silently, nothing crashes."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import ZODB

from tests.core.bigdata.conftest import ROWS
from tests.core.bigdata.sessions import Session, open_database
from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.bigdata.memory import address_space, mapping
from wendelin.core.errors import ReadOnlyView, StaleView, StorageFull


def other(db: ZODB.DB) -> Session:
    return Session(db)


def test_a_view_kept_over_commits_is_written_and_reverted(array: BigArray, session: Session, db: ZODB.DB) -> None:
    view = array[:]
    view[10] = 2
    session.commit()
    assert other(db).root["array"][10] == 2
    view[10] = 3
    session.abort()
    assert view[10] == 2
    view[11] = 4
    session.commit()
    assert other(db).root["array"][10:12].tolist() == [2, 4]


def test_a_view_follows_what_others_commit_at_the_next_transaction(
    array: BigArray, session: Session, db: ZODB.DB
) -> None:
    view = array[:]
    hole = session.root["hole"] = BigArray((ROWS,), "i8")
    hole_view = hole[:]
    assert not hole_view.any()
    session.commit()
    writer = other(db)
    writer.root["array"][5] = 9
    writer.root["hole"][50_000] = 8
    writer.commit()
    assert view[5] == 1
    assert hole_view[50_000] == 0
    session.tm.begin()
    assert view[5] == 9
    assert hole_view[50_000] == 8, "a hole that another connection fills is seen"


def test_parts_that_are_read_late_show_the_same_moment(array: BigArray, session: Session, db: ZODB.DB) -> None:
    assert array[0] == 1
    writer = other(db)
    writer.root["array"][:] = 2
    writer.commit()
    assert array[ROWS - 1] == 1
    assert set(array[:].tolist()) == {1}


def test_savepoints_with_an_explicit_manager_cover_kept_views(db: ZODB.DB) -> None:
    session = Session(db, explicit=True)
    session.tm.begin()
    array = session.root["array"] = BigArray((ROWS,), "i8")
    session.commit()
    session.tm.begin()
    view = array[:]
    session.commit()
    session.tm.begin()
    view[0] = 1
    savepoint = session.tm.savepoint()
    view[0], view[5000] = 2, 2
    second = session.tm.savepoint()
    view[9000] = 3
    second.rollback()
    assert (view[0], view[5000], view[9000]) == (2, 2, 0)
    savepoint.rollback()
    assert (view[0], view[5000], view[9000]) == (1, 0, 0)
    session.commit()
    session.tm.begin()
    assert (view[0], view[5000]) == (1, 0)
    session.close()


def test_a_new_array_is_used_before_its_first_commit(session: Session, db: ZODB.DB) -> None:
    array = session.root["new"] = BigArray((ROWS,), "i8")
    view = array[:]
    view[7] = 7
    array[:300] = 3
    array[50_000:] = 5
    assert array[:].sum() == 900 + 5 * 50_000
    session.commit()
    assert other(db).root["new"][:].sum() == 900 + 5 * 50_000
    view[0] = 100
    session.commit()
    assert other(db).root["new"][0] == 100, "an array from before the first commit stays connected"


def test_a_new_array_whose_commit_fails_can_be_committed_again(session: Session, db: ZODB.DB) -> None:
    class Failing:
        def tpc_vote(self, txn: object) -> None:
            raise RuntimeError("no")

        def sortKey(self) -> str:
            return "~"

        def savepoint(self) -> object:
            return self

        tpc_begin = commit = tpc_finish = tpc_abort = abort = rollback = lambda *_: None

    array = session.root["new"] = BigArray((ROWS,), "i8")
    array[1], array[60_000:] = 1, 6
    session.tm.get().join(Failing())
    with pytest.raises(RuntimeError):
        session.commit()
    session.abort()
    assert "new" not in session.root


def test_closing_a_connection_makes_its_views_read_only(array: BigArray, session: Session, db: ZODB.DB) -> None:
    view = array[:]
    part = view[5:10]
    session.close()
    assert view[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 5
    part[0] = 3  # a derived array cannot be frozen; the write must not reach the next user of the connection
    reused = Session(db)
    reused.root["array"][20] = 2
    reused.commit()
    assert reused.root["array"][5] == 1
    reused.close()


def test_a_write_after_closing_is_reported(
    array: BigArray, session: Session, db: ZODB.DB, caplog: pytest.LogCaptureFixture
) -> None:
    part = array[:][5:10]
    session.close()
    part[0] = 3
    del part
    with caplog.at_level(logging.ERROR):
        later = Session(db)
        assert later.root["array"][0] == 1
        later.close()
    assert "after its connection was closed" in caplog.text


def test_closing_with_unsaved_writes_fails_the_commit(array: BigArray, session: Session) -> None:
    view = array[:]
    view[0] = 5
    session.connection.close()
    with pytest.raises(StaleView):
        session.commit()
    session.abort()


def test_a_read_only_connection_gives_read_only_views(array: BigArray, session: Session, db: ZODB.DB) -> None:
    before = db.lastTransaction()
    array[0] = 2
    session.commit()
    old = Session(db, at=before)
    found = old.root["array"]
    assert found[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        found[:][0] = 1
    for write in (lambda: found.__setitem__(0, 1), lambda: found.append([1]), lambda: found.resize((3,))):
        with pytest.raises(ReadOnlyView):
            write()
    assert old.root["array"][0] == 1
    old.close()


def test_an_array_that_outgrows_its_address_space(
    session: Session, db: ZODB.DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "_MIN_PAGES", 4)
    array = session.root["array"] = BigArray((2048,), "i8")
    session.commit()
    view = array[:]
    part = view[:10]
    view[0] = 1
    array.resize((1 << 20,))
    array[1 << 19] = 2
    assert (array[0], view[0]) == (1, 1), "what was written before the move is kept"
    with pytest.raises(ValueError, match="read-only"):
        view[1] = 1
    session.commit()
    assert (other(db).root["array"][0], other(db).root["array"][1 << 19]) == (1, 2)
    part[3] = 5
    array[5] = 1
    with pytest.raises(StaleView):
        session.commit()
    session.abort()


def test_a_write_behind_the_end_of_a_shortened_file_is_refused(array: BigArray, session: Session) -> None:
    view = array[:]
    array.resize((10,))
    assert view[50_000] == 0
    session.commit()
    view[50_000] = 5
    with pytest.raises(StaleView):
        session.commit()
    session.abort()
    assert array.shape == (10,)


def test_pack_and_undo_while_mapped(array: BigArray, session: Session, db: ZODB.DB) -> None:
    view, snapshot = array[:], array.snapshot()
    old = snapshot[:]
    for value in (2, 3):
        array[:] = value
        session.commit()
    db.pack()
    assert view[0] == 3
    assert set(old.tolist()) == {1}, "a packed extent stays readable while it is mapped"
    view[0] = 4
    session.commit()
    db.undo(db.undoInfo(0, 1)[0]["id"], session.tm.get())
    session.commit()
    assert view[0] == 3


def test_very_many_runs_are_copied_instead_of_mapped(
    array: BigArray, session: Session, db: ZODB.DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "MANY_RUNS", 20)
    view, model = array[:], np.ones(ROWS, np.int64)
    rng = np.random.default_rng(0)
    for value in range(2, 6):
        where = rng.integers(0, ROWS, 60)
        view[where] = model[where] = value
        session.commit()
        np.testing.assert_array_equal(view, model)
    shown = session.connection._wendelin_views.views[array.file._p_oid]._mapping
    assert len(shown.copied) > 20
    assert shown.written() == []
    view[17] = 99
    session.abort()
    np.testing.assert_array_equal(view, model)
    fresh = other(db).root["array"]
    np.testing.assert_array_equal(fresh[:], model)
    np.testing.assert_array_equal(fresh.snapshot()[:], model)


def test_snapshots_are_shared_by_revision_and_read_only(array: BigArray, session: Session, db: ZODB.DB) -> None:
    first, second = array.snapshot(), other(db).root["array"].snapshot()
    assert first._file._shared is second._file._shared
    with pytest.raises(ValueError, match="read-only"):
        first[:][0] = 1
    array[0] = 5
    session.commit()
    third = array.snapshot()
    assert (first[0], third[0]) == (1, 5)
    assert third._file._shared is not first._file._shared


def test_without_mapping_everything_works_by_copying(
    session: Session, db: ZODB.DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_space, "SUPPORTED", False)
    array = session.root["array"] = BigArray((300, 200), "i4")
    array[10:20, 3] = 7
    array[:] = array[:] + 1
    file = session.root["file"] = BigFile()
    file.append(b"x" * 10_000)
    file.write(4090, b"abc")
    session.commit()
    assert array[:].sum() == 60_070
    assert array.snapshot()[10, 3] == 8
    assert file.read(4089, 5) == b"xabcx"
    assert bytes(file.open().window(4)) == b"xxxx"
    with pytest.raises(ValueError, match="read-only"):
        array[0][0] = 1
    assert other(db).root["array"][10, 3] == 8


def test_a_full_disk_aborts_the_transaction(array: BigArray, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    view = array[:]
    view[:] = 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, hard))
    try:
        with pytest.raises(StorageFull):
            session.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    session.abort()
    assert set(view.tolist()) == {1}
    folder = Path(session.connection.db().storage.temporaryDirectory())
    assert not list(folder.glob("extent-*")), "nothing is left behind"
    view[:] = 3
    session.commit()
    assert set(array[:].tolist()) == {3}


def test_a_missing_extent_raises_where_the_code_stands(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    session = Session(db)
    session.root["array"] = BigArray((ROWS,), "i8")
    session.root["array"][:] = 1
    session.commit()
    session.close()
    db.close()
    for path in (tmp_path / "blobs").rglob("*.blob"):
        path.unlink()
    db = open_database(tmp_path)
    session = Session(db)
    with pytest.raises(KeyError):
        session.root["array"][5]
    session.close()
    db.close()


def test_committed_extents_cannot_be_written(array: BigArray, session: Session, tmp_path: Path) -> None:
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "blobs").rglob("*.blob")}
    assert modes == {0o444}


def test_many_files_share_the_address_space(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wendelin.core.bigdata.transactions.MANY_VIEWS", 5)
    for number in range(20):
        session.root[number] = BigArray((1000,), "i8")
    session.commit()
    kept = session.root[3][:]
    for number in range(20):
        session.root[number][0] = number
        session.commit()
    assert len(session.connection._wendelin_views.views) <= 6
    kept[1] = 33
    session.commit()
    assert [int(session.root[number][0]) for number in range(20)] == list(range(20))
    assert session.root[3][1] == 33


def test_between_explicit_transactions_nothing_old_is_shown(db: ZODB.DB) -> None:
    session = Session(db, explicit=True)
    session.tm.begin()
    array = session.root["array"] = BigArray((ROWS,), "i8")
    array[:] = 6
    session.commit()
    session.tm.begin()
    array[:] = 7
    session.commit()
    with pytest.raises(StaleView, match="begin"):
        array[5]
    session.tm.begin()
    assert array[5] == 7
    session.commit()
    assert array[5] == 7
    session.tm.begin()
    session.close()
