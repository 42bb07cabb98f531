"""What every extent store must do: subclass, and give a database."""

from __future__ import annotations

import gc
import os
from typing import Any

import numpy as np
import pytest

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.bigdata.extents.stores import IExtentStore, store_for, store_of


class ExtentStoreContract:
    """Inherited by the test of each store; ``db`` is a fixture of the subclass or of the folder."""

    def store(self, session: Session) -> IExtentStore[Any]:
        return store_for(session.connection)

    def kept(self, session: Session, *buffers: bytes, skip: int = 0) -> Any:
        """An extent that the database reaches."""
        handle = self.store(session).write(session.connection, buffers, skip)
        session.root["extent"] = handle
        return handle

    def read(self, session: Session) -> bytes:
        handle = session.root["extent"]
        with open(store_of(handle).path(handle), "rb") as file:
            return file.read()

    def test_an_extent_is_read_before_and_after_the_commit(self, session: Session, db: Any) -> None:
        self.kept(session, b"ab" * 4096, b"", b"c" * 10)
        assert self.read(session) == b"ab" * 4096 + b"c" * 10
        session.commit()
        assert self.read(session) == b"ab" * 4096 + b"c" * 10
        assert self.read(Session(db)) == b"ab" * 4096 + b"c" * 10

    def test_skipped_bytes_are_zeros(self, session: Session, db: Any) -> None:
        self.kept(session, b"data", skip=100)
        session.commit()
        assert self.read(Session(db)) == bytes(100) + b"data"

    def test_an_extent_of_many_megabytes(self, session: Session, db: Any) -> None:
        block = np.random.default_rng(0).bytes(3 << 20)
        self.kept(session, *[block] * 3)
        session.commit()
        assert self.read(Session(db)) == block * 3

    def test_an_aborted_extent_is_gone(self, session: Session) -> None:
        handle = self.kept(session, b"x" * 5000)
        path = self.store(session).path(handle)
        session.abort()
        del handle
        gc.collect()
        assert "extent" not in session.root
        assert not os.path.exists(path)

    def test_an_extent_survives_savepoints_and_their_rollback(self, session: Session, db: Any) -> None:
        self.kept(session, b"first" * 1000)
        savepoint = session.tm.savepoint()
        self.kept(session, b"second" * 1000)
        session.tm.savepoint()
        savepoint.rollback()
        assert self.read(session) == b"first" * 1000
        session.commit()
        assert self.read(Session(db)) == b"first" * 1000

    def test_a_failing_source_leaves_nothing(self, session: Session) -> None:
        def broken() -> Any:
            yield b"x" * 10_000
            raise RuntimeError("source")

        with pytest.raises(RuntimeError, match="source"):
            self.store(session).write(session.connection, broken())

    def test_files_and_arrays_work_on_it(self, session: Session, db: Any, small_limits: None) -> None:
        file, array = BigFile(), BigArray((40_000,), "i4")
        session.root["file"], session.root["array"] = file, array
        array[:] = np.arange(40_000)
        expected = b""
        for number in range(12):
            data = bytes([number]) * 5000
            file.append(data)
            expected += data
            session.commit()
        array[777] = -1
        session.commit()
        file.compact()
        session.commit()
        reader = Session(db)
        assert reader.root["file"].read() == expected
        assert reader.root["array"][776:779].tolist() == [776, -1, 778]
        assert reader.root["array"].snapshot()[:].sum() == np.arange(40_000).sum() - 778
