"""A big file as a Python file object."""

from __future__ import annotations

import io
import os
import tempfile
from typing import TYPE_CHECKING

from wendelin.core.bigdata.memory.snapshot import FileSnapshot

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from wendelin.core.bigdata.bigfile import BigFile


class BigFileReader(io.BufferedIOBase):
    """Reads a :class:`BigFile` as its transaction sees it; seekable, read-only, nothing is loaded but what is read."""

    def __init__(self, file: BigFile) -> None:
        self._file = file
        self._position = 0
        self._descriptor: int | None = None

    def readable(self) -> bool:
        """True: reading is all that it does."""
        return True

    def seekable(self) -> bool:
        """True: any position costs the same."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, also one behind the end; gives it. `ValueError` for one before the beginning."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position of the next byte to be read."""
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """The next ``size`` bytes, or all that are left; fewer only at the end of the file."""
        data = self._file.read(self._position, None if size is None or size < 0 else size)
        self._position += len(data)
        return data

    def read1(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, or a block of the usual size."""
        return self.read(size if size >= 0 else io.DEFAULT_BUFFER_SIZE)

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with the next bytes; gives their number, which is smaller only at the end of the file."""
        count = self._file.read_into(self._position, buffer)
        self._position += count
        return count

    def readinto1(self, buffer: WriteableBuffer) -> int:
        """Like :meth:`readinto`: one read is enough."""
        return self.readinto(buffer)

    def window(self, size: int = -1) -> memoryview:
        """The next bytes as memory of the file, read-only; a copy only where memory cannot be mapped."""
        left = self._file.size - self._position
        count = left if size < 0 else min(size, left)
        snapshot = self._file.snapshot()
        if isinstance(snapshot, FileSnapshot):
            found = snapshot.memory(self._position, count)
        else:  # memory cannot be mapped here
            found = memoryview(self._file.read(self._position, count))
        self._position += len(found)
        return found

    def fileno(self) -> int:
        """A descriptor with the file's bytes, for what insists on one (``mmap=True``).

        That of the extent when one extent is all there is; else of a temporary copy on disk, made now.
        """
        if self._descriptor is None:
            path = self._file.single_extent()
            self._descriptor = os.open(path, os.O_RDONLY) if path is not None else self._spool()
        return self._descriptor

    def _spool(self) -> int:
        with tempfile.TemporaryFile() as copy:
            for block in self._file.iterate():
                copy.write(block)
            copy.flush()
            return os.dup(copy.fileno())

    def close(self) -> None:
        """Close also the descriptor that :meth:`fileno` gave."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        super().close()

    def readline(self, size: int | None = -1) -> bytes:
        """The bytes up to and with the next newline, at most ``size`` of them."""
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
