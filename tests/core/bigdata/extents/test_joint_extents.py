"""What one transaction appends to several files shares a blob, and stays each file's own in all that follows."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ZODB

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray, BigFile, FilePart, bigfile
from wendelin.core.bigdata.compaction import compact
from wendelin.core.bigdata.extents import file_parts, joint_extents
from wendelin.core.bigdata.tail.tail import EXTENT
from wendelin.core.errors import StorageFull

MIB = 1 << 20


def content(size: int, seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(size)


@pytest.fixture(autouse=True)
def small_extents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigfile, "SEAL_SIZE", 16 << 10)


@pytest.fixture
def files(session: Session) -> list[BigFile]:
    made = session.root["files"] = tuple(BigFile() for _ in range(3))
    session.commit()
    return list(made)


def extents(*files: BigFile) -> list[Any]:
    return [chunk.source for file in files for chunk in file.tail.chunks if chunk.kind == EXTENT]


def count_blobs(folder: Path) -> int:
    return sum(path.suffix == ".blob" for path in folder.rglob("*"))


def test_several_files_share_a_blob(session: Session, files: list[BigFile], db: ZODB.DB, tmp_path: Path) -> None:
    expected = [b""] * 3
    for turn in range(5):
        for number, file in enumerate(files):
            data = content(20_000 + 7 * number + turn, turn * 3 + number)
            file.append(data)
            expected[number] += data
        assert len({id(handle) for handle in extents(*files)}) == turn + 1
        assert [file.read() for file in files] == expected  # also before the commit
        session.commit()
        assert count_blobs(tmp_path / "blobs") == turn + 1
    other = Session(db)
    for file, data in zip(other.root["files"], expected, strict=True):
        assert file.read() == data
        assert bytes(file.open().window()) == data  # mapped
    other.close()


def test_mapped_sealed_compacted_and_packed(session: Session, files: list[BigFile], db: ZODB.DB) -> None:
    expected = [b""] * 3
    for turn in range(30):
        for number, file in enumerate(files):
            data = content(17_000 + 4096 * (turn % 2) + number, turn * 3 + number)
            file.append(data)
            expected[number] += data
        session.commit()
    assert any(file.extent_map.segments for file in files)  # parts stand in the map
    files[1].write(5000, b"changed in the middle")
    expected[1] = expected[1][:5000] + b"changed in the middle" + expected[1][5021:]
    session.commit()
    assert [file.read() for file in files] == expected
    compact(files[0])
    session.commit()
    session.root["files"] = (files[0], files[2])  # the second is gone, and what it alone named
    session.commit()
    db.pack()
    other = Session(db)
    assert [file.read() for file in other.root["files"]] == [expected[0], expected[2]]
    other.close()


def test_one_file_several_times(session: Session, files: list[BigFile]) -> None:
    data = [content(30_000 + 1000 * n, n) for n in range(4)]
    for piece in data:
        files[0].append(piece)
    assert len({id(handle) for handle in extents(files[0])}) == 1
    session.commit()
    assert files[0].read() == b"".join(data)


def test_savepoints_and_abort(session: Session, files: list[BigFile]) -> None:
    first, second, third = files
    kept, lost = content(20_000, 1), content(30_000, 2)
    first.append(kept)
    savepoint = session.tm.savepoint()
    second.append(lost)
    first.append(lost)
    savepoint.rollback()
    assert (first.read(), second.read()) == (kept, b"")
    third.append(kept)
    session.commit()
    assert [file.read() for file in files] == [kept, b"", kept]
    first.append(lost)
    session.abort()
    assert first.read() == kept
    second.append(kept)
    session.commit()
    assert [file.read() for file in files] == [kept] * 3


def test_two_writers(session: Session, files: list[BigFile], db: ZODB.DB) -> None:
    other = Session(db)
    mine, theirs = content(20_000, 1), content(20_000, 2)
    for file in files:
        file.append(mine)
    for file in other.root["files"]:
        file.append(theirs)
    session.commit()
    other.commit()
    session.tm.begin()
    assert [file.read() for file in files] == [mine + theirs] * 3
    other.close()


def test_a_full_disk_takes_back_one_part(
    session: Session, files: list[BigFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = content(20_000, 1)
    files[0].append(data)
    writev = os.writev

    def full(descriptor: int, buffers: Any) -> int:
        writev(descriptor, [bytes(5000)])
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", full)
        with pytest.raises(StorageFull):
            files[1].append(data)
    files[2].append(data)
    session.commit()
    assert [file.read() for file in files] == [data, b"", data]


def test_what_is_large_stands_alone(session: Session, files: list[BigFile], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint_extents, "LARGEST_PART", 50_000)
    monkeypatch.setattr(joint_extents, "FULL", 60_000)
    files[0].append(content(60_000, 1))
    for number in range(4):
        files[1].append(content(30_000, number))
    assert len(set(map(id, extents(files[0])))) == 1
    assert len(set(map(id, extents(files[1])))) == 2
    assert not set(map(id, extents(files[0]))) & set(map(id, extents(files[1])))
    session.commit()
    assert files[1].read() == b"".join(content(30_000, number) for number in range(4))


def test_nothing_is_left_open_or_behind(session: Session, files: list[BigFile], tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for turn in range(20):
        files[0].append(content(20_000, turn))
        session.abort() if turn % 2 else session.commit()
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    assert not list((tmp_path / "blobs" / "tmp").glob("extent-*"))


def test_arrays_and_files_together(session: Session, files: list[BigFile], db: ZODB.DB) -> None:
    array = session.root["array"] = BigArray((0, 3), "f8")
    session.commit()
    for turn in range(12):
        array.append(np.full((1000, 3), turn))
        files[0].append(content(20_000, turn))
        session.commit()
    other = Session(db)
    np.testing.assert_array_equal(other.root["array"][:], np.repeat(np.arange(12.0), 1000)[:, None] * np.ones(3))
    assert other.root["files"][0].read() == b"".join(content(20_000, turn) for turn in range(12))
    other.close()


class TestFileParts:
    """Bytes of another file are taken over by the kernel, at any position."""

    @pytest.fixture(params=["kernel", "by hand"], autouse=True)
    def way(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        if request.param == "by hand":

            def refuse(*arguments: Any) -> int:
                raise OSError(errno.EXDEV, "another file system")

            monkeypatch.setattr(os, "copy_file_range", refuse)
            monkeypatch.setattr(file_parts, "_BLOCK", 10_000)

    @pytest.mark.parametrize("before", [0, 100, 4096, 50_000])
    def test_between_other_pieces(self, session: Session, files: list[BigFile], tmp_path: Path, before: int) -> None:
        source, head = content(300_000, 1), content(before, 2)
        (tmp_path / "source").write_bytes(source)
        files[0].append(head)
        session.commit()
        with open(tmp_path / "source", "rb") as opened:
            part = FilePart(opened.fileno(), 1000, 250_000)
            files[0].append_pieces([b"before", part, b"after", FilePart(opened.fileno(), 0, 10)])
        session.commit()
        assert files[0].read() == head + b"before" + source[1000:251_000] + b"after" + source[:10]

    def test_a_file_that_ends(self, session: Session, files: list[BigFile], tmp_path: Path) -> None:
        (tmp_path / "source").write_bytes(b"short")
        with open(tmp_path / "source", "rb") as opened, pytest.raises(EOFError, match="5 bytes too early"):
            files[0].append_pieces([FilePart(opened.fileno(), 0, 10)])
        session.abort()
        assert files[0].size == 0
