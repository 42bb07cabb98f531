"""What is known of the bytes before a place in a file, so that a file that was written anew is told from one that grew.

The digest covers everything up to `WHOLE` bytes; of more it covers both ends, and samples that lie evenly between
them, so that looking at a file of any size costs a few milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from blake3 import blake3

WHOLE = 4 << 20
END = 1 << 20  # bytes at each end of what is not covered whole
SAMPLES, SAMPLE_SIZE = 128, 4096
BLOCK = 1 << 20


def digest_before(stream: BinaryIO, place: int, last: bytes = b"") -> str:
    """The digest of the bytes before ``place``; "" when the file does not reach so far.

    ``last`` are the last of these bytes as they were read a moment ago: they count, not what the file has there now.
    """
    found = blake3(place.to_bytes(8, "big"))
    known_from = place - len(last)
    for start, end in _spans(place):
        for at in range(start, end, BLOCK):
            stop = min(at + BLOCK, end)
            data = read_exactly(stream, at, min(stop, known_from) - at) if at < known_from else b""
            data += last[max(at - known_from, 0) : max(stop - known_from, 0)]
            if len(data) < stop - at:
                return ""
            found.update(data)
    return found.hexdigest(16)


def _spans(place: int) -> Iterator[tuple[int, int]]:
    if place <= WHOLE:
        yield 0, place
        return
    yield 0, END
    step = (place - 2 * END) // SAMPLES
    size = min(SAMPLE_SIZE, step)
    yield from ((END + number * step, END + number * step + size) for number in range(SAMPLES))
    yield place - END, place


def read_exactly(stream: BinaryIO, offset: int, length: int) -> bytes:
    """The bytes at ``offset``; fewer at the end of the file only."""
    parts: list[bytes] = []
    while length > 0 and (part := os.pread(stream.fileno(), length, offset)):
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
    return b"".join(parts)
