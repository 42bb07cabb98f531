"""Lazy sequences over the buckets of a stream: nothing is read before it is asked for, values one at a time.

Scripts may iterate over them, take ``len`` and items. A sequence shows the stream as it is when it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, overload

from BTrees.OOBTree import OOBTree

from wendelin.core.security import ACCESS, protected
from wendelin.plugins.ingestion.documents.bucket_index import BucketIndex
from wendelin.plugins.ingestion.documents.buckets import Key, comparable

Shown = TypeVar("Shown")
Entry = tuple[Any, Key]  # index (None where keys are walked in their own order), key


class BucketSequence(Generic[Shown]):
    """``show(index, key)`` of each entry that ``walk()`` gives; at most ``count`` of them."""

    def __init__(
        self,
        walk: Callable[[], Iterator[Entry]],
        show: Callable[[Any, Key], Shown],
        count: int | None = None,
    ) -> None:
        self._walk = walk
        self._show = show
        self._count = count

    def _entries(self) -> Iterator[Entry]:
        return islice(self._walk(), self._count)

    def __iter__(self) -> Iterator[Shown]:
        show = self._show
        for index, key in self._entries():
            yield show(index, key)

    def __len__(self) -> int:
        """Walks over the keys; reads no values."""
        return sum(1 for _ in self._entries())

    def __bool__(self) -> bool:
        return next(self._entries(), None) is not None

    @overload
    def __getitem__(self, at: int) -> Shown: ...
    @overload
    def __getitem__(self, at: slice) -> BucketSequence[Shown]: ...
    def __getitem__(self, at: int | slice) -> Shown | BucketSequence[Shown]:
        """One entry, or for a slice another lazy sequence."""
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            return BucketSequence(lambda: _sliced(self._entries(), start, stop, step), self._show)
        number = at if at >= 0 else at + len(self)
        found = next(islice(self._entries(), number, None), None) if number >= 0 else None
        if found is None:
            raise IndexError(f"there is no entry {at} in this sequence")
        return self._show(*found)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of buckets>"


def _sliced(entries: Iterator[Entry], start: int, stop: int, step: int) -> Iterator[Entry]:
    if step > 0:
        return islice(entries, start, max(stop, start), step)
    # Backwards: the keys of the part are needed at once, never the values.
    part = list(islice(entries, stop + 1, start + 1))
    return iter(part[::-1][::-step])


class Buckets(Protocol):
    """What is asked of a bucket stream here."""

    def _tree(self) -> OOBTree:
        """Key to bucket."""

    def _index(self) -> BucketIndex:
        """Running index to key."""


def sequence_by_key(show: Callable[[Any, None, Key], Shown], text: str) -> Callable[..., BucketSequence[Shown]]:
    """A method that gives ``show(stream, None, key)`` for keys in their order."""

    def get_sequence(
        self: Buckets,
        start_key: Key | None = None,
        stop_key: Key | None = None,
        count: int | None = None,
        exclude_start_key: bool = False,
        exclude_stop_key: bool = False,
    ) -> BucketSequence[Shown]:
        # A limit that is left out cannot be excluded: BTrees would leave out the first or last key then.
        without = (exclude_start_key and start_key is not None, exclude_stop_key and stop_key is not None)

        def walk() -> Iterator[Entry]:
            with comparable(start_key, stop_key):
                keys = self._tree().keys(start_key, stop_key, *without)
            return ((None, key) for key in keys)

        return BucketSequence(walk, partial(show, self), count)

    get_sequence.__doc__ = text
    return protected(ACCESS)(get_sequence)


def sequence_by_index(show: Callable[[Any, int, Key], Shown], text: str) -> Callable[..., BucketSequence[Shown]]:
    """A method that gives ``show(stream, index, key)`` in the order of the running index."""

    def get_sequence(
        self: Buckets,
        start_index: int | None = None,
        stop_index: int | None = None,
        count: int | None = None,
        exclude_start_index: bool = False,
        exclude_stop_index: bool = False,
    ) -> BucketSequence[Shown]:
        excluded = {start_index} if exclude_start_index else set()
        excluded |= {stop_index} if exclude_stop_index else set()

        def walk() -> Iterator[Entry]:
            entries = self._index().items(start_index, stop_index)
            return ((index, key) for index, key in entries if index not in excluded)

        return BucketSequence(walk, partial(show, self), count)

    get_sequence.__doc__ = text
    return protected(ACCESS)(get_sequence)
