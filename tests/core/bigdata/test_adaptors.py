"""zarr and dask on big arrays."""

from __future__ import annotations

import contextlib
import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray
from wendelin.core.errors import BadRequest, UnsupportedArray

zarr = pytest.importorskip("zarr")
dask_array = pytest.importorskip("dask.array")


@pytest.fixture
def array(session: Session) -> BigArray:
    made = session.root["array"] = BigArray((10_500, 4), "f8")
    made[:] = np.arange(42_000).reshape(10_500, 4)
    session.commit()
    return made


def test_zarr_reads_writes_and_resizes_the_array(array: BigArray, session: Session) -> None:
    from wendelin.core.bigdata.zarr_store import ArrayMapping, ArrayStore

    opened = zarr.open_array(ArrayStore(array, rows=1000))
    assert (opened.shape, opened.dtype, opened.chunks) == ((10_500, 4), np.dtype("f8"), (1000, 4))
    np.testing.assert_array_equal(opened[995:10_500:7, 1:3], array[995:10_500:7, 1:3])
    opened[10_400:] = -1
    opened[5, 2] = 7
    opened.resize((11_000, 4))
    session.commit()
    assert array.shape == (11_000, 4)
    assert (array[10_400:10_500] == -1).all()
    assert (array[5, 2], array[5, 1], array[10_999, 0]) == (7, 21, 0)
    mapping = ArrayMapping(array, rows=1000)
    assert len(mapping) == len(list(mapping)) == 12
    assert mapping["c/0/0"] == array[:1000].tobytes()
    for key in ("c/11/0", "c/0", "d/0/0", "c/x/0"):
        assert key not in mapping
    with pytest.raises(UnsupportedArray):
        ArrayMapping(BigArray((3,), "M8[s]"))
    with pytest.raises(ValueError, match="read-only"):
        zarr.open_array(ArrayStore(array, rows=1000, read_only=True))[0] = 1


@pytest.mark.parametrize("kind", ["f8", ">f8", "i4", "i1", "u1", "?", "f2", "c16"])
def test_zarr_appends_and_resizes_elements_of_any_size(kind: str) -> None:
    from wendelin.core.bigdata.zarr_store import ArrayStore

    array = BigArray((0,), kind)
    array.append(np.ones(5, kind))
    opened = zarr.open_array(ArrayStore(array, rows=4))
    np.testing.assert_array_equal(opened[:], array[:])
    opened.append(np.zeros(3, kind))
    assert array[:].tolist() == np.array([1] * 5 + [0] * 3, kind).tolist()
    opened.resize((2,))
    assert array.shape == (2,) and opened[:].tolist() == array[:].tolist()


def test_what_zarr_cannot_keep_is_refused() -> None:
    from wendelin.core.bigdata.zarr_store import ArrayStore

    array = BigArray((3, 2), "f8")
    with pytest.raises(UnsupportedArray, match="attributes"):
        zarr.open_array(ArrayStore(array)).attrs["unit"] = "C"
    with pytest.raises(UnsupportedArray, match="shape"):
        zarr.open_array(ArrayStore(array)).resize((3, 4))
    for wrong in (BigArray((3,), "g"), BigArray((3, 0), "f8"), BigArray((2, 2), "f8", "F"), BigArray((2,), "S3")):
        with pytest.raises(UnsupportedArray):
            ArrayStore(wrong)
    with pytest.raises(BadRequest, match="at least 1"):
        ArrayStore(array, rows=0)


def test_random_keys_and_values_from_zarr_are_refused_or_kept() -> None:
    """No error but the declared ones, and an array that stays in one piece."""
    from wendelin.core.bigdata.zarr_store import ArrayMapping

    rng = random.Random(8)
    array = BigArray((10, 2), "<f8")
    mapping = ArrayMapping(array, rows=4)
    pieces = ["c", "/", "0", "1", "2", "-", "²", "9" * 30, "zarr.json", ".", "\0", "c/0/0"]
    values = [0, -1, None, [], {}, [2], "x", 1e300, True, 1 << 70, [5, 2], [-5, 2], ["a"], [1 << 70, 2]]
    for _ in range(2000):
        key = "".join(rng.choices(pieces, k=rng.randint(1, 6)))
        value: bytes = rng.randbytes(rng.choice([0, 1, 63, 64, 65]))
        if rng.random() < 0.5:
            key, wanted = "zarr.json", mapping.metadata()
            wanted[rng.choice([*wanted, "storage_transformers", "dimension_names"])] = rng.choice(values)
            value = json.dumps(wanted).encode()[: rng.choice([10, 10_000, 10_000, 10_000])]
        with contextlib.suppress(KeyError, BadRequest, UnsupportedArray):
            mapping[key] = value
        assert array.shape[1:] == (2,) and array.dtype == "<f8" and len(array) < 20
    with pytest.raises(BadRequest, match="no description"):
        mapping["zarr.json"] = b"[" * 100_000


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask_computes_on_the_array(array: BigArray, scheduler: str) -> None:
    lazy = dask_array.from_array(array, chunks=(3000, 4))
    assert lazy.sum().compute(scheduler=scheduler, num_workers=2) == np.arange(42_000).sum()
    np.testing.assert_array_equal(lazy[4:9].compute(scheduler="sync"), array[4:9])


def test_threads_may_read_through_one_connection(session: Session) -> None:
    made = session.root["array"] = BigArray((40_001, 4), "f8")
    made[:] = np.arange(160_004).reshape(40_001, 4)
    session.commit()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads meet where they seldom would
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(100):
                session.connection.cacheMinimize()
                sums = pool.map(lambda start: float(made[start : start + 5000].sum()), range(0, 40_001, 5000))
                assert sum(sums) == np.arange(160_004).sum()
    finally:
        sys.setswitchinterval(interval)
