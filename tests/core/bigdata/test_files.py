"""BigFile, and the file objects that others read it through."""

from __future__ import annotations

import csv
import io
import time
import wave
import zipfile
from typing import Any

import numpy as np
import pytest
import scipy.io.wavfile
import ZODB

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigFile


@pytest.fixture(params=[100, 70_000, 3_000_000], ids=["inline", "sealed", "extent"])
def content(request: pytest.FixtureRequest) -> bytes:
    return np.random.default_rng(0).bytes(request.param)


@pytest.fixture
def file(session: Session, content: bytes) -> BigFile:
    made = session.root["file"] = BigFile()
    for start in range(0, len(content), 50_000):
        made.append(content[start : start + 50_000])
        session.commit()
    return made


def test_read_and_iterate(file: BigFile, content: bytes) -> None:
    assert file.size == len(file) == len(content)
    assert file.read() == content
    assert file.read(10, 50) == content[10:60]
    assert file.read(len(content) - 5, 50) == content[-5:]
    assert file.read(len(content) + 1) == b""
    assert b"".join(file.iterate(3, 60_000, 7_001)) == content[3:60_000]


def test_write_within_and_beyond_the_end(file: BigFile, content: bytes, session: Session) -> None:
    model = bytearray(content)
    for offset, data in ((5, b"abc"), (len(content) - 2, b"over"), (len(content) + 9_000, b"far")):
        file.write(offset, data)
        model.extend(bytes(max(offset - len(model), 0)))
        model[offset : offset + len(data)] = data
        assert file.read() == bytes(model)
    session.commit()
    assert file.read() == bytes(model)
    file.truncate(50)
    file.truncate(90)
    assert file.read() == bytes(model[:50]) + bytes(40)


def test_a_file_object_is_one(file: BigFile, content: bytes) -> None:
    opened, plain = file.open(), io.BytesIO(content)
    assert isinstance(opened, io.BufferedIOBase)
    for offset, whence in ((5, 0), (20, 1), (-30, 2), (0, 0)):
        assert opened.seek(offset, whence) == plain.seek(offset, whence)
        assert opened.read(13) == plain.read(13)
        assert opened.readline() == plain.readline()
        assert opened.tell() == plain.tell()
    buffer = bytearray(40)
    opened.seek(1)
    assert opened.readinto(buffer) == 40
    assert bytes(buffer) == content[1:41]
    window = opened.window(20)
    assert bytes(window) == content[41:61]
    assert window.readonly
    assert np.frombuffer(opened.window(), "u1").tobytes() == content[61:]
    with pytest.raises(ValueError, match="negative"):
        opened.seek(-1)


@pytest.mark.parametrize("pieces", [1, 7])
def test_the_libraries_read_from_it(session: Session, pieces: int) -> None:
    def stored(data: bytes) -> BigFile:
        made = session.root["made"] = BigFile()
        step = -(-len(data) // pieces)
        for start in range(0, len(data), step):
            made.append(data[start : start + step])
            session.commit()
        return made

    sound = np.random.default_rng(0).integers(-999, 999, 700_000).astype("i2")
    buffer = io.BytesIO()
    scipy.io.wavfile.write(buffer, 8000, sound)
    file = stored(buffer.getvalue())
    for mmap in (False, True):
        rate, found = scipy.io.wavfile.read(file.open(), mmap=mmap)
        assert rate == 8000
        np.testing.assert_array_equal(found, sound)
    with wave.open(file.open()) as waves:
        assert waves.getnframes() == len(sound)
        assert waves.readframes(100) == sound[:100].tobytes()

    buffer = io.BytesIO()
    np.save(buffer, sound)
    np.testing.assert_array_equal(np.load(stored(buffer.getvalue()).open()), sound)

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "some text\n" * 1000)
    assert zipfile.ZipFile(stored(buffer.getvalue()).open()).read("a.txt") == b"some text\n" * 1000

    table = "".join(f"{i},{i * i}\n" for i in range(20_000)).encode()
    rows: Any = csv.reader(io.TextIOWrapper(stored(table).open(), newline=""))
    assert sum(int(row[1]) - int(row[0]) ** 2 for row in rows) == 0


def test_many_small_appends_in_one_transaction_share_records(session: Session) -> None:
    file = session.root["file"] = BigFile()
    session.commit()
    for number in range(5000):
        file.append(b"%06d\n" % number)
    assert len(file.tail.chunks) <= 2
    session.commit()
    assert file.read(7 * 4321, 7) == b"004321\n"


def test_what_is_due_is_sealed_by_the_next_append(session: Session) -> None:
    file = session.root["file"] = BigFile()
    expected = b""
    for number in range(200):
        file.append(bytes([number]) * 5000)
        expected += bytes([number]) * 5000
        session.commit()
        session.connection.cacheMinimize()
    assert len(file.tail.chunks) < 3 * 64
    assert file.tail.start > 0
    assert file.read() == expected
    done = file.compact()
    session.commit()
    assert (file.fragments, file.read()) == (len(file.tail.chunks) + 1, expected)
    assert done.runs_after < done.runs_before


def test_when_a_file_was_changed_last(session: Session, db: ZODB.DB) -> None:
    file = session.root["file"] = BigFile()
    file.append(b"x")
    assert file.changed_at() is None  # not committed yet
    before = time.time()
    session.commit()
    first = file.changed_at()
    assert first is not None and before - 1 <= first <= time.time() + 1
    session.root["other"] = 1
    session.commit()
    reader = Session(db)
    assert reader.root["file"].changed_at() == first
    file.write(0, b"y")
    session.commit()
    assert file.changed_at() > first
