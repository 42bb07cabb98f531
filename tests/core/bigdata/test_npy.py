"""NPY files as NumPy writes them, and as nobody should: every dtype and version, damaged and hostile headers."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest

from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.npy import NpyStream, array_of_npy, read_npy
from wendelin.core.bigdata.npy_headers import MAX_HEADER, npy_header, read_npy_header
from wendelin.core.errors import BadRequest, UnsupportedArray

PLAIN = [
    "?",
    "i1",
    "<i2",
    ">i4",
    "<u8",
    "<f2",
    ">f8",
    "g",
    "<c8",
    "G",
    "S5",
    "<U3",
    ">U3",
    "V7",
    "M8",
    "<M8[ns]",
    ">m8[2h]",
]
STRUCTURED = [
    np.dtype([("a", "<i4"), ("b", "S3")]),
    np.dtype([("a", "<i4"), ("b", "<f8", (2, 3))]),
    np.dtype([("a", [("x", "<f4"), ("y", ">u2")]), ("b", "?")]),
    np.dtype([("a", "i1"), ("b", "<f8")], align=True),
    np.dtype([(("A title", "a"), "<i4")]),
    np.dtype([("été", "<i4")]),
    np.dtype([("温度", "<f8"), ("Ω", "<f8")]),
    np.dtype({"names": ["b", "a"], "formats": ["<i4", "<f8"], "offsets": [8, 0], "itemsize": 16}),
    np.dtype([(f"field number {number}", "<f4") for number in range(2000)]),
]
DTYPES = [*map(np.dtype, PLAIN), *STRUCTURED]
SHAPES = [(), (0,), (3,), (0, 3), (3, 0), (2, 0, 4), (2, 3), (2, 3, 4), (1,) * 32]


def filled(shape: tuple[int, ...], dtype: np.dtype[Any], order: Any = "C") -> np.ndarray:
    array = np.zeros(shape, dtype, order)
    raw = (array.T if order == "F" else array).reshape(-1).view("u1")
    raw[...] = np.arange(raw.size) % 100 if dtype.kind != "U" and not dtype.names else 0
    return array


def npy(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0), encoding: str = "latin-1") -> bytes:
    text = header.encode(encoding) + b"\n"
    length = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + data


def head(descr: str = "'<f8'", fortran: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype)[:30])
def test_every_dtype_goes_out_and_comes_in(dtype: np.dtype[Any], order: str) -> None:
    plain = filled((3, 2), dtype, order)
    array = BigArray(plain.shape, dtype, order)
    array[...] = plain
    data = b"".join(NpyStream(array).iterate())
    loaded = np.load(io.BytesIO(data), max_header_size=MAX_HEADER)
    back = read_npy(io.BytesIO(data))
    assert back.dtype == loaded.dtype and back.order == order
    for found in (loaded, back[...], array_of_npy(data)):
        assert found.shape == plain.shape and same(found, plain)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether all elements are, whatever stands between their fields, and in whatever order fields stand."""
    if other.dtype.names is None:
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return all(same(one[name], other[name]) for name in other.dtype.names)


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
@pytest.mark.parametrize("dtype", [d for d in DTYPES if d != STRUCTURED[7]], ids=lambda dtype: str(dtype)[:30])
def test_what_numpy_saves_is_read(dtype: np.dtype[Any]) -> None:
    for shape in SHAPES:
        plain = filled(shape, dtype)
        stream = io.BytesIO()
        np.save(stream, plain)
        stream.seek(0)
        back = read_npy(stream)
        assert (back.shape, back.dtype) == (plain.shape, plain.dtype)
        assert same(back[...], plain)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions(version: tuple[int, int]) -> None:
    name = "é" if version[0] < 3 else "Ω"
    text = head(descr=f"[('{name}', '<i2')]")
    encoding = "utf-8" if version[0] == 3 else "latin-1"
    array = read_npy(io.BytesIO(npy(text, b"\1\0\2\0", version, encoding)))
    assert array.dtype.names == (name,) and array[...][name].tolist() == [1, 2]


def test_headers_of_python_2() -> None:
    assert read_npy_header(io.BytesIO(npy(head(shape="(2L, 3L)")))).shape == (2, 3)


