"""What was written to memory does not come back, and is not written twice, once its place was given up or taken anew.

Each is a case that the state machine (test_machine.py) found or could find.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import ZODB

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.bigdata.memory.mapping import Mapping
from wendelin.core.errors import BigDataError, StaleView

PAGE = 4096


def stored(db: ZODB.DB) -> np.ndarray:
    session = Session(db)
    content: np.ndarray = session.root["array"].copy()
    session.close()
    return content


def make(session: Session, size: int, dtype: str = "u1") -> BigArray:
    array: BigArray
    array = session.root["array"] = BigArray((size,), dtype)
    session.commit()
    return array


@pytest.mark.parametrize("size, keep", [(100, 40), (3000, 1500), (1 << 20, 1500), (2 << 20, 10)])
@pytest.mark.parametrize("way", ["view", "assignment", "held view"])
def test_shorter_and_longer_again_is_zeros(session: Session, db: ZODB.DB, size: int, keep: int, way: str) -> None:
    array = make(session, size, "i4")
    view = array[:]
    if way == "assignment":
        array[:] = 5
    else:
        view[...] = 5
    if way != "held view":
        del view
    session.commit()
    array.resize((keep,))
    session.commit()
    array.resize((size,))
    session.commit()
    assert not array[keep:].any()
    array[0] = 7
    session.commit()
    assert not stored(db)[keep:].any() and stored(db)[1:keep].all()


def test_an_undone_write_is_not_shown_and_not_stored_again(session: Session, db: ZODB.DB) -> None:
    array = make(session, PAGE)
    array[0:10] = 5
    session.commit()
    undoing = Session(db)
    db.undo(db.undoInfo(0, 1)[0]["id"], undoing.tm.get())
    undoing.commit()
    session.tm.begin()
    assert not array[:].any()
    array[20] = 1
    session.commit()
    assert stored(db).sum() == 1


def test_what_was_flushed_is_not_flushed_again_over_what_took_its_place(session: Session, db: ZODB.DB) -> None:
    array = make(session, 1 << 20)
    array[5] = 1
    session.commit()
    array[:] = np.full(1 << 20, 7, "u1")
    session.commit()
    assert stored(db).min() == 7


@pytest.mark.parametrize("size", [100, PAGE, 3 * PAGE + 100])
def test_a_held_view_keeps_what_is_appended_behind_it(session: Session, db: ZODB.DB, size: int) -> None:
    array = make(session, size)
    view = array[:]
    array.append(np.full(200, 7, "u1"))
    view[-1] = 9
    session.commit()
    assert stored(db)[size - 1 :].tolist() == [9] + 200 * [7]


def test_a_held_view_shows_what_is_assigned_past_it(session: Session, db: ZODB.DB) -> None:
    array = make(session, 1 << 20)
    view = array[:]
    array[100:] = np.full((1 << 20) - 100, 7, "u1")
    array.file.write(50, bytes([8]) * (300 << 10))
    assert view[49:51].tolist() == [0, 8] and view[-1] == 7
    view[5] = 9
    session.commit()
    assert (stored(db)[5], stored(db)[60], stored(db)[-1]) == (9, 8, 7)


def test_an_assignment_of_itself_reads_all_before_it_writes(session: Session, db: ZODB.DB) -> None:
    array = make(session, 1 << 20)
    array[:] = values = np.arange(1 << 20, dtype="u1")
    array[:] = array[::-1]
    array[10:] = array[:-10]
    session.commit()
    wanted = values[::-1].copy()
    wanted[10:] = wanted[:-10].copy()
    np.testing.assert_array_equal(stored(db), wanted)


@pytest.mark.parametrize("looked_before", [False, True])
def test_a_held_view_shows_the_state_before_after_a_rollback(
    session: Session, db: ZODB.DB, looked_before: bool
) -> None:
    array = make(session, PAGE)
    if looked_before:
        assert not array[:].any()
    savepoint = session.tm.savepoint()
    view = array[:]
    view[5] = 1
    session.tm.savepoint()
    view[6] = 1
    savepoint.rollback()
    assert not view.any()
    view[7] = 1
    session.tm.savepoint()  # asks for views that were taken before the rollback, too
    savepoint.rollback()
    view[8] = 1
    session.commit()
    assert np.flatnonzero(stored(db)).tolist() == [8]


def test_a_rollback_keeps_what_the_connection_did_before_the_savepoint(session: Session, db: ZODB.DB) -> None:
    array = make(session, PAGE)
    session.root["before"] = 1
    savepoint = session.tm.savepoint()
    array[5] = 1
    savepoint.rollback()
    array[6] = 1
    session.commit()
    assert Session(db).root["before"] == 1 and np.flatnonzero(stored(db)).tolist() == [6]


def test_writes_after_the_savepoint_of_a_new_array(session: Session, db: ZODB.DB) -> None:
    array = BigArray((PAGE,), "u1")
    view = array[:]
    view[0] = 1
    session.root["array"] = array
    session.tm.savepoint()
    view[1] = 2
    assert array[0:3].tolist() == [1, 2, 0]
    session.commit()
    assert stored(db)[:3].tolist() == [1, 2, 0]


def test_compaction_does_not_lose_what_is_written_to_a_view(session: Session, db: ZODB.DB) -> None:
    array = make(session, 4 * PAGE)
    for page in range(4):
        array[page * PAGE] = 1
        session.commit()
    view = array[:]
    view[5] = 1
    with pytest.raises(BigDataError, match="uncommitted"):
        array.file.compact()
    session.commit()
    array.file.compact()
    view[6] = 1
    assert array[5:7].tolist() == [1, 1]
    session.commit()
    assert stored(db).sum() == 6


def test_a_refresh_that_fails_midway_is_made_up_for(
    session: Session, db: ZODB.DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = make(session, 3 * PAGE)
    assert not array[:].any()
    writer = Session(db)
    for page in (0, 2):
        writer.root["array"][page * PAGE] = page + 1
    writer.commit()
    original = Mapping._map

    def failing(self: Mapping, rows: np.ndarray, copying: np.ndarray, path_of: Callable[[int], str]) -> None:
        original(self, rows[:1], copying[:1], path_of)
        raise OSError("no more files")

    with monkeypatch.context() as patch:
        patch.setattr(Mapping, "_map", failing)
        session.tm.begin()
        with pytest.raises(OSError, match="no more"):
            array[:]
    undoing = Session(db)
    db.undo(db.undoInfo(0, 1)[0]["id"], undoing.tm.get())
    undoing.commit()
    session.tm.begin()
    assert not array[:].any()


def test_a_view_from_before_the_file_was_shortened(session: Session, db: ZODB.DB) -> None:
    file = session.root["array"] = BigFile()
    file.append(bytes([1]) * 5000)
    session.commit()
    view = np.frombuffer(file.open().read(), "u1")
    assert view.all()
    array = make(session, 5000)
    held = array[:]
    held[...] = 1
    session.commit()
    array.resize((10,))
    assert held[:10].all() and not held[10:].any()
    held[20] = 1
    with pytest.raises(StaleView):
        array.resize((5000,))
    session.abort()
    assert stored(db).all()
