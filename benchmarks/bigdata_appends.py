"""The workloads that append."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np
from bigdata_measure import (
    GIB,
    Place,
    Sizes,
    bytes_in,
    clock,
    folder_of,
    interleaved,
    open_file_storage,
    open_zeo,
    row,
    zeo_server,
)
from bigdata_peers import FLOOR, MEMMAP, SQLITE, sqlite_appender
from persistent.mapping import PersistentMapping

from wendelin.core.bigdata import BigArray, BigFile

LENGTHS = {4 << 10: (3, 12), 64 << 10: (3, 10), 1 << 20: (3, 4)}


def durable_appends(base: Path, sizes: Sizes) -> None:
    """One transaction per append, against one fsync per append in the same seconds."""
    for length, goals in LENGTHS.items():
        for over_zeo, goal in zip((False, True), goals, strict=True):
            with folder_of(base, "append") as folder:
                if over_zeo:
                    with zeo_server(folder) as port:
                        times = _append_times(folder, open_zeo(folder, port), length, sizes.appends)
                else:
                    times = _append_times(folder, open_file_storage(folder), length, sizes.appends)
            share = times["ours"] / times[FLOOR]
            where = " over ZEO" if over_zeo else ""
            peers = {name: seconds * 1000 for name, seconds in times.items() if name != "ours"}
            row(f"durable append of {length >> 10} KiB{where}, p50", f"<= {goal} times the floor", share, share <= goal,
                ms=times["ours"] * 1000, **peers)  # fmt: skip


def _append_times(folder: Path, place: Place, length: int, count: int) -> dict[str, float]:
    data = np.random.default_rng(0).bytes(length)
    file = place.root["file"] = BigFile()
    record = place.root["record"] = PersistentMapping()
    place.commit()

    def ours() -> None:
        file.append(data)
        place.commit()

    def plain_record() -> None:
        record["data"] = data
        place.commit()

    with open(folder / "floor", "ab", buffering=0) as floor:

        def theirs() -> None:
            floor.write(data)
            os.fsync(floor.fileno())

        functions: dict[str, Callable[[], Any]] = {
            "ours": ours,
            FLOOR: theirs,
            SQLITE: sqlite_appender(folder, data),
            "a plain record of the same database": plain_record,
        }
        times = interleaved(count, **functions)
    place.close()
    return times


def size_on_disk(base: Path, sizes: Sizes) -> None:
    """Bytes per byte appended, packed and compacted."""
    count = sizes.appends * 2
    with folder_of(base, "disk") as folder:
        place = open_file_storage(folder)
        file = place.root["file"] = BigFile()
        for _ in range(count):
            file.append(np.random.default_rng(0).bytes(64 << 10))
            place.commit()
        raw = bytes_in(folder) / file.size
        file.compact()
        place.commit()
        place.db.pack()
        (folder / "Data.fs.old").unlink()  # what the pack keeps of the time before it
        shutil.rmtree(folder / "blobs.old")
        figure = bytes_in(folder) / file.size
        place.close()
    row("bytes on disk per byte, appends of 64 KiB", "<= 1.1 packed and compacted", figure, figure <= 1.1, before=raw)


def read_back(base: Path, sizes: Sizes) -> None:
    """2000 appends of 4 KiB, read as one array before any compaction."""
    with folder_of(base, "back") as folder:
        place = open_file_storage(folder)
        array = place.root["array"] = BigArray((0,), "f8")
        place.commit()
        block = np.random.default_rng(0).random(512)
        with open(folder / "floor", "wb") as floor:
            for _ in range(2000):
                array.append(block)
                place.commit()
                floor.write(block)
        memmap = np.memmap(folder / "floor", np.float64, "r")
        times = interleaved(
            50, ours=lambda: array[:].sum(), snapshot=lambda: array.snapshot()[:].sum(), memmap=memmap.sum
        )
        fragments = array.file.fragments
        place.close()
    share = times["memmap"] / times["ours"]
    rate = 2000 * 4096 / GIB
    peers = {MEMMAP: rate / times["memmap"], "snapshot": rate / times["snapshot"], "fragments": fragments}
    row(
        "read-back of 2000 appends of 4 KiB",
        ">= 0.5 of memmap",
        share,
        share >= 0.5,
        GB_s=rate / times["ours"],
        **peers,
    )


def writer_and_reader(base: Path, sizes: Sizes) -> None:
    """A writer that appends 64 KiB at a time beside a reader that sums."""
    with folder_of(base, "both") as folder, zeo_server(folder) as port:
        place = open_zeo(folder, port)
        array = place.root["array"] = BigArray((sizes.array // 8,), "i8")
        array[:] = 1
        place.commit()
        alone = statistics.median(_read_for(place, array, 2.0)[0])
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(port), "5"], env=_environment())
        time.sleep(1.5)
        beside, torn = _read_for(place, array, 2.0)
        writer.wait()
        place.tm.begin()
        grown = len(array) - sizes.array // 8
        place.close()
    share = alone / statistics.median(beside)
    goal = ">= 0.7 of its speed alone, nothing torn"
    row("one writer and one summing reader", goal, share, share >= 0.7 and not torn, torn=torn, rows_written=grown)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}


def _read_for(place: Place, array: BigArray, seconds: float) -> tuple[list[float], int]:
    """Seconds per sum and element, and how many sums were wrong."""
    end, times, torn = time.perf_counter() + seconds, [], 0
    while time.perf_counter() < end:
        place.tm.begin()
        start = time.perf_counter()
        view = array[:]
        torn += int(view.sum()) != len(view) or len(view) % 8192 != 0
        times.append((time.perf_counter() - start) / len(view))
    return times, torn


WRITER = """
import sys, time
from pathlib import Path
from bigdata_measure import *
place = open_zeo(Path(sys.argv[1]), int(sys.argv[2]))
import numpy as np
array, block, end = place.root["array"], np.ones(8192, "i8"), time.time() + float(sys.argv[3])
while time.time() < end:
    place.tm.begin()
    array.append(block)
    place.commit()
