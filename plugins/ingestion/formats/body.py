"""A chunk's bytes: in memory when they are few, else in the file that the web server made; read block by block."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cached_property
from typing import BinaryIO, TypeAlias

from blake3 import blake3

from wendelin.core.bigdata import FilePart
from wendelin.core.errors import BadRequest

BLOCK = 1 << 20
Buffer: TypeAlias = bytes | bytearray | memoryview


class Body:
    """``size`` bytes, which can be read as often as needed. A file is left open: it is its owner's."""

    def __init__(self, source: Buffer | BinaryIO) -> None:
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._data: Buffer | None = source
            self._file: BinaryIO | None = None
            self.size = len(source)
        else:
            self._data, self._file, self.size = None, source, source.seek(0, io.SEEK_END)

    @classmethod
    def of(cls, data: Buffer | Body) -> Body:
        """A body itself; bytes or any other buffer, which must not change any more, as a body."""
        return data if isinstance(data, Body) else cls(data)

    def __len__(self) -> int:
        return self.size

    def blocks(self, size: int = BLOCK, start: int = 0) -> Iterator[memoryview | bytes]:
        """The bytes from ``start`` on, at most ``size`` at a time."""
        if self._data is not None:
            view = memoryview(self._data)
            yield from (view[offset : offset + size] for offset in range(start, self.size, size))
        if self._file is None:
            return
        for offset in range(start, self.size, size):
            self._file.seek(offset)
            block = self._file.read(size)
            if not block:
                raise BadRequest(f"the body ends at byte {offset} of {self.size}")
            yield block

    @cached_property
    def digest(self) -> bytes:
        """BLAKE3 of the bytes (https://github.com/BLAKE3-team/BLAKE3-specs): four times as fast as SHA-256."""
        found = blake3()
        for block in self.blocks():
            found.update(block)
        return found.digest()

    def pieces(self) -> Iterator[memoryview | bytes | FilePart]:
        """The bytes as a big file takes them best: those of a file as that file."""
        descriptor = self._descriptor()
        if descriptor is None:
            yield from self.blocks()
        elif self.size:
            yield FilePart(descriptor, 0, self.size)

    def _descriptor(self) -> int | None:
        if self._file is None:
            return None
        try:
            self._file.flush()
            return int(self._file.fileno())
        except (OSError, AttributeError):  # the web server's own buffer, in memory
            return None

    def read(self) -> bytes:
        """All bytes at once: for scripts that ask for bytes."""
        return self._data if isinstance(self._data, bytes) else b"".join(self.blocks())

    def slice(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to ``end``."""
        return bytes(next(self.blocks(end - start, start), b"")) if end > start else b""
