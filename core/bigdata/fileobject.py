"""A big file as a Python file object."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wendelin.core.bigdata.bigfile import BigFile


class BigFileReader(io.BufferedIOBase):
    """Reads a :class:`BigFile` as its transaction sees it; seekable, read-only, nothing is loaded but what is read."""

    def __init__(self, file: BigFile) -> None:
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        data = self._file.read(self._position, None if size is None or size < 0 else size)
        self._position += len(data)
        return data

    def read1(self, size: int = -1) -> bytes:
        return self.read(size if size >= 0 else io.DEFAULT_BUFFER_SIZE)

    def readinto(self, buffer: Any) -> int:
        count = self._file.read_into(self._position, buffer)
        self._position += count
        return count

    def readinto1(self, buffer: Any) -> int:
        return self.readinto(buffer)

    def readline(self, size: int | None = -1) -> bytes:
        limit = self._file.size - self._position if size is None or size < 0 else size
        parts: list[bytes] = []
        while limit > 0:
            block = self._file.read(self._position, min(limit, io.DEFAULT_BUFFER_SIZE))
            if not block:
                break
            end = block.find(b"\n") + 1
            parts.append(block[:end] if end else block)
            self._position += len(parts[-1])
            limit -= len(parts[-1])
            if end:
                break
        return b"".join(parts)
