"""BigArray behaves as NumPy does, in a database."""

from __future__ import annotations

import copy
import io
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import ZODB

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray, BigFile, RAMArray
from wendelin.core.bigdata.npy import NpyStream, read_buffer, read_npy
from wendelin.core.errors import BadRequest, BigDataError, UnsupportedArray

INDICES: list[Any] = [
    3,
    -1,
    slice(2, 5),
    slice(None, None, -1),
    slice(7, 1, -2),
    ...,
    None,
    (),
    (2, 3),
    (slice(1, 4), 2),
    (slice(None), slice(None, None, 3)),
    (..., 1),
    (None, 2, None, slice(1, 3)),
    (np.int64(2), slice(None)),
    slice(5, 5),
    (2, 3, ...),
    [1, 3],
    np.array([True, False] * 4),
    (slice(None), [0, 2]),
]


@pytest.fixture
def pair(session: Session, request: pytest.FixtureRequest) -> tuple[BigArray, np.ndarray]:
    order = getattr(request, "param", "C")
    plain = np.arange(48, dtype="f8").reshape(8, 6).copy(order)
    array = session.root["array"] = BigArray((8, 6), "f8", order)
    array[...] = plain
    session.commit()
    return array, plain


@pytest.mark.parametrize("pair", ["C", "F"], indirect=True)
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_every_index_reads_and_writes_as_numpy(pair: tuple[BigArray, np.ndarray], index: Any) -> None:
    array, plain = pair
    found, wanted = array[index], plain[index]
    assert type(found) is type(wanted)
    np.testing.assert_array_equal(found, wanted)
    array[index] = plain[index] = -1
    np.testing.assert_array_equal(array[:], plain)
    assert array.strides == plain.strides


@pytest.mark.parametrize("pair", ["C", "F"], indirect=True)
def test_a_view_is_memory_of_the_array(pair: tuple[BigArray, np.ndarray], session: Session) -> None:
    array, _ = pair
    view = array[2:4, ::2]
    view[...] = 100
    assert np.asarray(array)[2:4, ::2].sum() == 600
    session.commit()
    assert Session(session.connection.db()).root["array"][2:4, ::2].sum() == 600
    assert np.shares_memory(np.asarray(array), array[:])


def test_no_dimensions_no_elements_and_odd_dtypes(session: Session) -> None:
    point = np.dtype([("t", "M8[ns]"), ("x", "f4", (2,))])
    root = session.root
    root["zero"], root["none"], root["time"] = BigArray((), "i4"), BigArray((0, 3), "f8"), BigArray((4,), point)
    root["zero"][...] = 7
    root["time"][1] = (np.datetime64(5, "ns"), (1, 2))
    root["time"]["x" if False else 2] = root["time"][1]
    session.commit()
    assert root["zero"][()] == 7
    assert root["zero"][...].shape == ()
    assert root["none"][:].shape == (0, 3)
    assert root["time"][2]["x"].tolist() == [1, 2]
    assert root["time"][:].dtype == point
    assert root["time"].view("u1").nbytes == root["time"].nbytes


def test_what_a_big_array_cannot_hold_is_refused() -> None:
    for dtype in ("O", [("a", "O")], "S"):
        with pytest.raises(UnsupportedArray):
            BigArray((3,), dtype)
    for order in ("A", "K", "c", "", "CF"):
        for made in (BigArray, RAMArray):
            with pytest.raises(ValueError, match="order"):
                made((3,), "f8", order)
    with pytest.raises(ValueError, match="negative"):
        BigArray((-1,), "f8")


def test_append_and_resize(session: Session) -> None:
    array = session.root["array"] = BigArray((0, 3), "i4")
    array.append([1, 2, 3])
    array.append([[4, 5, 6], [7, 8, 9]])
    session.commit()
    assert array[:].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    array.resize((2, 3))
    array.resize((4, 3))
    assert array[2:].tolist() == [[0, 0, 0], [0, 0, 0]]
    session.commit()
    assert array[1].tolist() == [4, 5, 6]
    with pytest.raises(ValueError, match="do not fit"):
        array.append([1, 2])
    with pytest.raises(UnsupportedArray):
        BigArray((), "f8").append(1)


def test_numpy_functions_and_buffers_just_work(pair: tuple[BigArray, np.ndarray], tmp_path: Any) -> None:
    array, plain = pair
    assert np.mean(array) == plain.mean()
    assert len(array) == 8
    assert array.nbytes == 384
    assert np.asarray(array, dtype="f4").dtype == np.float32
    assert not np.shares_memory(np.array(array, copy=True), array[:])
    with open(tmp_path / "out", "wb") as out:
        out.write(array[:])
        array[:].tofile(out)
    with open(tmp_path / "out", "rb") as source:
        source.readinto(memoryview(array[:]).cast("B"))
    assert [block.shape for block in array.blocks(3)] == [(3, 6), (3, 6), (2, 6)]
    np.testing.assert_array_equal(array[:], plain)


