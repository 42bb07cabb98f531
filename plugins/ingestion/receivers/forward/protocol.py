"""The words of Fluentd's forward protocol, version 1: what a message carries, and the answers. No input or output.

Four modes, told apart by the second element::

    Message                  [tag, time, record, option?]
    Forward                  [tag, [[time, record], ...], option?]
    PackedForward            [tag, bin or str of events, option?]
    CompressedPackedForward  the same with option {"compressed": "gzip"}; gzip members may follow one another

Whatever the mode, a message becomes one chunk as ``<policy>/ingest`` takes it: events ``[time, record]`` in msgpack,
one after another, each with the very bytes that were sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgpack

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats.body import Buffer

MAXIMUM_SIZE = 256 << 20  # bytes of one message, and of its events when they are unpacked
SIGNALS = {1: "metrics", 2: "traces"}  # of Fluent Bit, in a form of its own
MESSAGE, FORWARD, PACKED, COMPRESSED = "Message", "Forward", "PackedForward", "CompressedPackedForward"


@dataclass(frozen=True)
class Entry:
    """What one message carries: events under a tag. ``chunk_id`` is the id that the client wants acknowledged."""

    tag: str
    data: Buffer  # gzip in mode CompressedPackedForward
    chunk_id: str | bytes | None = None
    mode: str = MESSAGE

    def __str__(self) -> str:
        return f"{len(self.data)} bytes of tag {self.tag!r}"

    @property
    def is_acknowledged(self) -> bool:
        """Whether the client waits for an acknowledgement."""
        return self.chunk_id is not None


def make_entry(tag: str, data: Buffer, option: dict[object, object], mode: str) -> Entry:
    """The entry of a message with that option. Raises `BadRequest` for what cannot be taken."""
    signal = option.get("fluent_signal", option.get(b"fluent_signal"))
    if signal in SIGNALS:
        raise BadRequest(f"{SIGNALS[signal]} of Fluent Bit, not events, came under the tag {tag!r}: send logs only")
    if mode == PACKED and _is_compressed(option):
        mode = COMPRESSED
    return Entry(tag, data, _chunk_id(option), mode)


def _is_compressed(option: dict[object, object]) -> bool:
    compression = option.get("compressed", option.get(b"compressed", "text"))
    compression = compression.decode("latin-1") if isinstance(compression, bytes) else compression
    if compression in ("text", None):
        return False
    if compression != "gzip":
        raise BadRequest(f"events compressed with {compression!r} cannot be read: set the client's compress to gzip")
    return True


def _chunk_id(option: dict[object, object]) -> str | bytes | None:
    found = option.get("chunk", option.get(b"chunk"))
    if found is not None and not isinstance(found, (str, bytes)):
        raise BadRequest("the chunk id of a forward message is not text")
    return found or None


def make_packer() -> msgpack.Packer:
    """For what the receiver says; text that is not UTF-8 is sent back as it came."""
    return msgpack.Packer(use_bin_type=True, unicode_errors="surrogateescape", autoreset=True)


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


def explain(start: bytes) -> str:
    """What a client speaks whose first bytes are no forward message, as far as one can tell."""
    if start[:2] == b"\x16\x03":
        return "the client speaks TLS, and this receiver does not: set [tls] in its settings, or tls off in the client"
    if start.split(b" ")[0] in (b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"PRI"):
        return "the client speaks HTTP; this is the port of the forward protocol: send to <policy>/ingest of the site"
    if start[:1] in (b"[", b"{"):
        return "the client sends JSON; the forward protocol is msgpack here"
    return f"what begins with {start[:8].hex(' ')} is no message of the forward protocol"
