"""Files of immutable bytes: written once, with as few calls as possible, and made durable.

Both extent stores write such files: :mod:`~wendelin.core.bigdata.extents.blob_store` keeps them as blobs,
:mod:`~wendelin.core.bigdata.extents.record_store` cuts them into records.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import sys
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from wendelin.core.bigdata.extents.file_parts import FilePart, copy_part
from wendelin.core.errors import StorageFull

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: What can be written: anything with the buffer protocol, or bytes that are in a file already.
Piece: TypeAlias = "ReadableBuffer | FilePart"

_IOV_MAX = 1024
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WRITE_BEHIND = 8 << 20
_WORTH_STARTING = 256 << 10
_SYNC_FILE_RANGE_WRITE = 2

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
if _libc is not None:
    _libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]


def bytes_of(data: ReadableBuffer) -> memoryview:
    """The bytes of a buffer, of whatever items and shape, in C order."""
    view = memoryview(data)
    return view.cast("B") if view.c_contiguous and view.nbytes else memoryview(view.tobytes())


def piece_of(data: Piece) -> memoryview | FilePart:
    """The bytes of a buffer; a `FilePart` as it is."""
    return data if isinstance(data, FilePart) else bytes_of(data)


@contextlib.contextmanager
def full_disk_raises() -> Iterator[None]:
    """ENOSPC, EDQUOT and EFBIG become :class:`StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull(error.errno, f"no room for the data of a big file: {error.strerror}") from error
        raise


def start_writeback(descriptor: int) -> None:
    """Ask the kernel to begin writing a file's dirty pages to disk, without waiting; does nothing but on Linux."""
    if _libc is not None:
        _libc.sync_file_range(descriptor, 0, 0, _SYNC_FILE_RANGE_WRITE)


def write_all(descriptor: int, pieces: Iterable[Piece]) -> int:
    """Write every piece, in order, with as few calls as possible; gives the number of bytes.

    The kernel is asked to start writing behind us, so that the later fsync finds little left to do.
    """
    written = started = 0
    batch: list[memoryview] = []
    waiting = 0
    for piece in pieces:
        if isinstance(piece, FilePart):
            written += _write_batch(descriptor, batch) + copy_part(descriptor, piece)
            batch, waiting = [], 0
            continue
        batch.append(memoryview(piece).cast("B"))
        waiting += len(batch[-1])
        if len(batch) == _IOV_MAX or waiting >= _WRITE_BEHIND:
            written += _write_batch(descriptor, batch)
            batch, waiting = [], 0
        if written - started >= _WRITE_BEHIND:
            start_writeback(descriptor)
            started = written
    written += _write_batch(descriptor, batch)
    if written - started >= _WORTH_STARTING:
        start_writeback(descriptor)
    return written


def _write_batch(descriptor: int, batch: list[memoryview]) -> int:
    total = 0
    while batch:
        done = os.writev(descriptor, batch)
        total += done
        while batch and done >= len(batch[0]):
            done -= len(batch.pop(0))
        if batch:
            batch[0] = batch[0][done:]
    return total


def create_file(folder: str) -> tuple[int, str]:
    """A new file that others can only read (mode 0444): a descriptor to write to it, and its path."""
    path = os.path.join(folder, f"extent-{uuid.uuid4().hex}")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), path


def new_file(folder: str, pieces: Iterable[Piece], skip: int) -> str:
    """The path of a new file in ``folder`` with ``pieces`` after ``skip`` zeros; nothing is left behind on failure."""
    descriptor, path = create_file(folder)
    try:
        with full_disk_raises():
            if skip:
                os.lseek(descriptor, skip, os.SEEK_SET)
            write_all(descriptor, pieces)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
    return path


def remove_if_there(path: str) -> None:
    """Unlink a temporary file that nobody took over."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def sync_path(path: str) -> None:
    """fsync a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with full_disk_raises():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Iterable[str]) -> None:
    """fsync files and folders at the same time: the disk joins what it is asked for together."""
    todo = list(paths)
    if len(todo) == 1:
        sync_path(todo[0])
    elif todo:
        for _ in _pool().map(sync_path, todo):
            pass


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="wendelin-fsync")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
