"""An array's summary: a tree of minima and maxima (factor 256), so that a plot of a billion rows reads kilobytes.

A leaf summarises 65,536 rows in 256 groups; a node holds 256 leaves and their own extremes. Leaves are made of rows
that are committed, when later rows are appended. Each carries the signature of the writes to its rows' pages at that
time: a leaf whose signature is no longer true counts as missing, and what is missing is computed from the data. Hence
concurrent changes need no care: losing a leaf costs time, never truth.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from persistent import Persistent

from wendelin.core.bigdata.arrays.geometry import Shaped
from wendelin.core.bigdata.extents.extent_map import SegmentTable
from wendelin.core.bigdata.extents.page_size import page_span
from wendelin.core.errors import UnsupportedArray

FACTOR = 256
LEAF_ROWS = FACTOR * FACTOR
MAX_COLUMNS = 64
_BLOCK_ROWS = 1 << 18


class SummarisedFile(Protocol):
    """What a summary needs of a file: its bytes, and the map that counts the writes to them."""

    @property
    def extent_map(self) -> SegmentTable:
        """Which page stands in which extent."""

    def read(self, offset: int, size: int) -> bytes:
        """The bytes from ``offset`` on."""


class SummarisedArray(Shaped, Protocol):
    """What a summary needs of an array."""

    @property
    def file(self) -> SummarisedFile:
        """The bytes."""


class SummaryLeaf(Persistent):
    """Minima and maxima of 256 groups of 256 rows: an array of shape (256, 2, ...)."""

    def __init__(self, groups: np.ndarray) -> None:
        self.data = groups.tobytes()


class SummaryTable(Persistent):
    """A dictionary that merges additions; where both sides added, either may stay: both summarise the same rows."""

    def __init__(self) -> None:
        self.entries: dict[int, Any] = {}

    def put(self, key: int, value: SummaryTable | tuple[int, bytes, SummaryLeaf]) -> None:
        """Add or replace an entry."""
        self.entries = {**self.entries, key: value}

    def _p_resolveConflict(self, old: dict[str, Any], saved: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        return {**saved, "entries": {**new["entries"], **saved["entries"]}}


def can_summarise(array: SummarisedArray) -> bool:
    """Whether an array's rows have an order and are few enough numbers."""
    return (
        array.order == "C"
        and len(array.shape) >= 1
        and array.dtype.kind in "biufMm"
        and math.prod(array.shape[1:]) <= MAX_COLUMNS
    )


def extremes(rows: np.ndarray) -> np.ndarray:
    """Minimum and maximum over the first axis: shape (2, ...); NaN and NaT do not count."""
    return np.stack([np.fmin.reduce(rows), np.fmax.reduce(rows)])


