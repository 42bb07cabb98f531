"""Backups are made of a database in use, and give back every object and every file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ZODB.blob import Blob

from wendelin.core.database import Database, backup, open_database
from wendelin.core.errors import DatabaseError, DatabaseLocked

FILE_STORAGE = "<zodb>\n<filestorage>\npath {0}/Data.fs\nblob-dir {0}/blobs\n</filestorage>\n</zodb>\n"
SQLITE = """
%import relstorage
<zodb>
  <relstorage>
    blob-dir {0}/cache
    shared-blob-dir false
    <sqlite3>
      data-dir {0}
    </sqlite3>
  </relstorage>
</zodb>
"""


def make_database(folder: Path, text: str = FILE_STORAGE) -> Database:
    folder.mkdir(exist_ok=True)
    config = folder / "zodb.conf"
    config.write_text(text.format(folder))
    return open_database(config)


def add(database: Database, number: int) -> None:
    """One transaction with an object and a file of 100 kB."""
    with database.transaction(user="zope", description=f"add {number}") as connection:
        connection.root()[f"n{number}"] = number
        connection.root()[f"b{number}"] = Blob(bytes([number]) * 100_000)


def contents(database: Database) -> dict[str, object]:
    """Everything in the root, files as their bytes."""
    found = {}
    with database.connect() as connection:
        for name, value in connection.root().items():
            if isinstance(value, Blob):
                with value.open("r") as stream:
                    found[name] = stream.read()
            else:
                found[name] = value
    return found


@pytest.fixture
def source(tmp_path: Path):
    with make_database(tmp_path / "source") as database:
        add(database, 1)
        yield database


def back_up(tmp_path: Path, full: bool = False) -> str:
    folder = tmp_path / "source"
    return backup.back_up_file_storage(folder / "Data.fs", folder / "blobs", tmp_path / "backup", full)


def wait_for_the_next_second() -> None:
    """repozo names its files by the second, and keeps what is there."""
    import time

    time.sleep(1.05 - time.time() % 1)


def test_a_backup_of_an_open_database_gives_everything_back(source: Database, tmp_path: Path) -> None:
    assert back_up(tmp_path).startswith("full backup")
    wait_for_the_next_second()
    add(source, 2)
    assert back_up(tmp_path).startswith("incremental backup")
    expected = contents(source)
    report = backup.restore_file_storage(tmp_path / "backup", tmp_path / "restored")
    assert "2 blobs" in report
    with make_database(tmp_path / "restored") as restored:
        assert contents(restored) == expected
        add(restored, 3)
        assert restored.undo_log()[1].description == "add 2"


def test_others_cannot_read_a_backup_nor_what_is_restored(source: Database, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        (tmp_path / "backup").mkdir(mode=0o777)  # as an operator may have made it
        (tmp_path / "backup" / "data").mkdir(mode=0o777)
        back_up(tmp_path)
        backup.restore_file_storage(tmp_path / "backup", tmp_path / "restored")
        backup.back_up_engine(source, tmp_path / "copy")
    finally:
        os.umask(mask)
    for folder in ("backup/data", "backup/blobs", "restored", "copy/engine"):
        assert (tmp_path / folder).stat().st_mode & 0o077 == 0, folder
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "backup" / "data").iterdir())


def test_blobs_are_linked_not_copied(source: Database, tmp_path: Path) -> None:
    back_up(tmp_path)
    blob = next((tmp_path / "backup" / "blobs").rglob("*.blob"))
    assert blob.stat().st_nlink == 2


def test_blobs_are_copied_where_linking_is_impossible(source: Database, tmp_path: Path, monkeypatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    back_up(tmp_path)
    blob = next((tmp_path / "backup" / "blobs").rglob("*.blob"))
    assert blob.stat().st_nlink == 1 and blob.stat().st_size == 100_000


def test_a_backup_survives_the_loss_and_the_pack_of_its_source(source: Database, tmp_path: Path) -> None:
    back_up(tmp_path)
    expected = contents(source)
    with source.transaction() as connection:
        connection.root().clear()
    source.pack()
    backup.restore_file_storage(tmp_path / "backup", tmp_path / "restored")
    with make_database(tmp_path / "restored") as restored:
        assert contents(restored) == expected


def test_an_older_state_has_only_its_own_blobs(source: Database, tmp_path: Path) -> None:
    back_up(tmp_path)
    first = max((tmp_path / "backup" / "data").glob("*.fs")).stem
    expected = contents(source)
    wait_for_the_next_second()
    add(source, 2)
    back_up(tmp_path)
    backup.restore_file_storage(tmp_path / "backup", tmp_path / "restored", date=first)
    assert len(list((tmp_path / "restored" / "blobs").rglob("*.blob"))) == 1
    with make_database(tmp_path / "restored") as restored:
        assert contents(restored) == expected


def test_uncommitted_blobs_are_left_out(source: Database, tmp_path: Path) -> None:
    temporary = tmp_path / "source" / "blobs" / "tmp"
    (temporary / "half.spb").write_bytes(b"half")
    back_up(tmp_path)
    assert not (tmp_path / "backup" / "blobs" / "tmp").exists()


def test_an_existing_database_is_not_overwritten(source: Database, tmp_path: Path) -> None:
    back_up(tmp_path)
    with pytest.raises(DatabaseError, match="exists"):
        backup.restore_file_storage(tmp_path / "backup", tmp_path / "source")


def test_a_damaged_backup_is_refused(source: Database, tmp_path: Path) -> None:
    back_up(tmp_path)
    data = next((tmp_path / "backup" / "data").glob("*.fs"))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 255
    data.write_bytes(content)
    with pytest.raises(DatabaseError, match="checksum"):
        backup.restore_file_storage(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored" / "Data.fs").exists()


def test_a_folder_without_a_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no backup"):
        backup.restore_file_storage(tmp_path, tmp_path / "restored")


def test_pack_and_backup_exclude_each_other(tmp_path: Path) -> None:
    with backup.packing_lock(tmp_path), pytest.raises(DatabaseLocked), backup.packing_lock(tmp_path):
        pass
    with backup.packing_lock(tmp_path):
        pass


def test_another_engine_is_copied_whole_and_back(tmp_path: Path) -> None:
    pytest.importorskip("relstorage")
    with make_database(tmp_path / "sqlite", SQLITE) as database:
        add(database, 1)
        add(database, 2)
        expected = contents(database)
        backup.back_up_engine(database, tmp_path / "backup")
        report = backup.back_up_engine(database, tmp_path / "backup")
        assert report.startswith("full backup")
    new = tmp_path / "new"
    new.mkdir()
    config = new / "zodb.conf"
    config.write_text(SQLITE.format(new))
    assert "restored up to" in backup.restore_engine(tmp_path / "backup", config)
    with open_database(config) as restored:
        assert contents(restored) == expected
    with pytest.raises(DatabaseError, match="not empty"):
        backup.restore_engine(tmp_path / "backup", config)
