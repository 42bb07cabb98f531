"""Leases: what arrays hold on to, and what becomes of writes after the connection was closed."""

from __future__ import annotations

import logging
import weakref
from collections import deque

import numpy as np

from wendelin.core.bigdata.memory.mapping import Mapping

logger = logging.getLogger(__name__)


class Lease:
    """While it lives somebody may look at, or write to, the memory of a mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.arrays: list[weakref.ref[np.ndarray]] = []

    def track(self, array: np.ndarray) -> None:
        """Remember an array that was handed out, to make it read-only when writing to it would be in vain."""
        if len(self.arrays) >= 1024:
            self.arrays = [ref for ref in self.arrays if ref() is not None]
        self.arrays.append(weakref.ref(array))

    def freeze(self) -> None:
        """Make the arrays handed out read-only."""
        for ref in self.arrays:
            array = ref()
            if array is not None:
                array.flags.writeable = False

    def watch_late_writes(self, oid: bytes | None) -> None:
        """Have :func:`report_late_writes` look at the memory once the last array is gone."""
        weakref.finalize(self, _orphans.append, (self.mapping, oid)).atexit = False


_orphans: deque[tuple[Mapping, bytes | None]] = deque()  # no arrays left; a finalizer may not look at them itself


def report_late_writes() -> None:
    """Log an error for each array that was written after its connection was closed, and is gone now."""
    while _orphans:
        mapping, oid = _orphans.popleft()
        try:
            late = mapping.written()
        except OSError:  # this process may no longer look; other people's transactions go on
            logger.exception("cannot tell whether %r was written after its connection was closed", oid)
            continue
        if late:
            logger.error("an array was written after its connection was closed; the write to %r is lost", oid)
