"""zarr and dask on big arrays."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray
from wendelin.core.errors import UnsupportedArray

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