class Summary:
    """The summary of one array; ``table``, its persistent part, is {node: {slot: (signature, extremes, leaf)}}."""

    def __init__(self, array: SummarisedArray, table: SummaryTable) -> None:
        self.array, self.table = array, table
        self.rest = array.shape[1:]
        self.row_size = array.dtype.itemsize * math.prod(self.rest)

    def signature(self, leaf: int) -> int:
        """Changes with every write to the leaf's rows."""
        first, last = page_span(leaf * LEAF_ROWS * self.row_size, LEAF_ROWS * self.row_size)
        return self.array.file.extent_map.writes(first, last)

    def extend(self, rows: int, most: int | None = None) -> None:
        """Summarise the complete leaves within the first ``rows`` rows that are not summarised yet.

        All of them, or so many as have about ``most`` bytes of data, but one at least.
        """
        first, last = self._first_missing(), rows // LEAF_ROWS
        if most is not None:
            last = min(last, first + max(most // (LEAF_ROWS * self.row_size), 1))
        for leaf in range(first, last):
            groups = self._groups_of_data(leaf)
            whole = extremes_of_groups(groups)
            self._node(leaf // FACTOR).put(leaf % FACTOR, (self.signature(leaf), whole.tobytes(), SummaryLeaf(groups)))

    def _first_missing(self) -> int:
        if not self.table.entries:
            return 0
        node = max(self.table.entries)
        return node * FACTOR + max(self.table.entries[node].entries, default=-1) + 1

    def _node(self, number: int) -> SummaryTable:
        if number not in self.table.entries:
            self.table.put(number, SummaryTable())
        node: SummaryTable = self.table.entries[number]
        return node

    def _rows(self, start: int, stop: int) -> np.ndarray:
        """Rows as a copy: a view would map the array into a process that only appends to it."""
        data = self.array.file.read(start * self.row_size, (stop - start) * self.row_size)
        return np.frombuffer(data, self.array.dtype).reshape(stop - start, *self.rest)

    def _groups_of_data(self, leaf: int) -> np.ndarray:
        rows = self._rows(leaf * LEAF_ROWS, (leaf + 1) * LEAF_ROWS).reshape(FACTOR, FACTOR, *self.rest)
        return np.stack([np.fmin.reduce(rows, 1), np.fmax.reduce(rows, 1)], axis=1)

    def _entry(self, leaf: int) -> tuple[bytes, SummaryLeaf] | None:
        node = self.table.entries.get(leaf // FACTOR)
        entry = node.entries.get(leaf % FACTOR) if node is not None else None
        return entry[1:] if entry is not None and entry[0] == self.signature(leaf) else None

    def _groups(self, leaf: int, low: int, high: int) -> np.ndarray:
        """Extremes of a leaf's groups ``low`` to ``high``."""
        entry = self._entry(leaf)
        if entry is None:
            return extremes_of_groups(self._groups_of_data(leaf)[low:high])
        groups = np.frombuffer(entry[1].data, self.array.dtype).reshape(FACTOR, 2, *self.rest)
        return extremes_of_groups(groups[low:high])

    def _whole(self, leaf: int) -> np.ndarray:
        entry = self._entry(leaf)
        if entry is None:
            return extremes_of_groups(self._groups_of_data(leaf))
        return np.frombuffer(entry[0], self.array.dtype).reshape(2, *self.rest)

    def _raw(self, start: int, stop: int) -> list[np.ndarray]:
        blocks = range(start, stop, _BLOCK_ROWS)
        return [extremes(self._rows(at, min(at + _BLOCK_ROWS, stop))) for at in blocks]

    def reduce(self, start: int, stop: int) -> np.ndarray:
        """The exact extremes of rows ``start`` to ``stop``."""
        summarised = min(stop, self.array.shape[0] // LEAF_ROWS * LEAF_ROWS)
        first, last = -(-start // FACTOR), summarised // FACTOR
        if first >= last:
            return extremes_of_groups(np.stack(self._raw(start, stop)))
        parts = [*self._raw(start, first * FACTOR), *self._raw(last * FACTOR, stop)]
        for leaf in range(first // FACTOR, -(-last // FACTOR)):
            low, high = max(first - leaf * FACTOR, 0), min(last - leaf * FACTOR, FACTOR)
            parts.append(self._whole(leaf) if high - low == FACTOR else self._groups(leaf, low, high))
        return extremes_of_groups(np.stack(parts))


def cost_of_overview(array: SummarisedArray, table: SummaryTable) -> int:
    """About how many bytes of data an overview of the whole has to read, because no leaf summarises them."""
    summary = Summary(array, table)
    leaves = sum(len(node.entries) for node in table.entries.values())
    return max(array.shape[0] - leaves * LEAF_ROWS, 0) * summary.row_size


def extremes_of_groups(groups: np.ndarray) -> np.ndarray:
    """From (n, 2, ...) minima and maxima to (2, ...)."""
    return np.stack([np.fmin.reduce(groups[:, 0]), np.fmax.reduce(groups[:, 1])])


def overview(array: SummarisedArray, table: SummaryTable, start: int, stop: int, bins: int) -> np.ndarray:
    """Exact minima and maxima of ``bins`` equal parts of rows ``start`` to ``stop``: shape (bins, 2, ...).

    Fewer bins where there are fewer rows. Reads the summary, and the data only at the edges of the parts and where rows
    were written or appended since they were summarised.
    """
    if not can_summarise(array):
        raise UnsupportedArray(f"an overview needs C-ordered rows of at most {MAX_COLUMNS} numbers, not {array!r}")
    start, stop, _ = slice(start, stop).indices(array.shape[0])
    bins = min(bins, stop - start)
    if bins <= 0:
        return np.empty((0, 2, *array.shape[1:]), array.dtype)
    edges = np.linspace(start, stop, bins + 1).astype(np.int64).tolist()
    summary = Summary(array, table)
    return np.stack([summary.reduce(low, high) for low, high in pairwise(edges)])
