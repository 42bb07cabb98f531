"""The running index of a bucket stream: 0, 1, 2 ... in the order in which buckets were committed.

The newest entries wait in one small record whose concurrent additions merge (`Newest`), so that processes that insert
different keys at the same moment do not conflict; older ones stand in a BTree. An index is final once its transaction
is committed, and is never used again after its bucket is deleted. So a reader that goes on after the last index that it
has seen misses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from BTrees.LOBTree import LOBTree
from persistent import Persistent
from ZODB.POSException import ConflictError

from wendelin.core.bigdata.extents.page_size import unique_number
from wendelin.plugins.ingestion.documents.buckets import Key

SEAL_SIZE = 64

#: The record of `Newest`: start, keys, generation, number and bytes of all buckets.
State = tuple[int, tuple[Key, ...], int, int, int]


class Newest(Persistent):
    """Keys that have not moved to the tree yet: the first of them has the index ``start``.

    ``generation`` changes with what cannot be merged: deleting, rebuilding. ``count`` and ``size`` are those of all
    buckets, so that nobody has to look at each.
    """

    def __init__(self) -> None:
        self.start = self.count = self.size = 0
        self.keys: list[Key] = []
        self.generation = unique_number()

    @property
    def end(self) -> int:
        """The index that the next key gets."""
        return self.start + len(self.keys)

    def add(self, key: Key) -> int:
        """Append a key; its index."""
        self.keys.append(key)
        self._p_changed = True
        return self.end - 1

    def __getstate__(self) -> State:
        return self.start, tuple(self.keys), self.generation, self.count, self.size

    def __setstate__(self, state: State) -> None:
        self.start, keys, self.generation, self.count, self.size = state
        self.keys = list(keys)

    def _p_resolveConflict(self, old: State, saved: State, new: State) -> State:
        """Theirs, followed by what I added; what either moved to the tree is moved."""
        old_start, old_keys, generation, old_count, old_size = old
        start, keys, theirs, count, size = saved
        my_start, my_keys, mine, my_count, my_size = new
        if not generation == theirs == mine:
            raise ConflictError("the index of a bucket stream was rebuilt while it was changed")
        old_end = old_start + len(old_keys)
        added = my_keys[old_end - my_start :]
        first = max(start, my_start)
        merged = (*keys[first - start :], *added)
        return first, merged, generation, count + my_count - old_count, size + my_size - old_size


class BucketIndex(Persistent):
    """Which key has which index: the `Newest` ones, and a tree of all others."""

    def __init__(self) -> None:
        self.tree = LOBTree()
        self.newest = Newest()

    def note(self, buckets: int, size: int) -> None:
        """Count that many buckets and bytes more, or fewer where they are negative."""
        self.newest.count += buckets
        self.newest.size += size

    def append(self, key: Key) -> int:
        """Give a key the next index, which is final unless others append before this transaction commits."""
        newest = self.newest
        # Two processes that move keys at the same moment conflict. So each waits for another number of keys, and the
        # one with the lowest does it for all.
        limit = SEAL_SIZE + os.getpid() % 8 * SEAL_SIZE // 8
        if len(newest.keys) >= limit and not newest._p_changed:
            self._seal()
        return newest.add(key)

    def _seal(self) -> None:
        newest = self.newest
        self.tree.update(list(enumerate(newest.keys, newest.start)))
        newest.start, newest.keys = newest.end, []

    def get(self, index: int, default: object = None) -> Any:
        """The key at an index, or ``default``."""
        newest = self.newest
        if newest.start <= index < newest.end:
            return newest.keys[index - newest.start]
        return self.tree.get(index, default)

    def items(self, start: int | None = None, stop: int | None = None) -> Iterator[tuple[int, Key]]:
        """``(index, key)`` from ``start`` up to and with ``stop``, in order."""
        newest = self.newest
        yield from self.tree.items(min=start, max=stop)
        first = max(newest.start, newest.start if start is None else start)
        end = newest.end if stop is None else min(stop + 1, newest.end)
        for index in range(first, end):
            yield index, newest.keys[index - newest.start]

    def lowest(self, index: int | None = None) -> int:
        """The lowest index, not below ``index``; raises `ValueError` when there is none."""
        found = next(self.items(start=index), None)
        if found is None:
            raise ValueError("there is no such index")
        return found[0]

    def highest(self, index: int | None = None) -> int:
        """The highest index, not above ``index``; raises `ValueError` when there is none."""
        newest = self.newest
        if newest.keys and (index is None or index >= newest.start):
            return newest.end - 1 if index is None else min(index, newest.end - 1)
        return int(self.tree.maxKey() if index is None else self.tree.maxKey(index))

    def remove(self, index: int) -> None:
        """Forget an index; raises `KeyError`."""
        self.get_required(index)
        if index >= self.newest.start:
            self._seal()
        self.newest.generation = unique_number()
        del self.tree[index]

    def get_required(self, index: int) -> Any:
        """The key at an index; raises `KeyError`."""
        key = self.get(index, _MISSING)
        if key is _MISSING:
            raise KeyError(index)
        return key

    def find(self, key: Key) -> int:
        """The index of a key, looked for from the oldest on; raises `KeyError`."""
        for index, other in self.items():
            if other == key:
                return index
        raise KeyError(key)

    def rebuild(self, keys: Iterable[Key]) -> None:
        """Forget all indexes, and number these keys from 0 on."""
        self.tree.clear()
        self.tree.update(list(enumerate(keys)))
        self.newest.start = len(self.tree)
        self.newest.keys = []
        self.newest.generation = unique_number()


_MISSING = object()
