"""The workloads on whole arrays."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bigdata_measure import (
    GIB,
    MIB,
    Place,
    Sizes,
    bytes_in,
    child,
    clock,
    drop_cache,
    folder_of,
    interleaved,
    open_file_storage,
    open_zeo,
    row,
    zeo_server,
)
from bigdata_peers import FLOOR, MEMMAP, array_sums, array_writers, write_floor
from memory import touch_memory

from wendelin.core.bigdata import BigArray


def write_array(base: Path, sizes: Sizes) -> None:
    """Write an array in one durable commit."""
    data = np.random.default_rng(0).random(sizes.array // 8)
    rates: dict[str, float] = {}
    with folder_of(base, "write") as folder:
        place = open_file_storage(folder)
        rates |= _write_rates(folder, place, data, sizes.repeat)
        place.close()
    _write_row("write, one durable commit", 0.8, rates, _peer_rates(base, data))
    with folder_of(base, "write-zeo") as folder, zeo_server(folder) as port:
        place = open_zeo(folder, port)
        rates = _write_rates(folder, place, data, sizes.repeat)
        place.close()
    _write_row("write, one durable commit, ZEO with shared blobs", 0.6, rates, {})


def _write_rates(folder: Path, place: Place, data: np.ndarray, repeat: int) -> dict[str, float]:
    count = iter(range(1000))
    place.root["array"] = BigArray(data.shape, "f8")
    place.commit()

    def ours() -> None:
        place.root["array"][:] = data
        place.commit()

    def floor() -> None:
        write_floor(folder / f"floor{next(count)}", data)

    times = interleaved(min(repeat, 3), ours=ours, floor=floor)
    return {name: data.nbytes / MIB / seconds for name, seconds in times.items()}


def _peer_rates(base: Path, data: np.ndarray) -> dict[str, float]:
    with folder_of(base, "peers") as folder:
        return {name: data.nbytes / MIB / clock(write) for name, write in array_writers(folder, data).items()}


def _write_row(workload: str, goal: float, rates: dict[str, float], peers: dict[str, float]) -> None:
    share = rates["ours"] / rates["floor"]
    row(
        workload,
        f">= {goal} of the floor",
        share,
        share >= goal,
        MB_s=rates["ours"],
        **{FLOOR: rates["floor"]},
        **peers,
    )


OPEN = """
import json, sys, time
from pathlib import Path
import numpy as np, ZODB, transaction
from ZODB.FileStorage import FileStorage
import wendelin.core.bigdata.bigarray
from bigdata_measure import *
folder, kind = Path(sys.argv[1]), sys.argv[2]
start = time.perf_counter()
if kind == "memmap":
    array = np.memmap(folder / "memmap", np.float64, "r")
else:
    place = open_zeo(folder, int(sys.argv[3])) if kind == "zeo" else open_file_storage(folder)
    array = place.root["array"]
first = float(array[12345])
opened = time.perf_counter() - start
"""
SUM = (
    OPEN
    + """
start = time.perf_counter()
found = float(np.sum(array))
print(json.dumps({"open": opened, "sum": time.perf_counter() - start, "found": found, "private": private_memory()}))
"""
)
RANDOM = (
    OPEN
    + """
before, size = bytes_read(), int(sys.argv[3])
if kind == "memmap":
    import mmap
    array._mmap.madvise(mmap.MADV_RANDOM)
for at in np.random.default_rng(2).integers(0, len(array) - 1024, size).tolist():
    array[at : at + 1024].copy()
