"""The parts of RIFF, RF64 and BW64 files in data streams, found by following their sizes.

A file begins with twelve bytes (``RIFF``, a size, ``WAVE``), and then has parts: a name, a size, that many bytes, and
one more where the size is odd. Any part may stand in front of the sound, and be large: room kept free, a cover
picture, the notes of a recorder. So only the eight bytes in front of each part are read, and from there one goes on to
the next. RF64 and BW64 keep the sizes that do not fit into 32 bits in their part ``ds64``.

`MOST_PARTS` are looked at, and a window of `WINDOW` bytes is read at each that is not in the window before: 8 MiB at
most, whatever the sizes say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MOST_PARTS = 1024
WINDOW = 8 << 10
MOST_SIZES = 64  # of other parts than the sound, that ds64 is asked for
UNKNOWN = 0xFFFFFFFF
FORMS = (b"RIFF", b"RF64", b"BW64")
#: Parts that are known by their name where a size is in doubt.
KNOWN = frozenset(
    b"fmt |data|LIST|bext|iXML|axml|chna|fact|cue |smpl|inst|plst|PEAK|JUNK|junk|FLLR|PAD |id3 |ID3 ".split(b"|")
)


class Source(Protocol):
    """What is asked of a data stream: its bytes by ranges."""

    def getSize(self) -> int:
        """Bytes."""

    def iterate(self, start_offset: int = 0, end_offset: int | None = None) -> Iterator[bytes]:
        """The bytes of a range, in pieces of bounded size."""


@dataclass(frozen=True)
class Part:
    """One part: ``size`` bytes from ``start`` on, which may be more than have arrived."""

    name: bytes
    start: int
    size: int


class Window:
    """Reads a source in windows, so that small parts that follow each other are one read."""

    def __init__(self, source: Source) -> None:
        self.source, self.size = source, source.getSize()
        self._start, self._bytes = 0, b""

    def read(self, start: int, length: int) -> bytes:
        """Up to ``length`` bytes, at most `WINDOW`; fewer where the source ends."""
        end = min(start + length, self.size)
        if not self._start <= start <= end <= self._start + len(self._bytes):
            self._start = start
            self._bytes = b"".join(self.source.iterate(start, min(start + WINDOW, self.size))) if start < end else b""
        return self._bytes[start - self._start : max(end, start) - self._start]

    def is_form(self, at: int) -> bool:
        """Whether a file of sound begins there."""
        head = self.read(at, 12)
        return head[:4] in FORMS and head[8:] == b"WAVE"


def iterate_parts(window: Window) -> Iterator[Part]:
    """The parts of a file, and of the files behind it; nothing when the source begins otherwise.

    Each file begins with a part of twelve bytes that is named as its form (``RIFF``). A part whose size nobody knows
    goes on to the end of its file, or of the source.
    """
    at, file = 0, Sizes(0, 0)
    if not window.is_form(0):
        return
    for _ in range(MOST_PARTS):
        if window.is_form(at):
            file = Sizes(at, struct.unpack("<I", window.read(at + 4, 4))[0])
            part = Part(window.read(at, 4), at, 12)
        else:
            head = window.read(at, 8)
            if len(head) < 8:
                return
            name, number = struct.unpack("<4sI", head)
            if name == b"ds64":
                file.take(window.read(at + 8, min(number, 28 + 12 * MOST_SIZES)))
            size = file.find(name, number)
            if size is None or (name == b"data" and size == 0 and not _is_part(window, at + 8)):
                size = (file.end_after(at + 8) or max(window.size, at + 8)) - at - 8
            part = Part(name, at + 8, size)
        yield part
        at = part.start + part.size
        if part.size % 2 and not _is_part(window, at):
            at += 1  # a byte that does not count; some writers leave it out


def _is_part(window: Window, at: int) -> bool:
    """Whether what stands there is certainly the beginning of a part, or of a file."""
    return window.read(at, 4) in KNOWN or window.is_form(at)


class Sizes:
    """What one file says of sizes: its own, and those that stand in its ``ds64``."""

    def __init__(self, start: int, size: int) -> None:
        self.start = start
        self.size = 0 if size == UNKNOWN else size
        self.sizes: dict[bytes, int] = {}

    def take(self, data: bytes) -> None:
        """The sizes of the file, its sound, and further parts, from the bytes of ``ds64``."""
        if len(data) < 28:
            return
        whole, sound, _, entries = struct.unpack_from("<QQQI", data)
        self.size = self.size or whole
        for number in range(min(entries, (len(data) - 28) // 12)):
            name, size = struct.unpack_from("<4sQ", data, 28 + 12 * number)
            self.sizes[name] = size
        self.sizes[b"data"] = sound

    def find(self, name: bytes, number: int) -> int | None:
        """The size of a part that has this number in front of it; None when it is not known."""
        return number if number != UNKNOWN else self.sizes.get(name) or None

    def end_after(self, start: int) -> int | None:
        """Where the file ends, when it says so, and that is behind ``start``."""
        end = self.start + 8 + self.size
        return end if self.size and end > start else None
