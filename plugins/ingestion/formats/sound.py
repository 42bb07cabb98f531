"""WAV files in data streams: what the header says, and how loud each part of the sound is, from samples of it.

The picture of a sound has `BINS` columns. Each is the lowest and highest of the values in one part of the file, of
which at most `PIECE` bytes are read: short sounds are drawn whole, long ones by the beginning of each part, and no more
than `BINS` times `PIECE` bytes are ever looked at. `pages.waveform` draws it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wendelin.plugins.ingestion.formats.riff import FORMS, Part, Source, Window, iterate_parts

BINS = 400
PIECE = 32 << 10
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


class Sound(Source, Protocol):
    """What is asked of a data stream: its bytes by ranges, and what changes whenever they do."""

    def getUid(self) -> int:
        """The document's number."""

    def revision(self) -> str:
        """Another text whenever the bytes have changed."""


Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Wave:
    """A WAV file: ``size`` bytes of sound from ``start`` on, as far as they have arrived.

    ``first`` and ``end`` are where the file itself begins and ends, with all its parts; ``more``: another one follows.
    """

    channels: int
    rate: int
    bits: int
    is_float: bool
    start: int
    size: int
    first: int
    end: int
    more: bool

    @property
    def frame(self) -> int:
        """Bytes of one moment, all channels."""
        return self.channels * self.bits // 8

    @property
    def seconds(self) -> float:
        """How long the sound is, as far as it has arrived."""
        return self.size / self.frame / self.rate

    @property
    def text(self) -> str:
        """``44.1 kHz, 16 bit, stereo, 1:02``; also that a long sound is not drawn whole, and that others follow."""
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        minutes, seconds = divmod(round(self.seconds), 60)
        parts = [f"{self.rate / 1000:g} kHz", f"{self.bits} bit{' float' * self.is_float}", channels]
        parts += [f"{minutes}:{seconds:02d}"] + ["drawn from samples"] * (self.size > BINS * PIECE)
        return ", ".join(parts + ["the first of several recordings"] * self.more)


def read_wave(stream: Source) -> Wave | None:
    """The first recording in the stream; None when the stream is no WAV file that can be drawn.

    A recording that cannot be drawn (a recorder that was stopped at once) is passed over when another one follows.
    """
    window = Window(stream)
    recording: list[Part] = []
    for part in iterate_parts(window):
        if part.name in FORMS and recording:
            found = _wave(window, recording, part.start)
            if found is not None and found.size:
                return found
            recording = []
        recording.append(part)
    return _wave(window, recording, None)


def _wave(window: Window, recording: list[Part], behind: int | None) -> Wave | None:
    """What the parts of one recording say; ``behind`` is where the next one begins."""
    parts = {part.name: part for part in reversed(recording)}  # of two with one name, the first
    if b"fmt " not in parts or b"data" not in parts:
        return None
    form, sound = parts[b"fmt "], parts[b"data"]
    head = window.read(form.start, min(form.size, 40))
    if len(head) < 16:
        return None
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head)
    if kind == EXTENSIBLE and len(head) >= 26:
        kind = struct.unpack_from("<H", head, 24)[0]
    known = (kind == PCM and bits in (8, 16, 24, 32)) or (kind == FLOAT and bits in (32, 64))
    if not known or not 0 < channels <= 64 or not 0 < rate <= 10_000_000:
        return None
    end = window.size if behind is None else behind
    size = max(min(sound.size, window.size - sound.start), 0)
    size -= size % (channels * bits // 8)
    return Wave(channels, rate, bits, kind == FLOAT, sound.start, size, recording[0].start, end, behind is not None)


def values_of(wave: Wave, data: bytes) -> Values:
    """Whole frames as numbers from -1 to 1, one column for each channel."""
    data = data[: len(data) // wave.frame * wave.frame]
    values: Values
    if wave.is_float:
        values = np.nan_to_num(np.frombuffer(data, f"<f{wave.bits // 8}"))
    elif wave.bits == 8:
        values = np.frombuffer(data, "u1") / 128 - 1
    elif wave.bits == 24:
        wide = np.zeros((len(data) // 3, 4), "u1")
        wide[:, 1:] = np.frombuffer(data, "u1").reshape(-1, 3)
        values = wide.view("<i4").ravel() / 2.0**31
    else:
        values = np.frombuffer(data, f"<i{wave.bits // 8}") / 2.0 ** (wave.bits - 1)
    return values.reshape(-1, wave.channels)


def read_bins(stream: Sound, wave: Wave, bins: int = BINS, piece: int = PIECE) -> Values:
    """``(bins, 2)``: the lowest and highest value in each part of the sound, over all channels."""
    frames = wave.size // wave.frame
    bins = min(bins, frames)
    edges = [wave.start + frames * number // bins * wave.frame for number in range(bins + 1)] if bins else []
    most = max(piece // wave.frame, 1) * wave.frame
    found = np.zeros((bins, 2))
    for number in range(bins):
        start, end = edges[number], edges[number + 1]
        values = values_of(wave, b"".join(stream.iterate(start, min(end, start + most))))
        found[number] = values.min(), values.max()
    return found
