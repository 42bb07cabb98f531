"""Rows: what the catalog knows of each document, for showing, testing and taking out of the indexes again.

Rows live in buckets of 32 neighbouring uids. A process hands out uids one after the other, so its documents fill their
own buckets to the brim; a tree over single uids would leave them half full, and split one, which conflicts with every
other writer of that tree, at every tenth document.

A row is the pickle of a tuple of plain values. Bytes, because buckets of bytes merge when two transactions changed
different documents (values that cannot be ordered do not), and because a bucket is then read without building the
rows that nobody asked for. Columns have slots that never change; a new column gets the next slot, and older rows,
which are shorter, have None there.
"""

from __future__ import annotations

import pickle
from collections import UserDict
from collections.abc import Iterator, Mapping
from typing import Any

from BTrees.Length import Length
from BTrees.LOBTree import LOBTree, LOBucket
from persistent import Persistent
from persistent.mapping import PersistentMapping

#: A document's normalised values, each in its column's slot.
Row = tuple[Any, ...]
#: 2**5 neighbouring uids share a bucket.
BUCKET_BITS = 5


class RowStore(Persistent):
    """uid -> row, and the slots of the columns."""

    def __init__(self) -> None:
        self.slots: UserDict[str, int] = PersistentMapping()
        self._buckets: LOBTree[LOBucket[bytes]] = LOBTree()
        self._count = Length()

    def __len__(self) -> int:
        return self._count()

    def __contains__(self, uid: int) -> bool:
        return self._data(uid) is not None

    def _data(self, uid: int) -> bytes | None:
        bucket = self._buckets.get(uid >> BUCKET_BITS)
        return None if bucket is None else bucket.get(uid)

    def slot(self, name: str) -> int:
        """The place of a column in every row, given to it at first use."""
        found = self.slots.data.get(name)
        if found is None:
            found = self.slots[name] = len(self.slots)
        return found

    def get(self, uid: int) -> Row | None:
        """The row, padded to all slots, or None."""
        data = self._data(uid)
        if data is None:
            return None
        row: Row = pickle.loads(data)
        missing = len(self.slots) - len(row)
        return row + (None,) * missing if missing else row

    def put(self, uid: int, values: Mapping[str, object]) -> None:
        """Write the row of a document from ``{column: normalised value}``."""
        places = {self.slot(name): value for name, value in values.items() if value is not None}
        row = tuple(map(places.get, range(max(places, default=-1) + 1)))
        bucket = self._buckets.get(uid >> BUCKET_BITS)
        if bucket is None:
            bucket = self._buckets[uid >> BUCKET_BITS] = LOBucket()
        if uid not in bucket:
            self._count.change(1)
        bucket[uid] = pickle.dumps(row, 5)

    def remove(self, uid: int) -> None:
        """Forget the row of a document, if there is one."""
        bucket = self._buckets.get(uid >> BUCKET_BITS)
        if bucket is not None and uid in bucket:
            self._count.change(-1)
            del bucket[uid]
            if not bucket:
                del self._buckets[uid >> BUCKET_BITS]

    def as_dict(self, row: Row) -> dict[str, Any]:
        """``{column: value}`` of a row, without the empty ones."""
        return {name: row[place] for name, place in self.slots.data.items() if row[place] is not None}

    def uids(self) -> Iterator[int]:
        """All uids, in order."""
        return (uid for bucket in self._buckets.values() for uid in bucket)
