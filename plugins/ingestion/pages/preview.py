"""A look at both ends of a data stream, without reading what is between them."""

from __future__ import annotations

from dataclasses import dataclass

from wendelin.core.model.objects.big_file_document import BigFileDocument

SHOWN = 512
ROW = 16


@dataclass(frozen=True)
class Row:
    """Sixteen bytes: their offset, as hexadecimal, and as text with dots for what cannot be shown."""

    offset: str
    hexadecimal: str
    text: str


@dataclass(frozen=True)
class End:
    """Some bytes of a stream, from offset ``start``."""

    title: str
    start: int
    size: int
    row_list: tuple[Row, ...]


def preview_ends(stream: BigFileDocument, shown: int = SHOWN) -> list[End]:
    """The first and the last bytes of a stream; one piece when it is short, none when it is empty."""
    size = stream.getSize()
    if size <= 2 * shown:
        spans = [("All bytes", 0, size)] if size else []
    else:
        # The last bytes begin at a multiple of a row, so that offsets line up.
        tail = (size - shown + ROW - 1) // ROW * ROW
        spans = [("First bytes", 0, shown), ("Last bytes", tail, size)]
    return [_read_end(stream, title, start, end) for title, start, end in spans]


def _read_end(stream: BigFileDocument, title: str, start: int, end: int) -> End:
    data = b"".join(stream.iterate(start, end))
    return End(title, start, len(data), tuple(hex_rows(data, start)))


def hex_rows(data: bytes, start: int = 0) -> list[Row]:
    """Rows of 16 bytes."""
    return [_row(data[at : at + ROW], start + at) for at in range(0, len(data), ROW)]


def _row(piece: bytes, offset: int) -> Row:
    return Row(f"{offset:08x}", piece.hex(" ", 1).ljust(3 * ROW - 1), as_text(piece))


def as_text(piece: bytes) -> str:
    """ASCII, with dots for what cannot be shown."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in piece)
