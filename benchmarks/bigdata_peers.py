"""The peers: the same workloads with what else there is, each optional at run time and named with its version."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MEMMAP = f"numpy.memmap {np.__version__}"
FLOOR = "os.write+fsync"


def optional(name: str) -> Any:
    """A module, or None when it is not installed."""
    with contextlib.suppress(ImportError):
        return importlib.import_module(name)
    return None


def titled(name: str) -> str:
    """A package's name with its version."""
    return f"{name} {importlib.metadata.version(name)}"


def write_floor(path: Path, data: np.ndarray) -> None:
    """The bytes, by os.write, and one fsync."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    view = memoryview(data).cast("B")
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)
    os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """What zarr does not do: fsync every file."""
    for path in folder.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def array_writers(folder: Path, data: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Durable writes of a whole array by each peer that is installed; each makes files that stay for reading."""
    writers: dict[str, Callable[[], Any]] = {}
    if zarr := optional("zarr"):

        def write_zarr() -> None:
            target = zarr.create_array(
                str(folder / "zarr"), shape=data.shape, dtype="f8", chunks=(MIB8,), overwrite=True
            )
            target[:] = data
            sync_tree(folder / "zarr")

        writers[titled("zarr")] = write_zarr
    if h5py := optional("h5py"):

        def write_h5py() -> None:
            with h5py.File(folder / "array.h5", "w") as target:
                target.create_dataset("a", data=data, chunks=(MIB8,))
            sync_tree(folder)

        writers[titled("h5py")] = write_h5py
    if icechunk := optional("icechunk"):

        def write_icechunk() -> None:
            storage = icechunk.local_filesystem_storage(str(folder / "icechunk"))
            session = icechunk.Repository.open_or_create(storage).writable_session("main")
            target = optional("zarr").create_array(
                session.store, shape=data.shape, dtype="f8", chunks=(MIB8,), overwrite=True
            )
            target[:] = data
            session.commit("write")

        writers[titled("icechunk")] = write_icechunk
    return writers


MIB8 = 1 << 20  # elements of 8 bytes: chunks of 8 MiB


def array_sums(folder: Path) -> dict[str, Callable[[], Any]]:
    """Sums of what :func:`array_writers` wrote, chunk by chunk."""
    sums: dict[str, Callable[[], Any]] = {}
    if (zarr := optional("zarr")) and (folder / "zarr").exists():
        opened = zarr.open_array(str(folder / "zarr"))
        sums[titled("zarr")] = lambda: sum(opened[i : i + MIB8].sum() for i in range(0, opened.shape[0], MIB8))
    if (h5py := optional("h5py")) and (folder / "array.h5").exists():
        dataset = h5py.File(folder / "array.h5")["a"]
        sums[titled("h5py")] = lambda: sum(dataset[i : i + MIB8].sum() for i in range(0, len(dataset), MIB8))
    return sums


def sqlite_appender(folder: Path, data: bytes) -> Callable[[], Any]:
    """A durable append of a row to SQLite in WAL mode."""
    database = sqlite3.connect(folder / f"appends{len(data)}.db", isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table appends (data blob)")
    return lambda: database.execute("insert into appends values (?)", (data,))


SQLITE = f"sqlite {sqlite3.sqlite_version}"
