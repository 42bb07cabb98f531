"""What the state machine compares with: an array as bytes and a shape, and one connection that works on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tests.core.bigdata.sessions import Session
from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.extents.page_size import PAGE

RECORD = np.dtype([("a", "<i4"), ("b", "S3"), ("c", "<f8", (2,))])


class Kind(NamedTuple):
    """What an array is made of: the type of its elements, the shape of a row, the order."""

    dtype: np.dtype[Any]
    row: tuple[int, ...]
    order: str


KINDS = [
    Kind(np.dtype("u1"), (), "C"),
    Kind(RECORD, (), "C"),
    Kind(RECORD, (3,), "C"),
    Kind(np.dtype("<f8"), (3,), "F"),
    Kind(np.dtype(">i2"), (2, 5), "F"),
    Kind(RECORD, (2,), "F"),
    Kind(np.dtype("M8[ms]"), (), "F"),
    Kind(np.dtype("<u4"), (7, 0), "C"),
    Kind(np.dtype("U3"), (0,), "F"),
]
Action = tuple[Any, ...]


@dataclass(frozen=True)
class State:
    """An array: its bytes, the shape of a row, and how many rows there are, which bytes tell unless rows are empty."""

    kind: Kind
    data: bytes
    row: tuple[int, ...]
    rows: int

    @property
    def unit(self) -> int:
        """Bytes of a row."""
        return math.prod(self.row) * self.kind.dtype.itemsize

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.rows, *self.row) if self.kind.order == "C" else (*self.row, self.rows)

    def after(self, action: Action) -> State:
        """The state that an action leads to: the meaning of the action."""
        kind, *arguments = action
        data, row, rows = self.data, self.row, self.rows
        if kind == "append":
            data += arguments[0]
        elif kind == "count":  # rows without elements
            rows += arguments[0]
        elif kind == "write":
            offset, new = arguments
            data = data[:offset] + new + data[offset + len(new) :]
        elif kind == "resize":
            rows, row = arguments
            size = rows * math.prod(row) * self.kind.dtype.itemsize
            data = data[:size] + bytes(size - len(data[:size]))
        unit = math.prod(row) * self.kind.dtype.itemsize
        return State(self.kind, data, row, len(data) // unit if unit else rows)


def pages_of(actions: list[Action]) -> set[int]:
    """The pages that writes touch."""
    writes = [action for action in actions if action[0] == "write"]
    return {page for _, offset, data in writes for page in range(offset // PAGE, (offset + len(data) - 1) // PAGE + 1)}


def raw(array: np.ndarray, order: str) -> np.ndarray:
    """The bytes of a contiguous array, as memory that can be written."""
    return (array.T if order == "F" else array).reshape(-1).view("u1")


@dataclass
class Held:
    """A view that somebody keeps, over transactions and changes of shape: it stands where it stood in the file."""

    array: np.ndarray
    offset: int
    order: str

    @property
    def bytes(self) -> np.ndarray:
        return raw(self.array, self.order)

    @property
    def end(self) -> int:
        return self.offset + self.array.nbytes


class Side:
    """One connection with its model: the state it began with, and what it did since."""

    def __init__(self, db: Any, committed: State, began: int) -> None:
        self.session = Session(db)
        self.held: list[Held] = []
        self.snapshots: list[tuple[Any, bytes]] = []
        self.begin(committed, began)

    def begin(self, committed: State, began: int) -> None:
        self.model, self.began = committed, began
        self.done: list[Action] = []
        self.savepoints: list[tuple[Any, State, list[Action]]] = []
        self.session.tm.begin()

    @property
    def array(self) -> BigArray:
        found: BigArray = self.session.root["array"]
        return found

    def do(self, action: Action) -> None:
        self.model = self.model.after(action)
        self.done.append(action)

    def part(self, first: int, last: int) -> tuple[Any, ...]:
        """The index of some rows."""
        rows = slice(first, last)
        return (rows,) if self.model.kind.order == "C" else (..., rows)

    def values(self, data: bytes) -> np.ndarray:
        """Bytes as rows."""
        kind, unit = self.model.kind, self.model.unit
        count = len(data) // unit
        flat = np.frombuffer(data, kind.dtype)
        return flat.reshape(
            (count, *self.model.row) if kind.order == "C" else (*self.model.row, count), order=kind.order
        )

    def check(self, what: str) -> None:
        """What this connection sees is what the model says; ``what`` of it: looking may repair what was wrong."""
        data = self.model.data
        if what in ("held", "all"):
            for held in self.held:
                wanted = data[held.offset : held.end].ljust(held.array.nbytes, b"\0")
                assert held.bytes.tobytes() == wanted, f"a view of bytes {held.offset} to {held.end}"
        if what in ("snapshots", "all"):
            for snapshot, content in self.snapshots:
                assert snapshot[...].tobytes(self.model.kind.order) == content
        if what in ("file", "all"):
            assert self.array.file.read() == data
        if what in ("array", "all"):
            assert self.array.shape == self.model.shape
            assert self.array[...].tobytes(self.model.kind.order) == data
