"""Unpacking gzip: members after one another (RFC 1952), a piece at a time, with bounds on what comes out."""

from __future__ import annotations

import tempfile
import weakref
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats.body import Body

MEMORY_SIZE = 1 << 20  # bytes up to which what is unpacked stays in memory
LARGEST_PIECE = 1 << 20
SMALLEST_PIECE = 4 << 10  # what follows a member inside of a piece is copied
GZIP = 16 + zlib.MAX_WBITS
FREE_MEMBERS = 1000
MEMBER_SIZE = 32  # bytes that members have at least on average; 20 are an empty one, and no sender sends many of them


def unzip(body: Body, limit: int, memory_size: int = MEMORY_SIZE) -> Body:
    """The contents of a gzip body, in a file when they have more than ``memory_size`` bytes.

    Never more than a piece is unpacked at a time, so that a few bytes that stand for gigabytes cost nothing. Raises
    `BadRequest`, and `RequestTooLarge` beyond ``limit`` bytes.
    """
    pieces = _bounded(iter_unzipped(body), limit)
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > memory_size:
            return _spool(chain(found, pieces))
    return Body(b"".join(found))


def _spool(pieces: Iterable[bytes]) -> Body:
    target = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the body is forgotten)
    try:
        target.writelines(pieces)
    except BaseException:
        target.close()
        raise
    unzipped = Body(target)
    weakref.finalize(unzipped, target.close)
    return unzipped


def _bounded(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise RequestTooLarge(f"the body has more than {limit} bytes when it is unpacked: send smaller chunks")
            yield piece
    except zlib.error as error:
        raise BadRequest(f"the body is not gzip: {error}") from error


def iter_unzipped(body: Body) -> Iterator[bytes]:
    """The contents, at most `LARGEST_PIECE` at a time. Raises `BadRequest` and `zlib.error`."""
    position, piece_size, members = 0, LARGEST_PIECE, 0
    while position < body.size:
        members += 1
        if members > FREE_MEMBERS + position // MEMBER_SIZE:
            raise BadRequest(f"the gzip body has more than {members - 1} members in {position} bytes: send larger ones")
        decoder: Any = zlib.decompressobj(GZIP)
        while not decoder.eof:
            piece = bytes(next(body.blocks(piece_size, position), b""))
            if not piece:
                raise BadRequest("the gzip body is torn: it ends inside a member")
            position += len(piece)
            yield from _inflate(decoder, piece)
            piece_size = min(2 * piece_size, LARGEST_PIECE)
        position -= len(decoder.unused_data)
        piece_size = SMALLEST_PIECE  # many small members follow one another


def _inflate(decoder: Any, piece: bytes) -> Iterator[bytes]:
    while piece and not decoder.eof:
        found = decoder.decompress(piece, LARGEST_PIECE)
        piece = decoder.unconsumed_tail
        if found:
            yield found
