"""The messages of Fluentd's forward protocol, version 1: parsing them, and the answers to them. No input or output.

Four modes, told apart by the second element::

    Message                  [tag, time, record, option?]
    Forward                  [tag, [[time, record], ...], option?]
    PackedForward            [tag, bin or str of events, option?]
    CompressedPackedForward  the same with option {"compressed": "gzip"}; gzip members may follow one another

Whatever the mode, a message becomes one chunk as ``<policy>/ingest`` takes it: events ``[time, record]`` in msgpack,
one after another. Packed events keep their bytes; the others are packed again, with equal values of equal types (text
that is not UTF-8 included).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import msgpack

from wendelin.core.errors import BadRequest, RequestTooLarge
from wendelin.plugins.ingestion.formats.event_stream import encode_text

MAXIMUM_SIZE = 256 << 20  # bytes of one message, and of its events when they are unpacked
MAXIMUM_LENGTH = 1 << 20  # elements of one array: its header alone makes the unpacker reserve memory for all of them
GZIP = 16 + zlib.MAX_WBITS
PIECE = 16 << 10  # small: what follows a member inside of a piece is copied once for each member
READ_MARGIN = 1 << 20
INFLATED_PIECE = 4 << 20


@dataclass(frozen=True)
class Entry:
    """What one message carries: events under a tag. ``chunk_id`` is the id that the client wants acknowledged."""

    tag: str
    data: bytes
    chunk_id: str | bytes | None = None
    mode: str = "Message"

    def __str__(self) -> str:
        return f"{len(self.data)} bytes of tag {self.tag!r}"

    @property
    def is_acknowledged(self) -> bool:
        """Whether the client waits for an acknowledgement."""
        return self.chunk_id is not None


def make_unpacker(maximum_size: int = MAXIMUM_SIZE) -> msgpack.Unpacker:
    """For a stream of messages. Its ``feed`` raises `msgpack.BufferFull` beyond ``maximum_size`` bytes."""
    return msgpack.Unpacker(
        raw=False,
        unicode_errors="surrogateescape",
        strict_map_key=False,
        max_buffer_size=maximum_size + READ_MARGIN,
        max_array_len=MAXIMUM_LENGTH,
        max_map_len=MAXIMUM_LENGTH,
    )


def make_packer() -> msgpack.Packer:
    """Packs again what `make_unpacker` gave, bytes and text each as it was."""
    return msgpack.Packer(use_bin_type=True, unicode_errors="surrogateescape", autoreset=True)


def parse_message(message: object, packer: msgpack.Packer, maximum_size: int = MAXIMUM_SIZE) -> Entry | None:
    """The entry of a message; None for ``nil``, which is a heartbeat.

    Raises `BadRequest` for anything that is not a message of the protocol, and `RequestTooLarge`.
    """
    if message is None:
        return None
    if not isinstance(message, list) or len(message) < 2:
        raise BadRequest("a forward message is an array that starts with a tag")
    tag = as_text(message[0], "tag")
    content = message[1]
    if isinstance(content, list):
        option = _option(message, 2)
        return Entry(tag, b"".join(map(packer.pack, map(_checked, content))), _chunk_id(option), "Forward")
    if isinstance(content, (bytes, str)):
        return _parse_packed(tag, content, _option(message, 2), maximum_size)
    if not _is_time(content) or len(message) < 3:
        raise BadRequest("a forward message holds a time and a record, a list of events, or packed events")
    return Entry(tag, packer.pack([content, message[2]]), _chunk_id(_option(message, 3)))


def _parse_packed(tag: str, content: bytes | str, option: dict[object, object], maximum_size: int) -> Entry:
    data = encode_text(content) if isinstance(content, str) else content
    compression = option.get("compressed", option.get(b"compressed", "text"))
    compression = compression.decode("latin-1") if isinstance(compression, bytes) else compression
    if compression in ("text", None):
        return Entry(tag, data, _chunk_id(option), "PackedForward")
    if compression != "gzip":
        raise BadRequest(f"events compressed with {compression!r} cannot be read: use gzip")
    return Entry(tag, decompress(data, maximum_size), _chunk_id(option), "CompressedPackedForward")


def decompress(data: bytes, maximum_size: int = MAXIMUM_SIZE) -> bytes:
    """The content of gzip members that follow one another.

    Raises `BadRequest` when they are torn or damaged, `RequestTooLarge` beyond ``maximum_size`` bytes.
    """
    found: list[bytes] = []
    size = 0
    view = memoryview(data)
    while view:
        inflator = zlib.decompressobj(GZIP)
        try:
            while not inflator.eof:
                source = inflator.unconsumed_tail or view[:PIECE]
                if not inflator.unconsumed_tail:
                    if not source:
                        raise BadRequest("the gzip data is torn: it ends inside a member")
                    view = view[PIECE:]
                piece = inflator.decompress(source, INFLATED_PIECE)
                size += len(piece)
                if size > maximum_size:
                    raise RequestTooLarge(f"the events take more than {maximum_size} bytes when they are unpacked")
                found.append(piece)
        except zlib.error as error:
            raise BadRequest(f"the gzip data is damaged: {error}") from error
        if inflator.unused_data:
            view = memoryview(data)[len(data) - len(view) - len(inflator.unused_data) :]
    return b"".join(found)


def make_ack(chunk_id: str | bytes) -> bytes:
    """The answer that tells a client that its chunk is stored; the id is of the type in which it came."""
    packed: bytes = make_packer().pack({"ack": chunk_id})
    return packed


def as_text(value: object, what: str) -> str:
    """Text that came as msgpack ``str`` or ``bin``; raises `BadRequest` when it is neither, or not UTF-8."""
    try:
        if isinstance(value, bytes):
            return value.decode("utf-8")
        if isinstance(value, str):
            value.encode("utf-8")
            return value
    except UnicodeError as error:
        raise BadRequest(f"the {what} is not valid UTF-8") from error
    raise BadRequest(f"the {what} is not text")


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float, msgpack.ExtType)) and not isinstance(value, bool)


def _checked(event: object) -> list[Any]:
    if not isinstance(event, list) or len(event) < 2:
        raise BadRequest("each event of a forward message must be [time, record]")
    return event


def _option(message: list[Any], index: int) -> dict[object, object]:
    found = message[index] if len(message) > index else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRequest("the option of a forward message is not a map")
    return found


def _chunk_id(option: dict[object, object]) -> str | bytes | None:
    found = option.get("chunk", option.get(b"chunk"))
    if found is not None and not isinstance(found, (str, bytes)):
        raise BadRequest("the chunk id of a forward message is not text")
    return found or None
