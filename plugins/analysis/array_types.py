"""The shapes that code about arrays counts on, whoever keeps the elements."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, Protocol

import numpy as np

from wendelin.core.bigdata import BigArray, RAMArray

#: An array that a document keeps.
StoredArray = BigArray | RAMArray
#: Lengths of the dimensions, or of the only one.
ShapeLike = int | Sequence[int]
#: One entry between NumPy's brackets, and all of them.
IndexEntry = int | slice | EllipsisType | str | list[str] | None
Index = IndexEntry | tuple[IndexEntry, ...]


class Readable(Protocol):
    """An array to read from: NumPy's own, a `BigArray`, or a snapshot of one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""

    @property
    def size(self) -> int:
        """How many elements there are."""

    def __getitem__(self, index: Any, /) -> Any:
        """What NumPy's ``array[index]`` gives: views for slices, a value for one element."""
