"""Which pages of a private mapping were written: asked of the kernel.

Two ways, the best that works is found once: the ``PAGEMAP_SCAN`` ioctl (Linux 6.7), whose cost is that of the pages
touched, and ``/proc/self/pagemap``, whose cost is that of the pages mapped and which cannot tell the shared page of
zeros from a written one (the caller compares). A written page is one of ours: present or swapped, not of a file, not
the page of zeros.

A process that gave up its user with ``setuid`` and did not ``exec`` may not look at its own pages; neither may one
without ``/proc``. :func:`readable` says so, and :mod:`~wendelin.core.bigdata.memory.mapping` compares memory instead.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct

import numpy as np

from wendelin.core.bigdata.extents.page_size import PAGE

PageRanges = list[tuple[int, int]]  # (first page, one past the last), counted from the address scanned

_PAGEMAP_SCAN = (3 << 30) | (96 << 16) | (0x66 << 8) | 16
_FILE, _PRESENT, _SWAPPED, _ZERO = 1 << 2, 1 << 3, 1 << 4, 1 << 5
_REGIONS = 512  # above the kernel's inner buffer, walk_end is stale when the walk completes
_STEP = 1 << 20
_descriptor: int | None = None
_use_scan: bool | None = None


def _pagemap() -> int:
    global _descriptor
    if _descriptor is None:
        _descriptor = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    return _descriptor


def _forget_descriptor() -> None:
    """After a fork an inherited pagemap reports the parent's pages, or nothing."""
    global _descriptor
    if _descriptor is not None:
        os.close(_descriptor)
        _descriptor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_descriptor)


def readable() -> bool:
    """Whether the kernel tells this process about its pages. A table opened once stays readable after ``setuid``."""
    try:
        _pagemap()
    except OSError:
        return False
    return True


def written(address: int, pages: int) -> PageRanges:
    """The ranges of written pages among ``pages`` from ``address`` on."""
    global _use_scan
    if _use_scan is not False:
        try:
            found = scan(address, pages)
            _use_scan = True
            return found
        except OSError as error:
            if _use_scan or isinstance(error, PermissionError):
                raise
            _use_scan = False  # an older kernel
    return read(address, pages)


def scan(address: int, pages: int) -> PageRanges:
    """By the ioctl."""
    vector = (ctypes.c_uint64 * (3 * _REGIONS))()
    start, end = address, address + pages * PAGE
    found: PageRanges = []
    while start < end:
        argument = bytearray(
            struct.pack(
                "=12Q", 96, 0, start, end, 0, ctypes.addressof(vector), _REGIONS, 0,
                _FILE | _ZERO, _FILE | _ZERO, _PRESENT | _SWAPPED, _PRESENT | _SWAPPED,
            )
        )  # fmt: skip
        count = fcntl.ioctl(_pagemap(), _PAGEMAP_SCAN, argument)
        regions = np.ctypeslib.as_array(vector)[: 3 * count].reshape(count, 3)[:, :2]
        _extend(found, ((regions - np.uint64(address)) // np.uint64(PAGE)).astype(np.int64))
        start = struct.unpack_from("=Q", argument, 32)[0]
    return found


def read(address: int, pages: int) -> PageRanges:
    """By reading the table: bit 63 present, 62 swapped, 61 page of a file."""
    found: PageRanges = []
    for first in range(0, pages, _STEP):
        count = min(_STEP, pages - first)
        table = os.pread(_pagemap(), count * 8, (address // PAGE + first) * 8)
        if len(table) != count * 8:
            raise OSError(f"the kernel told of {len(table) // 8} pages of {count}")
        entries = np.frombuffer(table, "<u8")
        ours = ((entries >> np.uint64(62)) != 0) & ((entries >> np.uint64(61)) & np.uint64(1) == 0)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], ours.view(np.int8), [0]))))
        _extend(found, edges.reshape(-1, 2) + first)
    return found


def _extend(found: PageRanges, ranges: np.ndarray) -> None:
    for low, high in ranges.tolist():
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
