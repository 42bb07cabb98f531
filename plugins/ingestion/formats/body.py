"""A chunk's bytes: in memory when they are few, else in the file that the web server made; read block by block."""

from __future__ import annotations

import io
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import IO, Any, BinaryIO

from blake3 import blake3

from wendelin.core.bigdata import FilePart
from wendelin.core.errors import BadRequest, RequestTooLarge

BLOCK = 1 << 20
SPOOL_SIZE = 1 << 20  # bytes of a body that is unpacked from gzip, up to which it stays in memory


class Body:
    """``size`` bytes, which can be read as often as needed. A file is left open: it is its owner's."""

    def __init__(self, source: bytes | BinaryIO) -> None:
        self._data = source if isinstance(source, bytes) else None
        self._file = None if isinstance(source, bytes) else source
        self.size = len(source) if isinstance(source, bytes) else source.seek(0, io.SEEK_END)

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview | Body) -> Body:
        """A body itself; bytes or any other buffer as a body."""
        return data if isinstance(data, Body) else cls(data if isinstance(data, bytes) else bytes(data))

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
        return self._data if self._data is not None else b"".join(self.blocks())


def torn(position: int) -> BadRequest:
    """A msgpack body that ends within the object that starts at byte ``position``."""
    return BadRequest(f"the msgpack body is torn: it ends inside the object that starts at byte {position}")


def unzip(body: Body, limit: int) -> Body:
    """The contents of a gzip body, members after one another. Raises `BadRequest`, and `RequestTooLarge` at ``limit``.

    Never more than a block is unpacked at a time, so that a few bytes that stand for gigabytes cost nothing.
    """
    target = tempfile.SpooledTemporaryFile(SPOOL_SIZE)  # noqa: SIM115 (closed when the body is forgotten)
    try:
        _unzip_into(target, body, limit)
    except BaseException:
        target.close()
        raise
    unzipped = Body(target)  # type: ignore[arg-type]  # a file in all that is used
    weakref.finalize(unzipped, target.close)
    return unzipped


def _unzip_into(target: IO[bytes], body: Body, limit: int) -> None:
    size = 0
    try:
        for piece in _unzipped(body):
            size += len(piece)
            if size > limit:
                raise RequestTooLarge(f"the body has more than {limit} bytes when it is unpacked: send smaller chunks")
            target.write(piece)
    except zlib.error as error:
        raise BadRequest(f"the body is not gzip: {error}") from error


def _unzipped(body: Body) -> Iterator[bytes]:
    decoder: Any = zlib.decompressobj(wbits=31)
    started = False
    for block in body.blocks():
        waiting = bytes(block)
        while waiting:
            if decoder.eof:
                decoder, started = zlib.decompressobj(wbits=31), False
            started = True
            yield decoder.decompress(waiting, BLOCK)
            waiting = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    while started and not decoder.eof:
        piece = decoder.decompress(decoder.unconsumed_tail, BLOCK)
        if not piece:
            raise BadRequest("the gzip body is torn")
        yield piece
