"""Memory of large messages goes back to the system when they are stored.

glibc gives each thread a heap of its own, learns from each large block that is freed, and takes the next one of that
size from the heap of the thread that asks. Receivers have many threads and messages of some megabytes: after a while
each heap has kept room for several of them, for ever. With fixed thresholds a large block is a mapping of its own,
which ends with it. What is kept for the next message, because fresh memory costs time, is kept by two heaps.
"""

from __future__ import annotations

import ctypes

MMAP_THRESHOLD, TRIM_THRESHOLD, ARENA_MAX = -3, -1, -8  # of mallopt(3)
LARGE = 1 << 20
KEPT = 16 << 20  # bytes at the end of a heap
HEAPS = 2


def give_back_large_blocks() -> None:
    """For the process; call it before there are threads. Where the C library has no ``mallopt``, nothing happens."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, KEPT)
        mallopt(ARENA_MAX, HEAPS)
