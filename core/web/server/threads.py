"""Threads of the web server: those that make pages, and one more for each long answer while it is sent.

A download is read from the database while the client takes it, at the client's speed. It keeps its thread, and another
one takes over that thread's place, so that however many slow readers there are, pages have all of their threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from waitress.task import ThreadedTaskDispatcher


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """``pages`` threads, and one for each long answer, of which there are at most ``long_answers``."""

    def __init__(self, pages: int, long_answers: int) -> None:
        super().__init__()
        self._pages, self._most = pages, long_answers
        self._long = 0
        self._is_stopping = False
        self._count_lock = threading.Lock()
        self.set_thread_count(pages)

    def begin_long_answer(self) -> Callable[[], None] | None:
        """Give the place of the calling thread to another one. Returns what ends that; None when there are too many."""
        with self._count_lock:
            if self._long >= self._most:
                return None
            self._long += 1
            self._adjust()
        ended = threading.Lock()

        def end() -> None:
            if ended.acquire(blocking=False):  # ends once, whoever calls it how often
                with self._count_lock:
                    self._long -= 1
                    self._adjust()

        return end

    def _adjust(self) -> None:
        if not self._is_stopping:
            self.set_thread_count(self._pages + self._long)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """As waitress does; no thread is started any more."""
        with self._count_lock:
            self._is_stopping = True
        stopped: bool = super().shutdown(cancel_pending, timeout)
        return stopped
