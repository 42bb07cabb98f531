"""The dirty scan, each way of it: exactly what was written is found, in children and without the right to look too."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
import ZODB

from tests.core.bigdata.conftest import ROWS
from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.memory import pagemap


def test_a_forked_child_has_its_own_pages(array: BigArray, session: Session) -> None:
    view = array[:]
    pagemap.written(array.file._p_jar._wendelin_views.views[array.file._p_oid]._mapping.reservation.address, 1)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            view[70_000] = 5
            found = array.file._p_jar._wendelin_views.views[array.file._p_oid].written()
            status = 0 if found == [(70_000 // 512, 70_000 // 512 + 1)] else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert view[70_000] == 1


@pytest.mark.parametrize("scanner", ["scan", "read"])
def test_both_scans_find_what_was_written(
    array: BigArray, session: Session, monkeypatch: pytest.MonkeyPatch, scanner: str
) -> None:
    monkeypatch.setattr(pagemap, "written", getattr(pagemap, scanner))
    hole = session.root["hole"] = BigArray((ROWS,), "i8")
    session.commit()
    assert array[:].sum() == ROWS
    assert hole[:].sum() == 0
    array[0] = array[ROWS - 1] = hole[20_000] = 2
    views = session.connection._wendelin_views.views
    assert views[array.file._p_oid].written() == [(0, 1), (195, 196)]
    assert views[hole.file._p_oid].written() == [(39, 40)]
    session.commit()
    assert (array[0], hole[20_000], array[:].sum()) == (2, 2, ROWS + 2)


def test_memory_is_compared_where_the_kernel_does_not_tell(
    session: Session, db: ZODB.DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> int:
        raise PermissionError(errno.EACCES, "the table of pages is refused")

    monkeypatch.setattr(pagemap, "_pagemap", refused)
    array = session.root["refused"] = BigArray((ROWS,), "i8")
    array[: ROWS // 2] = 1
    session.commit()
    view = array[:]
    assert view.sum() == ROWS // 2
    view[0] = view[ROWS - 1] = 2
    assert session.connection._wendelin_views.views[array.file._p_oid].written() == [(0, 1), (195, 196)]
    session.commit()
    assert session.connection._wendelin_views.views[array.file._p_oid].written() == []
    view[1] = 7
    session.abort()
    assert view[:3].tolist() == [2, 1, 1]
    assert Session(db).root["refused"][:].sum() == ROWS // 2 + 3


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_process_that_changed_its_user_finds_its_writes() -> None:
    script = """
import os
from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.memory import pagemap
os.setuid(65534)
array = BigArray((100_000,), "i8")
view = array[:]
view[70_000] = 5
written = array.file._v_view.written()
print(pagemap.readable(), written)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "False [(136, 137)]\n"
