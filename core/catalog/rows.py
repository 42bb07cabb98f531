"""Rows: what the catalog knows of each document, for showing, testing and taking out of the indexes again.

A row is the pickle of a tuple of plain values. Bytes, because buckets of bytes merge when two transactions changed
different documents (values that cannot be ordered do not), and because a bucket is then read without building the
rows that nobody asked for. Columns have slots that never change; a new column gets the next slot, and older rows,
which are shorter, have None there.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from typing import Any

from BTrees.Length import Length
from BTrees.LOBTree import LOBTree
from persistent import Persistent
from persistent.mapping import PersistentMapping

Row = tuple[Any, ...]


class RowTree(LOBTree):
    """Rows are some hundred bytes long: small buckets keep the commit of one document small."""

    max_leaf_size = 16
    max_internal_size = 256


class RowStore(Persistent):
    """uid -> row, and the slots of the columns."""

    def __init__(self) -> None:
        self.slots = PersistentMapping()
        self._rows = RowTree()
        self._count = Length()

    def __len__(self) -> int:
        return self._count()

    def __contains__(self, uid: int) -> bool:
        return uid in self._rows

    def slot(self, name: str) -> int:
        """The place of a column in every row, given to it at first use."""
        found = self.slots.get(name)
        if found is None:
            found = self.slots[name] = len(self.slots)
        return found

    def get(self, uid: int) -> Row | None:
        """The row, padded to all slots, or None."""
        data = self._rows.get(uid)
        if data is None:
            return None
        row = pickle.loads(data)
        missing = len(self.slots) - len(row)
        return row + (None,) * missing if missing else row

    def put(self, uid: int, values: Mapping[str, Any]) -> None:
        """Write the row of a document."""
        slots = {self.slot(name): value for name, value in values.items() if value is not None}
        row = tuple(slots.get(place) for place in range(max(slots, default=-1) + 1))
        if uid not in self._rows:
            self._count.change(1)
        self._rows[uid] = pickle.dumps(row, 5)

    def remove(self, uid: int) -> None:
        """Forget the row of a document."""
        if self._rows.pop(uid, None) is not None:
            self._count.change(-1)

    def as_dict(self, row: Row) -> dict[str, Any]:
        """``{column: value}`` of a row, without the empty ones."""
        return {name: row[place] for name, place in self.slots.items() if row[place] is not None}

    def uids(self, start: int | None = None) -> Iterable[int]:
        """All uids, in order, from ``start`` on."""
        return self._rows.keys(start)
