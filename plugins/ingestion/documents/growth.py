"""How a data stream grew: a few samples of its size over time, in a record of their own.

An append writes a sample only when the last one is `STEP` seconds old, so that a busy stream pays a kilobyte every ten
seconds for it, whatever it takes in. Two processes that sample at the same moment merge: samples never make appends
conflict. The moment of the last append needs no sample: it is the time of the transaction that wrote the stream's file.
"""

from __future__ import annotations

import struct
import time
from itertools import pairwise
from typing import NamedTuple

from persistent import Persistent

from wendelin.core.model.objects.big_file_document import BigFileDocument
from wendelin.core.security import private

STEP = 10
KEPT = 64
_LAYOUT = struct.Struct("<QQ")


class Sample(NamedTuple):
    """``size`` bytes at ``time``, in whole seconds since 1970."""

    time: int
    size: int


class Growth(Persistent):
    """The newest `KEPT` samples, oldest first."""

    def __init__(self) -> None:
        self.samples: tuple[Sample, ...] = ()

    def note(self, size: int, now: float | None = None) -> None:
        """The stream has ``size`` bytes now; forgotten when the last sample is young."""
        moment = int(time.time() if now is None else now)
        if not self.samples or moment - self.samples[-1].time >= STEP:
            self.samples = (*self.samples, Sample(moment, size))[-KEPT:]

    @property
    def usual_interval(self) -> float | None:
        """The median of the seconds between samples; None where there are too few to tell."""
        gaps = sorted(after.time - before.time for before, after in pairwise(self.samples))
        return float(gaps[len(gaps) // 2]) if len(gaps) >= 3 else None

    def __getstate__(self) -> bytes:
        return b"".join(_LAYOUT.pack(*sample) for sample in self.samples)

    def __setstate__(self, state: bytes) -> None:
        self.samples = tuple(Sample(*pair) for pair in _LAYOUT.iter_unpack(state))

    def _p_resolveConflict(self, old: bytes, saved: bytes, new: bytes) -> bytes:
        """All samples of both."""
        merged = {*_LAYOUT.iter_unpack(saved), *_LAYOUT.iter_unpack(new)}
        return b"".join(_LAYOUT.pack(*pair) for pair in sorted(merged)[-KEPT:])


class GrowingDocument(BigFileDocument):
    """A document with a content that takes in data, and remembers how it grew."""

    growth: Growth | None = None

    @private
    def note_growth(self) -> None:
        """Called after every change of the content, by whatever way it was changed."""
        if self.growth is None:
            self.growth = Growth()
        self.growth.note(self.getSize())

    def _content_changed(self) -> None:
        self.note_growth()

    @private
    def samples(self) -> tuple[Sample, ...]:
        """The samples, oldest first."""
        return self.growth.samples if self.growth is not None else ()

    @private
    def last_arrival(self) -> float | None:
        """When the content changed last, in seconds since 1970; None for a stream that never had any."""
        if self.big_file is None or not (self.big_file.size or self.samples()):
            return None
        changed_at: float | None = self.big_file.changed_at()
        return changed_at if changed_at is not None else time.time()


def rate(samples: tuple[Sample, ...], size: int, now: float, seconds: int = 60) -> float:
    """Bytes per second over the last ``seconds``, or since the first sample where that is younger.

    Between two samples the stream is taken to have grown evenly, and to have been empty before the first of all.
    """
    start = now - seconds
    points = (*samples, Sample(int(now), size))
    if 0 < len(samples) < KEPT:
        points = (Sample(samples[0].time - STEP, 0), *points)
    for before, after in pairwise(points):
        if after.time >= start:
            part = max(start - before.time, 0) / max(after.time - before.time, 1)
            from_size = before.size + part * (after.size - before.size)
            return max(size - from_size, 0) / max(now - max(before.time, start), STEP)
    return 0.0
