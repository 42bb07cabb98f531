"""What the big data benchmark measures with: databases, clocks, counters, children of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import transaction
import ZODB
from ZODB.FileStorage import FileStorage

MIB, GIB = 1 << 20, 1 << 30


@dataclasses.dataclass
class Sizes:
    """How much is measured."""

    array: int
    repeat: int
    appends: int
    reads: int
    updates: int
    large: int

    @classmethod
    def of(cls, quick: bool) -> Sizes:
        if quick:
            return cls(array=64 * MIB, repeat=3, appends=40, reads=500, updates=1000, large=256 * MIB)
        return cls(array=GIB, repeat=5, appends=200, reads=4000, updates=10_000, large=6 * GIB)


def row(workload: str, goal: str, figure: float, holds: bool, **peers: Any) -> None:
    """One line of the result."""
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in peers.items()}
    line = {"workload": workload, "goal": goal, "figure": round(figure, 3), "holds": bool(holds), "peers": rounded}
    print(json.dumps(line), flush=True)


def clock(function: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def interleaved(repeat: int, **functions: Callable[[], Any]) -> dict[str, float]:
    """Medians of several functions called in turn, so that a slow minute of the disk hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeat):
        for name, function in functions.items():
            times[name].append(clock(function))
    return {name: statistics.median(values) for name, values in times.items()}


class Place:
    """A database in a folder, with one connection."""

    def __init__(self, db: ZODB.DB) -> None:
        self.db = db
        self.tm = transaction.TransactionManager()
        self.connection = db.open(self.tm)

    @property
    def root(self) -> Any:
        return self.connection.root()

    def commit(self) -> None:
        self.tm.commit()

    def close(self) -> None:
        self.tm.abort()
        self.connection.close()
        self.db.close()


@contextlib.contextmanager
def folder_of(base: Path, name: str) -> Iterator[Path]:
    """A folder that is deleted afterwards."""
    folder = base / name
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def open_file_storage(folder: Path) -> Place:
    """FileStorage with blobs."""
    return Place(ZODB.DB(FileStorage(str(folder / "Data.fs"), blob_dir=str(folder / "blobs"))))


def open_zeo(folder: Path, port: int) -> Place:
    """ZEO with the server's blob folder shared."""
    from ZEO.ClientStorage import ClientStorage

    storage = ClientStorage(("127.0.0.1", port), blob_dir=str(folder / "blobs"), shared_blob_dir=True, wait_timeout=30)
    return Place(ZODB.DB(storage))


@contextlib.contextmanager
def zeo_server(folder: Path) -> Iterator[int]:
    """A server process over a FileStorage in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "zeo.conf").write_text(
        f"<zeo>\n address 127.0.0.1:{port}\n</zeo>\n"
        f"<filestorage>\n path {folder}/Data.fs\n blob-dir {folder}/blobs\n</filestorage>\n"
    )
    with open(folder / "zeo.log", "w") as log:
        command = [sys.executable, "-m", "ZEO.runzeo", "-C", str(folder / "zeo.conf")]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def child(program: str, *arguments: Any) -> dict[str, Any]:
    """Run a program in a fresh process; it prints one line of JSON last."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode:
        raise RuntimeError(result.stderr)
    return json.loads(result.stdout.splitlines()[-1])


def drop_cache(folder: Path) -> None:
    """Forget the cached pages of every file in a folder (which are on disk by now)."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def bytes_in(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def bytes_read() -> int:
    """Bytes that this process has had read from disk."""
    return _io("read_bytes")


def _io(name: str) -> int:
    with open("/proc/self/io") as counters:
        return next(int(line.split()[1]) for line in counters if line.startswith(name))


def private_memory() -> int:
    """Bytes of memory that only this process has, and that could not be dropped."""
    with open("/proc/self/smaps_rollup") as rollup:
        return 1024 * sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty"))
