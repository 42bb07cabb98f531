"""Reading files as they grow, and sending what is new: the loop of ``wendelin send``."""

from __future__ import annotations

import glob
import os
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgpack

from wendelin.core.errors import BadRequest, NotFound
from wendelin.plugins.ingestion.sender.fingerprints import read_exactly
from wendelin.plugins.ingestion.sender.positions import Position, PositionFile

PIECE_SIZE = 2048  # bytes of one event, as fluent-plugin-bin reads them
CHUNK_SIZE = 4 << 20
POLL_SECONDS = 1.0
ROTATED_ROUNDS = 10
LARGEST_BEGINNINGS = 5  # how often a file is begun in one round

Send = Callable[[bytes, str, str], None]  # body, chunk id, name of the file that it is a part of
Progress = Callable[[Path, int, int], None]


def pack_events(data: bytes) -> bytes:
    """``[EventTime, {"message": piece}]`` after one another: the body of a chunk."""
    now = time.time_ns()
    moment = msgpack.ExtType(0, struct.pack(">II", now // 10**9, now % 10**9))
    pieces = (data[start : start + PIECE_SIZE] for start in range(0, len(data), PIECE_SIZE))
    return b"".join(msgpack.packb([moment, {"message": piece}], use_bin_type=True) for piece in pieces)


def find_files(patterns: Sequence[str]) -> list[Path]:
    """The files that the paths and patterns name, each once, by name within a pattern."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        names = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
        found.update((Path(name).absolute(), None) for name in names if os.path.isfile(name))
    return list(found)


class Sender:
    """Sends files to one policy. ``send(body, chunk_id, filename)`` returns when a chunk is acknowledged."""

    def __init__(
        self,
        positions: PositionFile,
        send: Send,
        chunk_size: int = CHUNK_SIZE,
        progress: Progress = lambda path, sent, size: None,
    ) -> None:
        self.positions, self.send, self.chunk_size, self.progress = positions, send, chunk_size, progress
        self._open: dict[Path, BinaryIO] = {}
        self._rotated: list[tuple[int, Path, BinaryIO]] = []

    def send_once(self, patterns: Sequence[str]) -> int:
        """Send all files to their present ends; the number of files. Raises `NotFound` when there is none."""
        paths = find_files(patterns)
        if not paths:
            raise NotFound(f"there is no file {' '.join(patterns)}")
        self.positions.limit()
        for path in paths:
            with open(path, "rb") as stream:
                if not self._send_rest(path, stream):
                    raise BadRequest(f"{path} is written anew again and again while it is sent: wait until it is done")
        return len(paths)

    def follow(self, patterns: Sequence[str], pause: Callable[[float], object] = time.sleep) -> None:
        """Send what is there and what comes, for ever; files may appear, grow, be truncated, renamed and replaced."""
        try:
            while True:
                self._look(patterns)
                pause(POLL_SECONDS)
        finally:
            for stream in (*self._open.values(), *(stream for _, _, stream in self._rotated)):
                stream.close()
            self._open.clear()
            self._rotated.clear()

    def _look(self, patterns: Sequence[str]) -> None:
        """One round. A file that was renamed or removed is sent to its end before the one in its place."""
        self._look_at_rotated()
        for path, stream in list(self._open.items()):
            self._send_rest(path, stream)
            if not is_same(path, stream):
                self._rotated.append((ROTATED_ROUNDS, path, stream))
                del self._open[path]
        for path in find_files(patterns):
            if path not in self._open:
                with suppress(FileNotFoundError):  # gone since it was listed
                    self._open[path] = open(path, "rb")  # noqa: SIM115 kept open: it may be renamed
                    self._send_rest(path, self._open[path])

    def _look_at_rotated(self) -> None:
        """Send what programs still write to a file after it was renamed: they may have it open for a while."""
        former, self._rotated = self._rotated, []
        for rounds, path, stream in former:
            self._send_rest(path, stream)
            if rounds:
                self._rotated.append((rounds - 1, path, stream))
            else:
                stream.close()

    def _send_rest(self, path: Path, stream: BinaryIO) -> bool:
        """Send what is new; False for a file that did not keep still for long enough.

        A file that is written anew meanwhile is begun again.
        """
        sent = beginnings = 0
        while beginnings <= LARGEST_BEGINNINGS:
            position = self.positions.find(stream, path)
            if position is None:
                position, beginnings = self.positions.begin(stream, path), beginnings + 1
            if not sent:
                self.progress(path, position.offset, os.fstat(stream.fileno()).st_size)
            data = read_exactly(stream, position.offset, position.pending or self.chunk_size)
            if position.pending and not position.is_under_way(data):
                self.positions.forget(stream)
            elif data:
                self._send_chunk(path, stream, position, data)
                sent += 1
            else:
                break
        if sent or beginnings:
            self.positions.save()  # that all was acknowledged
        return beginnings <= LARGEST_BEGINNINGS

    def _send_chunk(self, path: Path, stream: BinaryIO, position: Position, data: bytes) -> None:
        """Send a chunk, which is written down before."""
        if not position.pending:
            position.begin(data)
            self.positions.save()
        self.send(pack_events(data), position.chunk_id, path.name)
        position.acknowledge(stream, data)
        self.progress(path, position.offset, max(position.offset, os.fstat(stream.fileno()).st_size))


def is_same(path: Path, stream: BinaryIO) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False
