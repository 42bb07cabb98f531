"""What came from the broker and waits to be stored: bounded by number and by bytes."""

from __future__ import annotations

from collections import deque
from threading import Condition, Event
from typing import Generic, Protocol, TypeVar

WAITING = 5000  # items that may wait
WAITING_SIZE = 64 << 20  # bytes that may wait, and one item more
BATCH = 500  # items, and bytes, of one batch
BATCH_SIZE = 16 << 20
POLL_SECONDS = 0.5


class Sized(Protocol):
    """What may wait."""

    @property
    def size(self) -> int:
        """Its bytes."""
        ...


Item = TypeVar("Item", bound=Sized)


class WaitingItems(Generic[Item]):
    """One thread puts, and is held back while too much waits; another takes batches, in order."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._size = 0
        self._changed = Condition()

    def put(self, item: Item, stopping: Event) -> None:
        """Add an item when there is room; it is dropped when ``stopping`` is set before."""
        with self._changed:
            while len(self._items) >= WAITING or self._size >= WAITING_SIZE:
                if stopping.is_set():
                    return
                self._changed.wait(POLL_SECONDS)
            self._items.append(item)
            self._size += item.size
            self._changed.notify_all()

    def take_batch(self) -> list[Item]:
        """The items that wait, as many as make a batch; none after a moment without one."""
        with self._changed:
            self._changed.wait_for(lambda: self._items, POLL_SECONDS)
            batch: list[Item] = []
            size = 0
            while self._items and len(batch) < BATCH and size < BATCH_SIZE:
                batch.append(self._items.popleft())
                size += batch[-1].size
            self._size -= size
            self._changed.notify_all()
            return batch
