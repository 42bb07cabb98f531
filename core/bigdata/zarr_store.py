"""A big array for zarr: a mapping of zarr's keys, and the store that zarr 3 opens.

``zarr.open_array(ArrayStore(array, rows=65536))`` reads and writes the array itself: a chunk is a block of rows,
uncompressed. The transaction is the caller's: commit as always.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, MutableMapping
from typing import Any

import numpy as np
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from wendelin.core.bigdata.bigarray import BigArray
from wendelin.core.errors import UnsupportedArray

_METADATA = "zarr.json"


class ArrayMapping(MutableMapping[str, bytes]):
    """A big array as zarr 3 sees one: ``zarr.json`` and ``c/0/0``, ``c/1/0`` and so on."""

    def __init__(self, array: BigArray, rows: int = 65_536) -> None:
        if array.order != "C" or array.ndim < 1 or array.dtype.kind not in "biufc":
            raise UnsupportedArray(f"zarr's adaptor takes C-ordered arrays of numbers, not {array!r}")
        self.array, self.rows = array, rows

    def metadata(self) -> dict[str, Any]:
        """The array's description."""
        byte_order = "big" if self.array.dtype.str.startswith(">") else "little"
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.array.shape),
            "data_type": self.array.dtype.newbyteorder("=").name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [self.rows, *self.array.shape[1:]]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": False if self.array.dtype.kind == "b" else 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": byte_order}}],
            "attributes": {},
        }

    def _block(self, key: str) -> slice:
        prefix, _, numbers = key.partition("/")
        first, *others = numbers.split("/")
        if prefix != "c" or not first.isdigit() or any(other != "0" for other in others):
            raise KeyError(key)
        start = int(first) * self.rows
        if start >= len(self.array) or len(others) != self.array.ndim - 1:
            raise KeyError(key)
        return slice(start, min(start + self.rows, len(self.array)))

    def __getitem__(self, key: str) -> bytes:
        if key == _METADATA:
            return json.dumps(self.metadata()).encode()
        block = self._block(key)
        data: bytes = self.array[block].tobytes()
        return data.ljust(self.rows * (len(data) // (block.stop - block.start)), b"\0")

    def __setitem__(self, key: str, value: bytes) -> None:
        if key == _METADATA:
            self._set_metadata(json.loads(value))
            return
        block = self._block(key)
        chunk = np.frombuffer(value, self.array.dtype).reshape(self.rows, *self.array.shape[1:])
        self.array[block] = chunk[: block.stop - block.start]

    def _set_metadata(self, wanted: dict[str, Any]) -> None:
        """zarr resizes by writing the metadata again; nothing else of it can change."""
        own = self.metadata()
        if any(wanted.get(name) != own[name] for name in ("data_type", "chunk_grid", "codecs")):
            raise UnsupportedArray("a big array cannot change its dtype, chunks or codecs through zarr")
        if wanted["shape"] != own["shape"]:
            self.array.resize(tuple(wanted["shape"]))

    def __delitem__(self, key: str) -> None:
        self.array[self._block(key)] = 0

    def __iter__(self) -> Iterator[str]:
        yield _METADATA
        tail = "/0" * (self.array.ndim - 1)
        for number in range(-(-len(self.array) // self.rows)):
            yield f"c/{number}{tail}"

    def __len__(self) -> int:
        return 1 + -(-len(self.array) // self.rows)


class ArrayStore(Store):
    """zarr 3's store over one big array, at the root."""

    supports_writes = True
    supports_deletes = True
    supports_listing = True

    def __init__(self, array: BigArray, rows: int = 65_536, *, read_only: bool = False) -> None:
        super().__init__(read_only=read_only)
        self.mapping = ArrayMapping(array, rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayStore) and other.mapping.array is self.mapping.array

    __hash__ = Store.__hash__

    def with_read_only(self, read_only: bool = False) -> ArrayStore:
        """The same array, to be read only or not."""
        return ArrayStore(self.mapping.array, self.mapping.rows, read_only=read_only)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """The value of a key, or a part of it; None where the array has no such chunk."""
        data = self.mapping.get(key)
        return None if data is None else prototype.buffer.from_bytes(_part(data, byte_range))

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """The values of several keys, or parts of them."""
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def exists(self, key: str) -> bool:
        """Whether a key is the metadata or a chunk within the array."""
        return key in self.mapping

    async def set(self, key: str, value: Buffer) -> None:
        """Write a chunk, or resize the array by new metadata; `UnsupportedArray` for any other change of those."""
        self._check_writable()
        self.mapping[key] = value.to_bytes()

    async def delete(self, key: str) -> None:
        """Fill a chunk with zeros, which is zarr's fill value; the metadata stays."""
        self._check_writable()
        if key in self.mapping and key != _METADATA:
            del self.mapping[key]

    async def list(self) -> AsyncIterator[str]:
        """All keys."""
        for key in self.mapping:
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """The keys that begin with ``prefix``."""
        for key in self.mapping:
            if key.startswith(prefix):
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """The names directly below ``prefix``, each once."""
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        for name in dict.fromkeys(k[len(start) :].split("/")[0] for k in self.mapping if k.startswith(start)):
            yield name


def _part(data: bytes, byte_range: ByteRequest | None) -> bytes:
    if isinstance(byte_range, RangeByteRequest):
        return data[byte_range.start : byte_range.end]
    if isinstance(byte_range, OffsetByteRequest):
        return data[byte_range.offset :]
    if isinstance(byte_range, SuffixByteRequest):
        return data[-byte_range.suffix :]
    return data
