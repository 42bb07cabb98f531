"""The position file: how far each file was sent, and which chunk was under way.

A chunk is written down before it is sent. A sender that was killed therefore sends the very same bytes under the very
same id again, and the server recognises the chunk if it has it. Each file is known by its inode, so that one which is
renamed goes on where it was; by the digest of its first bytes, so that a new file with an old inode does not; and by a
random token, so that chunks of different files never have one id.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from wendelin.core.errors import BadRequest

HEAD_SIZE = 1024
MANY_FILES = 10_000
FORMAT = 1


@dataclass
class Position:
    """How far one file was sent: ``offset`` bytes are acknowledged, ``pending`` more are under way."""

    path: str
    offset: int = 0
    pending: int = 0
    head_size: int = 0
    head_digest: str = ""
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def chunk_id(self) -> str:
        """The id of the chunk that is under way."""
        text = f"{self.token}:{self.offset}:{self.pending}"
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]

    def fits(self, stream: BinaryIO, size: int) -> bool:
        """Whether a file with this inode still is the one that was sent: as long at least, and starting alike."""
        if size < self.offset + self.pending:
            return False
        return digest_head(stream, self.head_size) == self.head_digest

    def remember_head(self, stream: BinaryIO, size: int) -> None:
        """Know the file by its first bytes; by more of them when it has grown."""
        if self.head_size < min(size, HEAD_SIZE):
            self.head_size = min(size, HEAD_SIZE)
            self.head_digest = digest_head(stream, self.head_size)


def digest_head(stream: BinaryIO, size: int) -> str:
    """The digest of the first bytes of a file; empty for none."""
    return hashlib.sha256(os.pread(stream.fileno(), size, 0)).hexdigest() if size else ""


class PositionFile:
    """The positions of all files of one sender, by ``device:inode``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.positions: dict[str, Position] = {}
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

    def find(self, stream: BinaryIO, path: Path) -> Position:
        """The position of an open file: the one on record if it is still that file, else the beginning."""
        status = os.fstat(stream.fileno())
        key = f"{status.st_dev}:{status.st_ino}"
        found = self.positions.get(key)
        if found is None or not found.fits(stream, status.st_size):
            found = self.positions[key] = Position(str(path))
        found.path = str(path)
        found.remember_head(stream, status.st_size)
        return found

    def limit(self) -> None:
        """When there are very many, drop the files that are no longer where they were."""
        if len(self.positions) < MANY_FILES:
            return
        keys = set()
        for position in self.positions.values():
            try:
                status = os.stat(position.path)
                keys.add(f"{status.st_dev}:{status.st_ino}")
            except OSError:
                continue
        self.positions = {key: position for key, position in self.positions.items() if key in keys}

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
