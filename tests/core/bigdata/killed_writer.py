"""Run as a program: changes a file in transactions that each leave it whole, and kills itself at a chosen step.

``python killed_writer.py FOLDER COUNT``: at the COUNT-th barrier the process sends itself SIGKILL. After every commit
the number of the transaction is written to ``FOLDER/acknowledged``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ZODB.FileStorage import FileStorage

from tests.core.bigdata.sessions import Session, open_database
from wendelin.core.bigdata import BigArray, bigfile
from wendelin.core.bigdata.bigfile import BigFile
from wendelin.core.bigdata.extents.blob_store import BlobStore
from wendelin.core.bigdata.extents.joint_extents import JointExtent
from wendelin.core.bigdata.memory.view import View
from wendelin.core.bigdata.transactions import ViewManager

ROWS = 60_000
remaining = 0


def barrier() -> None:
    """One step further; the chosen one is the last."""
    global remaining
    remaining -= 1
    if remaining == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def between(owner: Any, name: str) -> None:
    """A barrier before and after every call of a method."""
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        barrier()
        result = original(*arguments, **named)
        barrier()
        return result

    setattr(owner, name, wrapped)


def install_barriers() -> None:
    """At every step of flush and commit."""
    for owner, names in (
        (View, ("flush",)),
        (BlobStore, ("write", "sync")),
        (JointExtent, ("append",)),
        (BigFile, ("enter_pages", "_seal")),
        (ViewManager, ("tpc_begin", "tpc_vote", "tpc_finish", "afterCompletion")),
        (FileStorage, ("tpc_begin", "store", "storeBlob", "tpc_vote", "tpc_finish", "_finish")),
    ):
        for name in names:
            between(owner, name)
    os.fsync = with_barrier(os.fsync)


def with_barrier(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any) -> Any:
        barrier()
        return function(*arguments)

    return wrapped


def change(array: BigArray, file: BigFile, value: int) -> None:
    """One transaction's work: scattered and long writes, small and large appends, a new shape, all of ``value``."""
    array[:: 64 + value % 3] = value
    array[10_000:50_000] = value
    array.append(np.full(100 + value * 3000, value))
    file.append(bytes([value % 256]) * (1000 + value % 5 * 400_000))
    if value % 4 == 0:
        array.resize((ROWS + value,))


def replay(value: int) -> tuple[np.ndarray, bytes]:
    """What transactions 1 to ``value`` leave behind."""
    array, data = np.zeros(ROWS, np.int64), b""
    for number in range(1, value + 1):
        array[:: 64 + number % 3] = number
        array[10_000:50_000] = number
        array = np.concatenate([array, np.full(100 + number * 3000, number)])
        data += bytes([number % 256]) * (1000 + number % 5 * 400_000)
        if number % 4 == 0:
            array = array[: ROWS + number]
    return array, data


def main(folder: Path, count: int) -> None:
    """Prepare, arm the barrier, and write until it strikes."""
    global remaining
    bigfile.SEAL_SIZE = 64 << 10
    session = Session(open_database(folder))
    session.root["array"], session.root["file"], session.root["last"] = BigArray((ROWS,), "i8"), BigFile(), 0
    session.commit()
    remaining = count
    install_barriers()
    with open(folder / "acknowledged", "w") as acknowledged:
        for value in range(1, 30):
            change(session.root["array"], session.root["file"], value)
            session.root["last"] = value
            session.commit()
            acknowledged.write(f"{value}\n")
            acknowledged.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