WRONG = {
    "no magic": b"\x93NUMPX\1\0" + bytes(100),
    "nothing": b"",
    "only magic": b"\x93NUMPY",
    "cut in the length": b"\x93NUMPY\1\0\5",
    "cut in the header": npy(head())[:30],
    "unknown version": npy(head(), version=(9, 0)),
    "version 1.1": npy(head(), version=(1, 1)),
    "unfinished": npy(head()[:-6]),
    "zeros": npy("\0" * 60, bytes(40)),
    "not UTF-8": npy("é" + head(), version=(3, 0)),
    "longer than any": b"\x93NUMPY\2\0" + struct.pack("<I", MAX_HEADER + 1) + b" " * 100,
    "the longest length": b"\x93NUMPY\2\0\xff\xff\xff\xff",
    "negative": npy(head(shape="(-5,)"), bytes(40)),
    "negative in two": npy(head(shape="(-5, 3)"), bytes(120)),
    "two negative": npy(head(shape="(-5, -3)"), bytes(120)),
    "too many elements": npy(head(shape="(1 << 70,)"), bytes(10)),
    "a huge length": npy(head(shape=f"({1 << 70},)"), bytes(10)),
    "a huge length of nothing": npy(head(shape=f"(0, {1 << 70})"), bytes(10)),
    "many dimensions": npy(head(shape=str((1,) * 100)), bytes(10)),
    "shape of floats": npy(head(shape="(2.0,)"), bytes(16)),
    "shape of truths": npy(head(shape="(True,)"), bytes(16)),
    "shape no tuple": npy(head(shape="2"), bytes(16)),
    "order a number": npy(head(fortran="1"), bytes(16)),
    "no dictionary": npy("[1, 2]"),
    "keys missing": npy("{'shape': (2,)}"),
    "keys too many": npy(head()[:-1] + "'more': 1}"),
    "keys that cannot be": npy("{[]: 1}"),
    "no dtype": npy(head(descr="'nonsense'")),
    "dtype a number": npy(head(descr="5")),
    "dtype None": npy(head(descr="None")),
    "dtype empty": npy(head(descr="[]")),
    "dtype of itself": npy(head(descr="('<f8', (2,))"), bytes(32)),
    "fields twice": npy(head(descr="[('a', '<i4'), ('a', '<i4')]"), bytes(16)),
    "fields damaged": npy(head(descr="[('a',)]")),
    "fields nested too deep": npy(head(descr="[('a', " * 900 + "'<i4'" + ")]" * 900)),
    "a call": npy(head(descr="__import__('os').getcwd()")),
    "brackets": npy("[" * 60_000),
    "minus": npy("-" * 60_000 + "1"),
    "long number": npy(head(shape="(" + "9" * 9000 + ",)")),
    "data cut": npy(head(), bytes(15)),
    "data missing": npy(head(shape="(1000000000000,)")),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_refused_with_the_reason(name: str) -> None:
    for read in (lambda data: read_npy(io.BytesIO(data)), array_of_npy):
        with pytest.raises((BadRequest, UnsupportedArray)) as caught:
            read(WRONG[name])
        assert 10 < len(str(caught.value)) < 400


@pytest.mark.parametrize("descr", ["'O'", "'|O8'", "[('a', 'O')]", "'|S0'", "'<U0'", "'|V0'"])
def test_objects_and_elements_without_size_are_refused(descr: str) -> None:
    with pytest.raises(UnsupportedArray):
        read_npy(io.BytesIO(npy(head(descr=descr), bytes(16))))


def test_fields_that_overlap_have_no_header() -> None:
    dtype = np.dtype({"names": ["a", "b"], "formats": ["<i4", "<i4"], "offsets": [0, 2], "itemsize": 8})
    with pytest.raises(BadRequest, match="overlap"):
        npy_header((1,), dtype, "C")


def test_an_append_that_fails_changes_nothing() -> None:
    array = BigArray((2,), "<f8")
    array[:] = 1
    rows = npy(head(shape="(2000000,)"), bytes(15_000_000))
    with pytest.raises(BadRequest, match="too early"):
        read_npy(io.BytesIO(rows), array)
    assert array[:].tolist() == [1, 1]
    for other in (head(descr="'<f4'"), head(shape="(2, 1)"), head(shape="()")):
        with pytest.raises(UnsupportedArray):
            read_npy(io.BytesIO(npy(other, bytes(64))), array)


def test_streams_that_give_their_bytes_in_parts() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 7))

    assert read_npy(Slow(npy(head(), struct.pack("<dd", 1, 2))))[:].tolist() == [1, 2]


def mutated(rng: random.Random, data: bytes) -> bytes:
    """The data with some bytes changed, cut out, repeated or put in."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(min(len(found), 200)) if found else 0
        count = rng.choice([1, 1, 2, 8])
        how = rng.randrange(5)
        if how == 0:
            found[at : at + count] = rng.randbytes(count)
        elif how == 1:
            del found[at : at + count]
        elif how == 2:
            found[at:at] = found[at : at + count] * rng.choice([1, 3, 100])
        elif how == 3:
            found[at : at + 1] = rng.choice(
                [b"9" * 12, b"-", b"L", b"(", b")", b"'", b"[", b"\0", b"\xff", b"O", b"V9"]
            )
        else:
            del found[at:]
    return bytes(found)


@pytest.mark.timeout(300)
def test_random_damage_is_refused_or_read_within_bounds() -> None:
    """No error but the declared ones, and no memory but for what is there."""
    rng = random.Random(8)
    good = []
    for dtype in DTYPES[:-1]:
        stream = io.BytesIO(npy_header((3, 2), dtype, rng.choice("CF")) + bytes(6 * dtype.itemsize))
        good.append(stream.getvalue())
    refused = 0
    tracemalloc.start()
    for _ in range(3000):
        data = mutated(rng, rng.choice(good))
        for read in (lambda content: read_npy(io.BytesIO(content)), array_of_npy):
            try:
                read(data)
            except (BadRequest, UnsupportedArray):
                refused += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused > 2000 and peak < 64 << 20
