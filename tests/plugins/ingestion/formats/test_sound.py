"""WAV files in streams: headers of all kinds, pictures that show the sound, little that is read."""

from __future__ import annotations

import io
import struct
import wave as wave_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from wendelin.plugins.ingestion.formats.sound import BINS, PIECE, read_bins, read_wave, values_of
from wendelin.plugins.ingestion.pages.waveform import DRAWN, draw


class Bytes:
    """What the waveform needs of a stream, and how much of it was read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.read = data, 0

    def getSize(self) -> int:
        return len(self.data)

    def iterate(self, start: int, end: int) -> list[bytes]:
        part = self.data[start:end]
        self.read += len(part)
        return [part]


def make_wav(values: np.ndarray, rate: int = 8000) -> bytes:
    """By scipy, so that the reader is not tested against itself."""
    stream = io.BytesIO()
    wavfile.write(stream, rate, values)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["u1", "<i2", "<i4", "<f4", "<f8"])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_values_of_every_kind(kind: str, channels: int) -> None:
    """A ramp from -1 to almost 1, in each format: the same numbers come out."""
    ramp = np.linspace(-1, 0.99, 300)
    scale = {"u1": (128, 128), "<i2": (2**15, 0), "<i4": (2.0**31, 0), "<f4": (1, 0), "<f8": (1, 0)}[kind]
    data = Bytes(make_wav(np.repeat((ramp * scale[0] + scale[1]).astype(kind)[:, None], channels, axis=1)))
    wave = read_wave(data)
    assert wave is not None
    assert (wave.channels, wave.rate, wave.bits) == (channels, 8000, 8 * np.dtype(kind).itemsize)
    values = values_of(wave, data.data[wave.start : wave.start + wave.size])
    assert values.shape == (300, channels)
    assert np.abs(values - ramp[:, None]).max() < 0.01
    bins = read_bins(data, wave)
    assert bins.min() == values.min() and bins.max() == values.max()


def test_24_bits() -> None:
    stream = io.BytesIO()
    with wave_module.open(stream, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(3)
        writer.setframerate(48_000)
        writer.writeframes(b"".join(number.to_bytes(3, "little", signed=True) for number in (-(2**23), 0, 2**22)))
    data = Bytes(stream.getvalue())
    wave = read_wave(data)
    assert wave is not None and wave.text == "48 kHz, 24 bit, mono, 0:00"
    assert values_of(wave, data.data[wave.start :])[:, 0].tolist() == [-1.0, 0.0, 0.5]


def test_what_has_not_arrived_yet_is_left_out() -> None:
    whole = make_wav(np.zeros(1000, "<i2"))
    wave = read_wave(Bytes(whole[:-501]))
    assert wave is not None and wave.size == 2000 - 502
    recorder = bytearray(whole)
    at = recorder.index(b"data") + 4
    for unknown in (0, 0xFFFFFFFF):
        recorder[at : at + 4] = struct.pack("<I", unknown)
        found = read_wave(Bytes(bytes(recorder)))
        assert found is not None and found.size == 2000
    assert read_wave(Bytes(whole[:40])) is None
    no_sound = read_wave(Bytes(whole[:44]))
    assert no_sound is not None and draw(read_bins(Bytes(whole[:44]), no_sound)) == ""


def test_long_sounds_are_read_in_part_and_show_where_they_are_loud() -> None:
    values = np.zeros(20_000_000, "<i2")
    values[10_000_000:10_500_000] = 30_000
    data = Bytes(make_wav(values))
    wave = read_wave(data)
    assert wave is not None
    data.read = 0
    bins = read_bins(data, wave, piece=1024)
    assert data.read <= BINS * 1024
    loud = np.flatnonzero(bins[:, 1] > 0.5)
    assert loud.min() / BINS == pytest.approx(0.5, abs=0.01)
    assert loud.max() / BINS == pytest.approx(0.525, abs=0.01)


def test_a_picture_is_drawn_once_for_each_state(site: Any, commit: Any) -> None:
    stream = site.data_stream_module.newContent(portal_type="Data Stream")
    stream.appendData(make_wav((np.sin(np.arange(8000) / 20) * 20_000).astype("<i2")))
    commit()
    wave = read_wave(stream)
    assert wave is not None
    points = DRAWN.points(stream, wave)
    assert len(points.split()) == 2 * BINS
    assert DRAWN.points(stream, wave) is points
    stream.appendData(b"\x00\x00")
    assert read_wave(stream) is not None
    assert DRAWN.points(stream, wave) is not points


def test_the_most_that_is_read() -> None:
    assert BINS * PIECE <= 16 << 20


@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=8))
def test_no_header_makes_it_fail(junk: bytes, at: int, inside: bytes) -> None:
    """Anything may be in a stream: it is drawn, or it is not, and nothing else happens."""
    good = make_wav(np.arange(50, dtype="<i2"))
    for data in (junk, b"RIFF\0\0\0\0WAVE" + junk, good[:at] + inside + good[at + len(inside) :]):
        stream = Bytes(data)
        wave = read_wave(stream)
        if wave is not None:
            draw(read_bins(stream, wave))
            assert wave.text
