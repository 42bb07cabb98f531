"""An array, or a snapshot of one, in another process: by TCP and unix sockets, and from a file."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ZODB

from tests.core.bigdata.sessions import Session
from tests.core.bigdata.zeo_server import zeo_database, zeo_server_at
from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.handles import database_uri
from wendelin.core.errors import BigDataError

SUM = "import pickle, sys; print(pickle.load(sys.stdin.buffer)[...].sum())"


def in_another_process(pickled: bytes) -> float:
    done = subprocess.run([sys.executable, "-c", SUM], input=pickled, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-400:]
    return float(done.stdout)


def committed(database: ZODB.DB) -> tuple[Session, BigArray]:
    session = Session(database)
    array = session.root["array"] = BigArray((0,), "f8")
    array.append(np.arange(10.0))
    session.commit()
    return session, array


@pytest.mark.parametrize("shared", [True, False])
def test_over_a_unix_socket(tmp_path: Path, shared: bool) -> None:
    address = str(tmp_path / "zeo%20é")  # a name that a URI has to quote
    with zeo_server_at(tmp_path, address):
        database = zeo_database(address, tmp_path / ("blobs" if shared else "cache"), shared)
        session, array = committed(database)
        assert in_another_process(pickle.dumps(array)) == 45
        assert in_another_process(pickle.dumps(array.snapshot())) == 45
        session.close()
        database.close()


def test_a_snapshot_is_a_handle_of_what_it_shows(session: Session, db: ZODB.DB) -> None:
    array = session.root["array"] = BigArray((5,), "f8", "F")
    with pytest.raises(BigDataError, match="not committed"):
        pickle.dumps(array.snapshot())
    session.commit()
    before = array.snapshot()
    array[2] = 3
    with pytest.raises(BigDataError, match="not committed"):
        pickle.dumps(array.snapshot())
    session.commit()
    assert pickle.loads(pickle.dumps(before))[:].sum() == 0
    after: Any = pickle.loads(pickle.dumps(array.snapshot()))
    assert after[:].sum() == 3 and after.order == "F"
    assert pickle.loads(pickle.dumps(after))[:].sum() == 3, "of a snapshot that was sent itself"
    assert in_another_process(pickle.dumps(before)) == 0


def test_addresses_in_uris() -> None:
    class ClientStorage:
        _storage, blob_dir, shared_blob_dir = "1", "/blobs", True

        def __init__(self, address: Any) -> None:
            self._addr = address

    class Database:
        uri = None

        def __init__(self, address: Any) -> None:
            self.storage = ClientStorage(address)

    for address, start in (
        ([("127.0.0.1", 80)], "zeo://127.0.0.1:80?"),
        (("::1", 80), "zeo://[::1]:80?"),
        (["/run/a b"], "zeo:///run/a%20b?"),
        ("/run/s", "zeo:///run/s?"),
    ):
        assert database_uri(Database(address)).startswith(start)  # type: ignore[arg-type]
