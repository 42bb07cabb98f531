"""`RankedSet`: a persistent ordered set that knows how many keys lie before any key.

A plain ``OOTreeSet`` can only find its 500,000th key by walking over 499,999 others. Here the keys are cut into
segments of about a thousand, and the number of keys of each segment is kept beside them, so that a page in the middle
of a million is found by adding up some counts, and a range is counted without being walked.

::

    RankedSet._groups: OOBTree  lower bound -> Group
    Group:    bounds[i], segments[i] (OOTreeSet of the keys from bounds[i] on), counts (number of keys per segment)

Writers of different keys do not conflict: the segments' own buckets merge, and ``SegmentCounts`` merges by adding up
what each writer changed. A writer who splits a segment changes the set of counted segments and so conflicts with
every other writer of that group, which is what keeps a key from being put into a segment that has just been halved.

Keys are non-empty tuples; ``()`` is before all of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import Any

from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent
from ZODB.POSException import ConflictError

#: A segment with more keys is split in two.
SEGMENT_LIMIT = 1024
#: A group with more segments is split in two.
GROUP_LIMIT = 64

Key = tuple[Any, ...]
#: ``low <= key < high``; a high of None leaves that side open.
KeyRange = tuple[Key, Key | None]
#: The pickled state of `SegmentCounts`.
CountState = dict[str, dict[int, int]]


class SegmentCounts(Persistent):
    """``{segment number: number of keys}``, merged by addition when two transactions changed it."""

    def __init__(self, table: dict[int, int]) -> None:
        self.table = table

    def change(self, number: int, delta: int) -> int:
        """Add ``delta`` to the count of a segment and return the new count."""
        count = self.table[number] + delta
        self.table[number] = count
        self._p_changed = True
        return count

    def _p_resolveConflict(self, old: CountState, committed: CountState, new: CountState) -> CountState:
        before, theirs, ours = old["table"], committed["table"], new["table"]
        if not (before.keys() == theirs.keys() == ours.keys()):
            raise ConflictError("a segment was split by another transaction")
        return {"table": {number: theirs[number] + ours[number] - before[number] for number in before}}


class Group(Persistent):
    """Up to GROUP_LIMIT neighbouring segments; its own state changes only when a segment is split."""

    def __init__(self, bounds: list[Key], segments: list[OOTreeSet[Key]], counts: list[int]) -> None:
        self.bounds = bounds
        self.segments = segments
        self.numbers = list(range(len(segments)))
        self.counts = SegmentCounts(dict(zip(self.numbers, counts, strict=True)))

    def position(self, key: Key) -> int:
        """The place, in this group, of the segment that ``key`` belongs to."""
        return max(bisect_right(self.bounds, key) - 1, 0)

    def count_list(self) -> list[int]:
        """The counts of the segments, in order."""
        table = self.counts.table
        return [table[number] for number in self.numbers]

    def split_segment(self, position: int) -> None:
        """Move the upper half of a segment into a new one behind it."""
        segment = self.segments[position]
        upper = list(segment.keys())[len(segment) // 2 :]
        for key in upper:
            segment.remove(key)
        number = max(self.numbers) + 1
        self.bounds.insert(position + 1, upper[0])
        self.segments.insert(position + 1, OOTreeSet(upper))
        self.numbers.insert(position + 1, number)
        self.counts.table[number] = len(upper)
        self.counts.change(self.numbers[position], -len(upper))
        self._p_changed = True

    def split(self) -> Group:
        """Take the upper half of the segments away, and return a group that holds them."""
        middle = len(self.segments) // 2
        counts = self.count_list()
        upper = Group(self.bounds[middle:], self.segments[middle:], counts[middle:])
        for number in self.numbers[middle:]:
            del self.counts.table[number]
        self.counts._p_changed = True
        del self.bounds[middle:], self.segments[middle:], self.numbers[middle:]
        self._p_changed = True
        return upper


class RankedSet(Persistent):
    """An ordered set of tuples with ``add``, ``remove``, ``rank``, ``count`` and walks that start anywhere."""

    def __init__(self) -> None:
        self._groups: OOBTree[Key, Group] = OOBTree({(): Group([()], [OOTreeSet()], [0])})

    def add(self, key: Key) -> bool:
        """Insert ``key``; False when it was there already."""
        group = self._groups[self._groups.maxKey(key)]
        position = group.position(key)
        if not group.segments[position].insert(key):
            return False
        if group.counts.change(group.numbers[position], 1) > SEGMENT_LIMIT:
            group.split_segment(position)
            if len(group.segments) > GROUP_LIMIT:
                upper = group.split()
                self._groups[upper.bounds[0]] = upper
        return True

    def remove(self, key: Key) -> bool:
        """Take ``key`` out; False when it was not there."""
        group = self._groups[self._groups.maxKey(key)]
        position = group.position(key)
        segment = group.segments[position]
        if key not in segment:
            return False
        segment.remove(key)
        group.counts.change(group.numbers[position], -1)
        return True

    def __contains__(self, key: Key) -> bool:
        group = self._groups[self._groups.maxKey(key)]
        return key in group.segments[group.position(key)]

    def __len__(self) -> int:
        return sum(sum(group.counts.table.values()) for group in self._groups.values())

    def rank(self, key: Key | None) -> int:
        """How many keys are before ``key`` (None: the number of all keys)."""
        if key is None:
            return len(self)
        own = self._groups.maxKey(key)
        before = sum(sum(group.counts.table.values()) for group in self._groups.values(None, own, excludemax=True))
        group = self._groups[own]
        position = group.position(key)
        before += sum(group.count_list()[:position])
        return before + len(group.segments[position].keys(None, key, excludemax=True))

    def count(self, low: Key = (), high: Key | None = None) -> int:
        """How many keys there are from ``low`` on and before ``high``."""
        own = self._groups.maxKey(low)
        if high is not None and self._groups.maxKey(high) == own:
            group = self._groups[own]
            position = group.position(low)
            if group.position(high) == position:
                return len(group.segments[position].keys(low, high, excludemax=True))
        return max(self.rank(high) - self.rank(low), 0)

    def walk(self, low: Key = (), high: Key | None = None, reverse: bool = False, skip: int = 0) -> Iterator[Key]:
        """The keys from ``low`` on and before ``high``, in order or in reverse, leaving out the first ``skip``."""
        if reverse:
            return self._walk_down(low, self.rank(high) - skip)
        return self._walk_up(low, high, skip)

    def _walk_up(self, low: Key, high: Key | None, skip: int) -> Iterator[Key]:
        first, position, offset = self._locate(self.rank(low) + skip)
        for bound in list(self._groups.keys(first)):
            group = self._groups[bound]
            for segment in group.segments[position:]:
                for key in islice(segment.keys(), offset, None):
                    if high is not None and key >= high:
                        return
                    yield key
                offset = 0
            position = 0

    def _walk_down(self, low: Key, rank: int) -> Iterator[Key]:
        if rank <= 0:
            return
        last, position, offset = self._locate(rank - 1)
        for bound in reversed(list(self._groups.keys(None, last))):
            group = self._groups[bound]
            segments = group.segments if bound != last else group.segments[: position + 1]
            for segment in reversed(segments):
                keys = list(segment.keys())
                if offset is not None:
                    keys, offset = keys[: offset + 1], None
                for key in reversed(keys):
                    if key < low:
                        return
                    yield key

    def _locate(self, rank: int) -> tuple[Key, int, int | None]:
        """The group's bound, the segment's place in it and the place in the segment of the key of that rank."""
        bound: Key = ()
        for bound, group in self._groups.items():
            total = sum(group.counts.table.values())
            if rank < total:
                for position, count in enumerate(group.count_list()):
                    if rank < count:
                        return bound, position, rank
                    rank -= count
            rank -= total
        group = self._groups[bound]
        return bound, len(group.segments) - 1, group.counts.table[group.numbers[-1]]

    def distinct(self, low: Key, high: Key, width: int, limit: int) -> list[Key] | None:
        """The different beginnings, ``width`` items long, of the keys in a range; None when more than ``limit``.

        Jumps from one beginning to the next, so that the cost depends on their number and not on that of the keys.
        """
        found: list[Key] = []
        after = low
        while True:
            key = self.first(after, high)
            if key is None:
                return found
            if len(found) == limit:
                return None
            found.append(key[:width])
            after = (*key[:width], float("inf"))

    def first(self, low: Key, high: Key | None = None) -> Key | None:
        """The smallest key from ``low`` on and before ``high``, or None."""
        own = self._groups.maxKey(low)
        group = self._groups[own]
        position = group.position(low)
        for bound in self._groups.keys(own):
            group = self._groups[bound]
            for segment in group.segments[position:]:
                for key in segment.keys(low):
                    return key if high is None or key < high else None
            position = 0
        return None