def test_a_sparse_array_costs_what_is_written(session: Session, db: ZODB.DB) -> None:
    array = session.root["array"] = BigArray((1 << 40,), "u1")
    session.commit()
    size = db.storage.getSize()
    array[1 << 39] = 1
    session.commit()
    assert db.storage.getSize() - size < 20_000
    assert array[(1 << 39) - 1 : (1 << 39) + 2].tolist() == [0, 1, 0]


def test_a_copy_shares_extents_until_it_is_written(session: Session) -> None:
    first = session.root["first"] = BigArray((100_000,), "f8")
    first[:] = 1
    session.commit()
    second = session.root["second"] = copy.copy(first)
    second[5] = 2
    session.commit()
    assert (first[5], second[5], second[6]) == (1, 2, 1)
    assert first.file.extent_map.segments[0].extents.keys() & second.file.extent_map.segments[0].extents.keys()


def test_a_pickle_is_a_handle_of_the_committed_state(session: Session) -> None:
    array = session.root["array"] = BigArray((1000,), "f8")
    with pytest.raises(BigDataError, match="commit"):
        pickle.dumps(array)
    array[3] = 4
    session.commit()
    data = pickle.dumps(array)
    array[3] = 5
    with pytest.raises(BigDataError, match="commit"):
        pickle.dumps(array)
    session.commit()
    assert len(data) < 1000
    assert pickle.loads(data)[3] == 4
    assert pickle.loads(pickle.dumps(array))[3] == 5


def test_npy_out_by_range_and_in_again(pair: tuple[BigArray, np.ndarray], session: Session) -> None:
    array, plain = pair
    stream = NpyStream(array.snapshot())
    data = b"".join(stream.iterate(block_size=50))
    np.testing.assert_array_equal(np.load(io.BytesIO(data)), plain)
    assert stream.size == len(data)
    assert all(stream.read(at, 60) == data[at : at + 60] for at in range(0, len(data) + 10, 37))
    back = session.root["back"] = read_npy(io.BytesIO(data))
    back = read_npy(io.BytesIO(data), back)
    np.testing.assert_array_equal(back[:], np.concatenate([plain, plain]))
    with pytest.raises(BadRequest, match="1 bytes too early"):
        read_npy(io.BytesIO(data[:-1]))
    np.testing.assert_array_equal(read_buffer(memoryview(b"abc"))[:], [97, 98, 99])
    np.testing.assert_array_equal(read_buffer(plain, "F")[:], plain)


def test_the_overview_is_exact_whatever_happened(session: Session) -> None:
    rng = np.random.default_rng(1)
    plain = rng.random((200_000, 2)).astype("f4")
    array = session.root["array"] = BigArray((0, 2), "f4")
    session.commit()
    for start in range(0, 200_000, 20_000):
        array.append(plain[start : start + 20_000])
        session.commit()

    def check() -> None:
        edges = np.linspace(100, 199_000, 14).astype(int)
        wanted = [[plain[a:b].min(0), plain[a:b].max(0)] for a, b in pairwise(edges)]
        np.testing.assert_array_equal(array.overview(100, 199_000, 13), wanted)

    assert len(array._summary.entries[0].entries) == 2, (
        "two leaves of 65,536 rows were committed before the last append"
    )
    check()
    array[70_000] = plain[70_000] = 50
    check()
    session.commit()
    check()
    array.summarise()
    session.commit()
    check()
    array.resize((199_500, 2))
    array.resize((200_000, 2))
    plain[199_500:] = 0
    session.commit()
    check()


def test_the_overview_reads_the_pyramid_and_not_the_data(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    array = session.root["array"] = BigArray((65_536 * 8,), "f4")
    array[:] = np.arange(65_536 * 8)
    array.summarise()
    session.commit()
    read: list[int] = []
    original = BigFile.read

    def counting(self: BigFile, offset: int = 0, size: int | None = None) -> bytes:
        found = original(self, offset, size)
        read.append(len(found))
        return found

    monkeypatch.setattr(BigFile, "read", counting)
    found = array.overview(10, 65_536 * 8 - 10, 4)
    assert found[0, 0] == 10
    assert sum(read) < 4 * 512 * array.itemsize


def test_a_ram_array_has_the_same_interface() -> None:
    array = RAMArray((2, 3), "i4")
    array[0] = [1, 2, 3]
    array.append([4, 5, 6])
    array.resize((4, 3))
    assert np.asarray(array).tolist() == [[1, 2, 3], [0, 0, 0], [4, 5, 6], [0, 0, 0]]
    assert (array.shape, array.dtype, len(array)) == ((4, 3), np.dtype("i4"), 4)
    with pytest.raises(ValueError, match="read-only"):
        array.snapshot()[0] = 1
    with pytest.raises(UnsupportedArray):
        RAMArray((1,), "O")
