"""The sound of a WAV file is found by following sizes, wherever it stands, and whatever the sizes say."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.plugins.ingestion.formats.riff import MOST_PARTS, WINDOW, Part, Window, iterate_parts
from wendelin.plugins.ingestion.formats.sound import Wave, read_wave

U = 0xFFFFFFFF


class Bytes:
    """A stream of given bytes, and how much of it was read."""

    def __init__(self, *pieces: bytes) -> None:
        self.data, self.read = b"".join(pieces), 0

    def getSize(self) -> int:
        return len(self.data)

    def iterate(self, start: int = 0, end: int | None = None) -> list[bytes]:
        part = self.data[start:end]
        self.read += len(part)
        return [part]


def part(name: bytes, data: bytes, size: int | None = None, pad: bytes = b"\0") -> bytes:
    return name + struct.pack("<I", len(data) if size is None else size) + data + pad * (len(data) % 2)


def riff(*parts: bytes, form: bytes = b"RIFF", size: int | None = None) -> bytes:
    inside = b"WAVE" + b"".join(parts)
    return form + struct.pack("<I", len(inside) if size is None else size) + inside


def ds64(sound: int, whole: int = 0, table: tuple[tuple[bytes, int], ...] = ()) -> bytes:
    entries = b"".join(struct.pack("<4sQ", *entry) for entry in table)
    return part(b"ds64", struct.pack("<QQQI", whole, sound, sound // 2, len(table)) + entries)


FORMAT = part(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
SOUND = struct.pack("<hh", 8000, -8000) * 4000  # one second
OTHER = struct.pack("<hh", 9000, -9000) * 8000  # two
DATA, LATER, LIST = part(b"data", SOUND), part(b"data", OTHER), part(b"LIST", b"INFO" + b"z" * 16001)


def found(*pieces: bytes) -> Wave:
    wave = read_wave(Bytes(*pieces))
    assert wave is not None
    return wave


def sound_of(*pieces: bytes) -> bytes:
    wave, data = found(*pieces), b"".join(pieces)
    return data[wave.start : wave.start + wave.size]


@pytest.mark.parametrize(
    "pieces",
    {
        "plain": [riff(FORMAT, DATA)],
        "room kept in front": [riff(part(b"JUNK", bytes(4096)), FORMAT, DATA)],
        "more room than any window": [riff(part(b"JUNK", bytes(70_000)), FORMAT, DATA)],
        "notes between format and sound": [riff(FORMAT, part(b"iXML", b" " * 100_000), DATA)],
        "a picture of an odd size": [riff(part(b"id3 ", bytes(200_001)), FORMAT, DATA)],
        "an odd size without its byte": [riff(part(b"bext", bytes(603), pad=b""), FORMAT, DATA)],
        "sizes that describe other names": [riff(part(b"Any?", b"data"), FORMAT, part(b"zzz1", b"fmt data"), DATA)],
        "the sound in front of its format": [riff(DATA, FORMAT)],
        "parts behind the sound": [riff(FORMAT, DATA, LIST)],
        "parts behind the file": [riff(FORMAT, DATA), LIST],
        "another recording behind it": [riff(FORMAT, DATA, LIST), riff(FORMAT, LATER)],
        "a recording without sound in front": [riff(FORMAT, part(b"data", b"")), riff(FORMAT, DATA)],
        "a size of the file that was never corrected": [riff(FORMAT, DATA, LIST, size=36), riff(FORMAT, LATER)],
        "a file of no known size": [riff(FORMAT, DATA, LIST, size=U), riff(FORMAT, LATER)],
        "all sizes unknown": [riff(FORMAT, part(b"data", SOUND, U), size=U)],
        "all sizes unknown, as zeros": [riff(FORMAT, part(b"data", SOUND, 0), size=0)],
        "as a recorder begins it": [riff(FORMAT, part(b"data", SOUND, 0), size=36)],
        "the sound of no known size in a file of one": [riff(FORMAT, part(b"data", SOUND, U)), riff(FORMAT, LATER)],
        "RF64": [riff(ds64(len(SOUND)), FORMAT, part(b"data", SOUND, U), LIST, form=b"RF64", size=U)],
        "BW64": [riff(ds64(len(SOUND)), FORMAT, part(b"data", SOUND, U), LIST, form=b"BW64", size=U)],
        "RF64, twice": [riff(ds64(len(SOUND)), FORMAT, part(b"data", SOUND, U), form=b"RF64", size=U)] * 2,
        "RF64 with small sizes where they belong": [riff(ds64(7), FORMAT, DATA, LIST, form=b"RF64", size=U)],
        "RF64 that was not finished": [riff(ds64(0), FORMAT, part(b"data", SOUND, U), form=b"RF64", size=U)],
        "RF64 that knows the size of the file only": [
            riff(ds64(0, 48 + len(FORMAT) + len(SOUND)), FORMAT, part(b"data", SOUND, U), form=b"RF64", size=U),
            LIST,
        ],
        "RF64 with sizes of other parts": [
            riff(
                ds64(len(SOUND), 0, ((b"big ", 9000),)), part(b"big ", bytes(9000), U), FORMAT, part(b"data", SOUND, U)
            ),
            LIST,
        ],
    }.items(),
    ids=lambda case: case[0],
)
def test_the_sound_is_found_and_nothing_else(pieces: tuple[str, list[bytes]]) -> None:
    assert sound_of(*pieces[1]) == SOUND


def test_a_recording_knows_where_its_file_ends() -> None:
    first, second = riff(FORMAT, DATA, LIST), riff(FORMAT, LATER)
    wave = found(first, second)
    assert (wave.first, wave.end, wave.more) == (0, len(first), True)
    assert wave.text == "8 kHz, 16 bit, mono, 0:01, the first of several recordings"
    alone = found(first)
    assert (alone.first, alone.end, alone.more) == (0, len(first), False)
    assert alone.text == "8 kHz, 16 bit, mono, 0:01"
    empty = riff(FORMAT, part(b"data", b""), LIST)
    assert found(empty).size == 0
    assert (found(empty, second).first, found(empty, second).seconds) == (len(empty), 2.0)


def test_what_has_not_arrived_is_waited_for() -> None:
    """At each byte: nothing to draw yet, or what has arrived of the sound."""
    whole = riff(part(b"JUNK", bytes(99)), FORMAT, DATA)
    start = whole.index(SOUND)
    for size in itertools.chain(range(0, start + 20), range(len(whole) - 4, len(whole) + 1)):
        wave = read_wave(Bytes(whole[:size]))
        assert (wave.size if wave is not None else None) == (max(size - start, 0) // 2 * 2 if size >= start else None)


@pytest.mark.parametrize("size", [0, 1, 2**31, U - 1, U])
@pytest.mark.parametrize("place", [b"RIFF", b"JUNK", b"fmt ", b"data"])
def test_wrong_sizes_end_the_search(place: bytes, size: int) -> None:
    """No size leads out of the stream, back, or round in a circle."""
    data = bytearray(riff(part(b"JUNK", bytes(100)), FORMAT, DATA, LIST))
    at = data.index(place) + 4
    data[at : at + 4] = struct.pack("<I", size)
    wave = read_wave(Bytes(bytes(data)))
    if wave is not None:
        assert wave.start + wave.size <= len(data)


def test_many_and_huge_parts_are_bounded() -> None:
    endless = Bytes(riff(*[part(b"JUNK", bytes(WINDOW))] * (MOST_PARTS + 500), FORMAT, DATA))
    assert read_wave(endless) is None
    assert endless.read <= (MOST_PARTS + 1) * WINDOW
    small = Bytes(riff(*[part(b"JUNK", b"")] * 900, FORMAT, DATA))
    assert read_wave(small) is not None
    assert small.read <= 4 * WINDOW
    table = part(b"ds64", struct.pack("<QQQI", 2**64 - 1, 2**64 - 1, 2**64 - 1, U) + bytes(12 * 100_000))
    hostile = Bytes(riff(table, FORMAT, part(b"data", SOUND, U), form=b"RF64", size=U))
    wave = read_wave(hostile)
    assert wave is not None and hostile.data[wave.start :] == SOUND
    assert hostile.read <= 6 * WINDOW


names = st.sampled_from([b"fmt ", b"data", b"LIST", b"JUNK", b"ds64", b"\0\0\0\0", b"RIFF"])
sizes = st.one_of(st.none(), st.sampled_from([0, 1, 16, 28, 2**31, U - 1, U]), st.integers(0, 300))
parts = st.lists(
    st.builds(part, names, st.binary(max_size=60), sizes, st.sampled_from([b"", b"\0", b"d"])), max_size=12
)


@given(st.lists(st.builds(lambda inside, size: riff(*inside, size=size), parts, sizes), max_size=3), st.booleans())
def test_parts_follow_each_other_whatever_stands_in_them(files: list[bytes], sound: bool) -> None:
    source = Bytes(*files, riff(FORMAT, DATA) if sound else b"")
    at = 0
    seen: list[Part] = []
    for one in iterate_parts(Window(source)):
        assert one.start >= at and one.size >= 0
        at = one.start + max(one.size, 1) - 1
        seen.append(one)
    assert len(seen) <= MOST_PARTS
    wave = read_wave(source)
    assert wave is None or 0 <= wave.first < wave.start <= wave.start + wave.size <= wave.end <= len(source.data)
