"""How much of what clients sent the receiver holds at a time, all of them together."""

from __future__ import annotations

import asyncio

from wendelin.core.errors import RequestTooLarge


class HeldMemory:
    """Bytes that were received and are not stored; who wants to read more waits while they are ``maximum`` or more.

    Messages that are complete will be stored, when the database is there again at the latest. When there are none, and
    only beginnings of messages are held, they would wait for one another for ever: who waits too long is refused, and
    gives back what it holds.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.begun = self.complete = 0  # bytes of messages
        self._has_room = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether nobody may read more."""
        return self.begun + self.complete >= self.maximum

    def change(self, begun: int, complete: int) -> None:
        """So many bytes more are held, or less."""
        self.begun += begun
        self.complete += complete
        if not self.is_full:
            self._has_room.set()

    async def wait_for_room(self, seconds: float) -> None:
        """Raises `RequestTooLarge` when there is none for ``seconds``, and none will come."""
        while self.is_full:
            self._has_room.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._has_room.wait()
            except TimeoutError as error:
                if self.complete:
                    continue
                raise RequestTooLarge(
                    f"the receiver holds {self.begun} bytes of messages that do not come to their end: send again later"
                ) from error
