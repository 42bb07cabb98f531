"""What a bucket stream keeps under a key: bytes in a record of their own, or a big file for large ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from persistent import Persistent

from wendelin.core.bigdata import BigFile
from wendelin.core.errors import BadRequest

LARGE = 64 << 10
PLAIN_KEYS = (str, bytes, int, float, datetime, date)
PlainKey = str | bytes | int | float | datetime | date
#: What a bucket is found by: values of one stream can be compared with each other.
Key = PlainKey | tuple[PlainKey, ...]


class Bucket(Persistent):
    """The bytes of one bucket. They are never changed: another value is another bucket."""

    data: bytes = b""
    file: BigFile | None = None

    def __init__(self, value: bytes | memoryview) -> None:
        if len(value) < LARGE:
            self.data = bytes(value)
        else:
            self.file = BigFile()
            self.file.append(value)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data) if self.file is None else self.file.size

    def value(self) -> bytes:
        """All bytes."""
        return self.data if self.file is None else self.file.read()

    def head(self, size: int) -> bytes:
        """The first bytes; nothing else is read of a large one."""
        return self.data[:size] if self.file is None else self.file.read(0, size)

    def iterate(self) -> Iterator[bytes]:
        """The bytes in pieces of bounded size."""
        if self.file is None:
            yield self.data
        else:
            yield from self.file.iterate()

    def md5(self) -> str:
        """The MD5 of the bytes in hexadecimal, as clients ask for it to compare files; not for security."""
        digest = hashlib.md5(usedforsecurity=False)
        for piece in self.iterate():
            digest.update(piece)
        return digest.hexdigest()


def check_key(key: object) -> None:
    """Raises `BadRequest` for what cannot be a key: it has to be a plain value with an order."""
    parts = key if type(key) is tuple else (key,)
    if not all(type(part) in PLAIN_KEYS and part == part for part in parts):  # NaN has no order
        raise BadRequest(f"a bucket's key is text, bytes, a number, a date, or a tuple of those, not {key!r}")


def as_bytes(value: object) -> bytes | memoryview:
    """The bytes of a value, of text in UTF-8; raises `BadRequest` for what has none."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    try:
        return memoryview(value).cast("B")  # type: ignore[arg-type]  # whether it is a buffer is what is asked here
    except TypeError as error:
        raise BadRequest(f"a bucket holds bytes, not {type(value).__name__}") from error


@contextmanager
def comparable(*keys: object) -> Iterator[None]:
    """In this block, keys that cannot be compared with those of the stream are a `BadRequest`."""
    try:
        yield
    except TypeError as error:
        named = " and ".join(repr(key) for key in keys if key is not None)
        raise BadRequest(f"{named}: this cannot be compared with the keys of this stream") from error