place.close()
"""

APPENDER = """
import sys, time
from pathlib import Path
from bigdata_measure import *
place = open_zeo(Path(sys.argv[1]), int(sys.argv[2]))
file, writer, count = place.root["file"], int(sys.argv[3]), int(sys.argv[4])

def append(number):
    place.tm.begin()
    file.append((writer << 32 | number).to_bytes(8, "little") * 8192)
    place.commit()

for number in range(8):
    append(number)
print("warm", flush=True)
sys.stdin.readline()
for number in range(8, 8 + count):
    append(number)
place.close()
"""


def four_appenders(base: Path, sizes: Sizes) -> None:
    """Four processes that append to one file, against one, in turn."""
    rates: dict[int, list[float]] = {1: [], 4: []}
    right = True
    for writers in (1, 4) * sizes.repeat:
        with folder_of(base, "four") as folder, zeo_server(folder) as port:
            place = open_zeo(folder, port)
            file = place.root["file"] = BigFile()
            place.commit()
            count = sizes.appends * 2 // writers
            rates[writers].append(count * writers / _run_appenders(folder, port, writers, count))
            place.tm.begin()
            right &= _each_is_there_once(file, writers, 8 + count)
            place.close()
    one, four = (statistics.median(found) for found in rates.values())
    pairs = [b / a for a, b in zip(rates[1], rates[4], strict=True)]
    share = statistics.median(pairs)
    goal = ">= the throughput of one; each append there once"
    workload = "four processes append 64 KiB to one file"
    row(
        workload,
        goal,
        share,
        share >= 1 and right,
        right=right,
        per_second=four,
        one=one,
        pairs=[round(pair, 2) for pair in pairs],
    )


def _each_is_there_once(file: BigFile, writers: int, count: int) -> bool:
    rows = np.frombuffer(file.read(), np.int64).reshape(-1, 8192)
    wanted = sorted(writer << 32 | number for writer in range(writers) for number in range(count))
    return bool((rows == rows[:, :1]).all()) and sorted(rows[:, 0].tolist()) == wanted


def _run_appenders(folder: Path, port: int, writers: int, count: int) -> float:
    arguments = [sys.executable, "-c", APPENDER, str(folder), str(port)]
    processes = [
        subprocess.Popen([*arguments, str(w), str(count)], env=_environment(), text=True, stdin=PIPE, stdout=PIPE)
        for w in range(writers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    seconds = clock(lambda: [_finish(process) for process in processes] if _start(processes) else None)
    if any(process.returncode for process in processes):
        raise RuntimeError("an appender failed")
    return seconds


def _start(processes: list[subprocess.Popen[str]]) -> bool:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return True


def _finish(process: subprocess.Popen[str]) -> None:
    process.wait()


ROWS: dict[str, Callable[[Path, Sizes], None]] = {
    "append": durable_appends,
    "disk": size_on_disk,
    "back": read_back,
    "both": writer_and_reader,
    "four": four_appenders,
}
