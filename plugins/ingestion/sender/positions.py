"""The position file: how far each file was sent, and which chunk was under way.

A chunk is written down before it is sent. A sender that was killed therefore sends the very same bytes under the very
same id again, and the server recognises the chunk if it has it. Each file is known by its inode, so that one which is
renamed goes on where it was; by the digest of what stands before the place up to which it was sent, so that another
file in its place, or the same one written anew, does not; and by a random token, so that chunks of different files
never have one id.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.sender.fingerprints import digest_before

MANY_FILES = 10_000
FORMAT = 2
SETTLED = 2 * 10**9  # nanoseconds after which a time stamp of a file tells of every change


@dataclass
class Position:
    """How far one file was sent: ``offset`` bytes are acknowledged, ``pending`` more are under way.

    ``digest`` is that of the bytes before ``offset``, ``pending_digest`` that of all bytes under way.
    """

    path: str
    offset: int = 0
    pending: int = 0
    digest: str = ""
    pending_digest: str = ""
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def chunk_id(self) -> str:
        """The id of the chunk that is under way."""
        text = f"{self.token}:{self.offset}:{self.pending}:{self.pending_digest}"
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]

    def fits(self, stream: BinaryIO) -> bool:
        """Whether a file with this inode still is the one that was sent: the same bytes up to there."""
        return not self.offset or (bool(self.digest) and digest_before(stream, self.offset) == self.digest)

    def begin(self, data: bytes) -> None:
        """``data`` is about to be sent."""
        self.pending, self.pending_digest = len(data), blake3(data).hexdigest(16)

    def is_under_way(self, data: bytes) -> bool:
        """Whether these are the bytes that were about to be sent when the sender ended."""
        return len(data) == self.pending and blake3(data).hexdigest(16) == self.pending_digest

    def acknowledge(self, stream: BinaryIO, data: bytes) -> None:
        """``data``, which was under way, is stored."""
        self.digest = digest_before(stream, self.offset + len(data), data)
        self.offset += len(data)
        self.pending, self.pending_digest = 0, ""


class PositionFile:
    """The positions of all files of one sender, by ``device:inode``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.positions: dict[str, Position] = {}
        self._seen: dict[str, tuple[int, ...]] = {}
        if path.is_file():
            self.positions = self._read()

    def _read(self) -> dict[str, Position]:
        try:
            content = json.loads(self.path.read_text("utf-8"))
            if content["format"] != FORMAT:
                raise ValueError(f"format {content['format']}")
            return {key: Position(**entry) for key, entry in content["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRequest(
                f"the position file {self.path} cannot be read ({error}): repair it, or remove it to send all again"
            ) from error

    def find(self, stream: BinaryIO, path: Path) -> Position | None:
        """The position of an open file that is on record and still is that file; None for one that has to be begun."""
        status = os.fstat(stream.fileno())
        found = self.positions.get(_key(status))
        if found is None or not self._is_same(found, stream, status):
            return None
        found.path = str(path)
        return found

    def begin(self, stream: BinaryIO, path: Path) -> Position:
        """The beginning of a file, whatever was sent of another one that had its inode."""
        found = self.positions[_key(os.fstat(stream.fileno()))] = Position(str(path))
        return found

    def forget(self, stream: BinaryIO) -> None:
        """An open file is not the one that was sent."""
        self.positions.pop(_key(os.fstat(stream.fileno())), None)

    def _is_same(self, position: Position, stream: BinaryIO, status: os.stat_result) -> bool:
        """`Position.fits`; a file that nobody wrote to since it was looked at is not read again."""
        state = (position.offset, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if self._seen.get(_key(status)) == state:
            return True
        if not position.fits(stream):
            return False
        # Two changes within a moment can have one time: such a file is looked at again.
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED:
            self._seen[_key(status)] = state
        return True

    def limit(self) -> None:
        """When there are very many, drop the files that are no longer where they were."""
        if len(self.positions) < MANY_FILES:
            return
        keys = set()
        for position in self.positions.values():
            try:
                status = os.stat(position.path)
                keys.add(_key(status))
            except OSError:
                continue
        self.positions = {key: position for key, position in self.positions.items() if key in keys}
        self._seen = {key: state for key, state in self._seen.items() if key in keys}

    def save(self) -> None:
        """Replace the file in one step; it is on the disk when this returns."""
        content = {"format": FORMAT, "files": {key: asdict(entry) for key, entry in self.positions.items()}}
        temporary = self.path.with_name(self.path.name + ".tmp")
        with open(temporary, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _key(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


@contextmanager
def sole_sender(path: Path) -> Iterator[PositionFile]:
    """The position file, for one sender at a time; raises `BadRequest` for a second one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(path.name + ".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadRequest(f"another sender uses the position file {path}") from error
        yield PositionFile(path)
