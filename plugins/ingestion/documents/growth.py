"""How a data stream grew: a few samples of its size over time, in a record of their own.

An append writes a sample, of the size before it, only when the last one is `STEP` seconds old, so that a busy stream
pays a kilobyte every ten seconds for it, whatever it takes in. What lies between the sizes of two samples therefore
arrived within `STEP` seconds of the first: each begins a slot of which is known exactly how much it took in. Two
processes that sample at the same moment merge: samples never make appends conflict. The moment of the last append
needs no sample: it is the time of the transaction that wrote the stream's file.
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
    """At ``time``, in whole seconds since 1970, data arrived at a stream that had ``size`` bytes."""

    time: int
    size: int


class Growth(Persistent):
    """The newest `KEPT` samples, oldest first."""

    def __init__(self) -> None:
        self.samples: tuple[Sample, ...] = ()

    def note(self, size: int, now: float | None = None) -> None:
        """Data arrives now at a stream of ``size`` bytes; forgotten when the last sample is young."""
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
    def note_growth(self, kept: int) -> None:
        """Called after every change of the content, by whatever way; the first ``kept`` bytes were there before."""
        if self.growth is None:
            self.growth = Growth()
        self.growth.note(kept)

    def _content_changed(self, kept: int) -> None:
        self.note_growth(kept)

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


def arrivals(samples: tuple[Sample, ...], size: int) -> list[tuple[int, int]]:
    """``(time, bytes)``: how much arrived within `STEP` seconds from each sample on."""
    sizes = [*(sample.size for sample in samples[1:]), size]
    return [(sample.time, max(after - sample.size, 0)) for sample, after in zip(samples, sizes, strict=False)]


def rate(samples: tuple[Sample, ...], size: int, now: float, seconds: int = 60) -> float:
    """Bytes per second over the last ``seconds``: what arrived in the slots that began within them.

    Of a slot that began before it is not known what arrived before and what after the beginning; that part of the time,
    `STEP` seconds at most, is left out.
    """
    start = now - seconds
    found = arrivals(samples, size)
    count = sum(amount for moment, amount in found if moment > start)
    unknown = max((moment + STEP - start for moment, _ in found if moment <= start < moment + STEP), default=0.0)
    return count / (seconds - unknown)


def steps(samples: tuple[Sample, ...], size: int, now: float) -> list[tuple[float, int]]:
    """``(time, size)``: the corners of the size over time, which grows in the slots and stands still between them."""
    corners: list[tuple[float, int]] = []
    ends = [*samples[1:], Sample(int(now), size)]
    for sample, following in zip(samples, ends, strict=False):
        corners += [
            (sample.time, sample.size),
            (min(sample.time + STEP, max(following.time, sample.time)), following.size),
        ]
    return [*corners, (now, size)] if corners else []
