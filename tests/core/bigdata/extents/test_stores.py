"""The extent stores: blobs of FileStorage and of ZEO, and records on an engine without blobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ZODB
from ZODB.FileStorage import FileStorage

from tests.core.bigdata.extents.store_contract import ExtentStoreContract
from tests.core.bigdata.sessions import Session
from tests.core.bigdata.zeo_server import zeo_database, zeo_server
from wendelin.core.bigdata import BigFile
from wendelin.core.bigdata.extents import record_store
from wendelin.core.bigdata.extents.blob_store import BlobStore


class TestBlobStore(ExtentStoreContract):
    """FileStorage."""

    def test_files_and_new_folders_are_synced(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        synced: list[str] = []
        monkeypatch.setattr("wendelin.core.bigdata.extents.extent_files.sync_path", synced.append)
        session.root["file"] = BigFile()
        session.commit()
        session.root["file"].append(b"x" * (2 << 20))
        session.commit()
        blob = next(path for path in synced if path.endswith(".blob"))
        assert str(Path(blob).parent) in synced
        assert str(Path(blob).parent.parent) in synced


class TestRecordStore(ExtentStoreContract):
    """A FileStorage without blobs stands for NEO: only records are used."""

    @pytest.fixture
    def db(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZODB.DB]:
        monkeypatch.setattr(record_store, "_folder", None)
        record_store.use_cache(str(tmp_path / "cache"))
        database = ZODB.DB(FileStorage(str(tmp_path / "Data.fs")))
        yield database
        database.close()

    def test_the_cache_is_filled_again_and_kept_small(
        self, session: Session, db: ZODB.DB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert not isinstance(self.store(session), BlobStore)
        handle = self.kept(session, b"z" * 10_000)
        session.commit()
        key = handle.key
        for path in (tmp_path / "cache").iterdir():
            path.unlink()
        reader = Session(db)
        assert self.read(reader) == b"z" * 10_000
        assert (tmp_path / "cache" / key).exists()
        monkeypatch.setattr(record_store, "_limit", 6000)
        session.root["extent"] = other = self.store(session).write(session.connection, [b"y" * 5000])
        session.commit()
        other._v_path = None
        self.store(session).path(other)
        assert not (tmp_path / "cache" / key).exists()

    def test_a_new_file_finds_its_way_out_of_blobs(self, session: Session, db: ZODB.DB) -> None:
        file = session.root["file"] = BigFile()
        file.append(b"x" * (3 << 20))
        file.write(5, b"abc")
        session.commit()
        assert Session(db).root["file"].read(3, 7) == b"xxabcxx"


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "cache"])
class TestZEO(ExtentStoreContract):
    """A ZEO server with its blobs shared, or sent to a cache."""

    @pytest.fixture
    def db(self, tmp_path: Path, shared: bool) -> Iterator[ZODB.DB]:
        with zeo_server(tmp_path) as port:
            database = zeo_database(port, tmp_path / ("blobs" if shared else "cache"), shared)
            yield database
            database.close()
