"""A big array for zarr: a mapping of zarr's keys, and the store that zarr 3 opens.

``zarr.open_array(ArrayStore(array, rows=65536))`` reads and writes the array itself: a chunk is a block of rows,
uncompressed. The transaction is the caller's: commit as always.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import AsyncIterator, Iterable, Iterator, MutableMapping
from typing import Any

import numpy as np
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from wendelin.core.bigdata.bigarray import BigArray
from wendelin.core.errors import BadRequest, UnsupportedArray

_METADATA = "zarr.json"
_TYPES = {
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
}
_CHUNK = re.compile(r"c/(0|[1-9][0-9]{0,17})((?:/0)*)")


class ArrayMapping(MutableMapping[str, bytes]):
    """A big array as zarr 3 sees one: ``zarr.json`` and ``c/0/0``, ``c/1/0`` and so on."""

    def __init__(self, array: BigArray, rows: int = 65_536) -> None:
        if array.order != "C" or array.ndim < 1 or array.dtype.newbyteorder("=").name not in _TYPES:
            raise UnsupportedArray(f"zarr's adaptor takes C-ordered arrays of numbers, not {array!r}")
        if 0 in array.shape[1:]:
            raise UnsupportedArray(f"zarr's adaptor takes arrays whose rows have elements, not {array!r}")
        if rows < 1:
            raise BadRequest(f"chunks of {rows} rows: at least 1")
        self.array, self.rows = array, rows

    def metadata(self) -> dict[str, Any]:
        """The array's description."""
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.array.shape),
            "data_type": self.array.dtype.newbyteorder("=").name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [self.rows, *self.array.shape[1:]]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": {"b": False, "c": [0.0, 0.0]}.get(self.array.dtype.kind, 0),
            "codecs": [self._codec()],
            "attributes": {},
        }

    def _codec(self) -> dict[str, Any]:
        """Elements as they stand in memory; those of one byte have no order of bytes, and zarr then names none."""
        if self.array.dtype.itemsize == 1:
            return {"name": "bytes"}
        order = "big" if self.array.dtype.str.startswith(">") else "little"
        return {"name": "bytes", "configuration": {"endian": order}}

    def _block(self, key: str) -> slice:
        found = _CHUNK.fullmatch(key)
        if found is None or len(found[2]) != 2 * (self.array.ndim - 1):
            raise KeyError(key)
        start = int(found[1]) * self.rows
        if start >= len(self.array):
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
            self._set_metadata(value)
            return
        block = self._block(key)
        size = self.rows * math.prod(self.array.shape[1:]) * self.array.itemsize
        if len(value) != size:
            raise BadRequest(f"chunk {key} has {len(value):,} bytes: the {self.rows:,} rows of a chunk have {size:,}")
        chunk = np.frombuffer(value, self.array.dtype).reshape(self.rows, *self.array.shape[1:])
        self.array[block] = chunk[: block.stop - block.start]

    def _set_metadata(self, value: bytes) -> None:
        """zarr resizes by writing the metadata again; nothing else of it can change, and nothing is lost unsaid."""
        own = self.metadata()
        try:
            wanted = json.loads(value)
            shape = [operator.index(length) for length in wanted["shape"]]
            others = {name: wanted.get(name, default) for name, default in own.items() if name != "shape"}
            unknown = bool(wanted.get("storage_transformers")) or any(wanted.get("dimension_names") or ())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadRequest(f"zarr.json is no description of an array: {error!r}") from error
        others["codecs"] = [_plain_codec(codec, own["codecs"][0]) for codec in _list(others["codecs"])]
        changed = [name for name, wish in others.items() if wish != own[name]]
        if changed or unknown:
            names = ", ".join(changed) or "storage_transformers or dimension_names"
            raise UnsupportedArray(f"a big array cannot change through zarr: {names} (only its shape can)")
        if shape[1:] != own["shape"][1:]:
            raise UnsupportedArray(
                f"zarr can change how many rows a big array has, not its shape {own['shape']} to {shape}"
            )
        if shape != own["shape"]:
            self.array.resize(tuple(shape))

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


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain_codec(codec: object, own: dict[str, Any]) -> object:
    """A codec without a configuration that says nothing, as zarr writes it or does not."""
    if isinstance(codec, dict) and "configuration" not in own and not any((codec.get("configuration") or {}).values()):
        return {name: value for name, value in codec.items() if name != "configuration"}
    return codec


def _part(data: bytes, byte_range: ByteRequest | None) -> bytes:
    if isinstance(byte_range, RangeByteRequest):
        return data[byte_range.start : byte_range.end]
    if isinstance(byte_range, OffsetByteRequest):
        return data[byte_range.offset :]
    if isinstance(byte_range, SuffixByteRequest):
        return data[-byte_range.suffix :]
    return data