print(json.dumps({"read": bytes_read() - before}))
"""
)


def read_array(base: Path, sizes: Sizes) -> None:
    """Sums and random reads, cold and warm, and opening."""
    with folder_of(base, "read") as folder:
        data = np.random.default_rng(0).random(sizes.array // 8)
        write_floor(folder / "memmap", data)
        place = open_file_storage(folder)
        array = place.root["array"] = BigArray(data.shape, "f8")
        array[:] = data
        place.commit()
        memmap = np.memmap(folder / "memmap", np.float64, "r")
        _warm_sums(base, data, array, memmap, sizes)
        _random_reads(array, memmap, sizes)
        place.close()
        del array, memmap  # a page that somebody maps cannot be dropped from the cache
        gc.collect()
        _cold(folder, sizes)
        _opening(folder, sizes)


def _warm_sums(base: Path, data: np.ndarray, array: BigArray, memmap: np.ndarray, sizes: Sizes) -> None:
    with folder_of(base, "peers") as folder:
        for write in array_writers(folder, data).values():
            write()
        peers = array_sums(folder)
        for function in (array[:].sum, memmap.sum, *peers.values()):
            function()
        times = interleaved(sizes.repeat, ours=lambda: array[:].sum(), memmap=lambda: memmap.sum(), **peers)
    rates = {name: data.nbytes / GIB / seconds for name, seconds in times.items()}
    share = rates["ours"] / rates["memmap"]
    named = {name: rates[name] for name in peers}
    row("warm sum", ">= 0.9 of memmap", share, share >= 0.9, GB_s=rates["ours"], **{MEMMAP: rates["memmap"]}, **named)
    for name in peers:
        if name.startswith("zarr"):
            times_zarr = rates["ours"] / rates[name]
            row("warm sum against zarr", ">= 10 times zarr", times_zarr, times_zarr >= 10, **{name: rates[name]})


def _random_reads(array: BigArray, memmap: np.ndarray, sizes: Sizes) -> None:
    places = np.random.default_rng(1).integers(0, len(memmap) - 1024, sizes.reads).tolist()
    snapshot = array.snapshot()
    found: dict[str, list[float]] = {"view": [], "snapshot": [], "memmap": []}
    for at in places:
        for name, source in (("view", array), ("snapshot", snapshot), ("memmap", memmap)):
            start = time.perf_counter()
            source[at : at + 1024].copy()
            found[name].append(time.perf_counter() - start)
    times = {name: statistics.median(values) * 1e6 for name, values in found.items()}
    share = times["view"] / times["memmap"]
    peers = {MEMMAP: times["memmap"], "snapshot": times["snapshot"]}
    row("random 8 KiB reads, warm, p50", "<= 3 times memmap", share, share <= 3, us=times["view"], **peers)


def _cold(folder: Path, sizes: Sizes) -> None:
    orders = (("ours", "memmap"), ("memmap", "ours")) * sizes.repeat
    pairs = [_cold_sums(folder, kinds, sizes.array) for kinds in orders]
    ratios = [pair["memmap"] / pair["ours"] for pair in pairs]
    both_orders = [math.sqrt(first * second) for first, second in zip(ratios[::2], ratios[1::2], strict=True)]
    share = statistics.median(both_orders)
    rates = {kind: sizes.array / GIB / statistics.median(pair[kind] for pair in pairs) for kind in ("ours", "memmap")}
    row(
        "cold sum, fresh process",
        ">= 1.0 of memmap",
        share,
        share >= 1,
        GB_s=rates["ours"],
        **{MEMMAP: rates["memmap"]},
        first=statistics.median(ratios[::2]),
        second=statistics.median(ratios[1::2]),
    )
    read = {}
    count = max(sizes.reads // 8, 100)
    for kind in ("ours", "memmap"):
        drop_cache(folder)
        read[kind] = child(RANDOM, folder, kind, count)["read"] / (count * 8192)
    row("random 8 KiB reads, cold, bytes read per byte", "<= 4", read["ours"], read["ours"] <= 4,
        **{f"{MEMMAP} with MADV_RANDOM": read["memmap"]})  # fmt: skip


def _cold_sums(folder: Path, kinds: tuple[str, ...], size: int) -> dict[str, float]:
    """Seconds for each, one after the other, each from a dropped page cache (a shared disk slows the second down)."""
    seconds = {}
    for kind in kinds:
        drop_cache(folder)
        touch_memory(size + size // 4)
        seconds[kind] = child(SUM, folder, kind)["sum"]
    return seconds


def _opening(folder: Path, sizes: Sizes) -> None:
    times = {k: [child(SUM, folder, k)["open"] * 1000 for _ in range(sizes.repeat)] for k in ("ours", "memmap")}
    found = {kind: statistics.median(values) for kind, values in times.items()}
    row("open and first element, ms", "<= 5", found["ours"], found["ours"] <= 5, **{MEMMAP: found["memmap"]})
    with zeo_server(folder) as port:
        seconds = [child(SUM, folder, "zeo", port)["open"] for _ in range(sizes.repeat)]
    found_zeo = statistics.median(seconds) * 1000
    row("open and first element over ZEO, ms", "<= 80", found_zeo, found_zeo <= 80, **{MEMMAP: found["memmap"]})


def update_array(base: Path, sizes: Sizes) -> None:
    """Scattered updates, dense and sparse."""
    with folder_of(base, "update") as folder:
        data = np.random.default_rng(0).random(sizes.array // 8)
        write_floor(folder / "memmap", data)
        place = open_file_storage(folder)
        array = place.root["array"] = BigArray(data.shape, "f8")
        array[:] = data
        place.commit()
        memmap = np.memmap(folder / "memmap", np.float64, "r+")
        rng, written = np.random.default_rng(1), []

        def ours() -> None:
            before = bytes_in(folder)
            array[:][rng.integers(0, len(data), sizes.updates)] += 1
            place.commit()
            written.append((bytes_in(folder) - before) / MIB)

        def theirs() -> None:
            memmap[rng.integers(0, len(data), sizes.updates)] += 1
            memmap.flush()

        times = interleaved(sizes.repeat, ours=ours, memmap=theirs)
        share, megabytes = times["ours"] / times["memmap"], statistics.median(written)
        place.close()
    workload = f"{sizes.updates} scattered updates in one commit"
    peers = {MEMMAP: times["memmap"]}
    row(workload, "<= 2 times memmap + msync", share, share <= 2, seconds=times["ours"], **peers)
    row(f"{workload}, MB written", "<= 60", megabytes, megabytes <= 60)


def sparse_array(base: Path, sizes: Sizes) -> None:
    """An array of 1 TiB that touches 10,000 pages."""
    with folder_of(base, "sparse") as folder:
        place = open_file_storage(folder)
        array = place.root["array"] = BigArray((1 << 40,), "u1")
        place.commit()
        before = bytes_in(folder)
        array[:][np.random.default_rng(1).integers(0, 1 << 40, 10_000)] = 1
        seconds = clock(place.commit)
        megabytes = (bytes_in(folder) - before) / MIB
        place.close()
    row("1 TiB sparse, 10,000 pages, commit", "< 1 s", seconds, seconds < 1, MB=megabytes)
    row("1 TiB sparse, 10,000 pages, MB", "<= 60", megabytes, megabytes <= 60)


def large_sum(base: Path, sizes: Sizes) -> None:
    """The sum of an array larger than it need be: memory."""
    with folder_of(base, "large") as folder:
        place = open_file_storage(folder)
        array = place.root["array"] = BigArray((0,), "f8")
        block = np.ones(8 * MIB)
        for _ in range(sizes.large // block.nbytes):
            array.append(block)
        place.commit()
        place.close()
        found: dict[str, Any] = child(SUM, folder, "ours")
    megabytes = found["private"] / MIB
    right = found["found"] == sizes.large // 8
    gigabytes = sizes.large / GIB
    row(f"sum of {gigabytes:g} GiB, private MB of the whole process", "< 100", megabytes, right and megabytes < 100,
        GB_s=gigabytes / found["sum"])  # fmt: skip


ROWS: dict[str, Callable[[Path, Sizes], None]] = {
    "write": write_array,
    "read": read_array,
    "update": update_array,
    "sparse": sparse_array,
    "large": large_sum,
}
