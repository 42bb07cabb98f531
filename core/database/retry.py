"""Trying again: the one way to repeat what met a conflict, or an engine that is away.

    RESERVING = Retry(attempts=50, first_pause=0.001, longest_pause=0.1)
    last = RESERVING.call(lambda: reserve(database, oid))

Each place says how often it tries, how long it waits at most and which errors pass by themselves; how that is done
stands here alone. The pauses are random, because two writers that met once would meet again after equal ones; they
grow, because a crowd needs time to disperse; and they are bounded, so that nobody waits ever longer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from transaction.interfaces import TransientError

from wendelin.core.database.engines import is_away
from wendelin.core.errors import DatabaseUnavailable

Result = TypeVar("Result")

#: Doublings after which a pause is not computed any further: the bound was reached long before.
MOST_DOUBLINGS = 40


@dataclass(frozen=True)
class Retry:
    """How something is tried again.

    ``attempts`` counts the first try as well; None is without end. The pause after the first try has at most
    ``first_pause`` seconds, each further one up to twice as many, none more than ``longest_pause``. The share
    ``random_share`` of each is left to chance: with 1.0 a pause may be next to nothing, with 0.5 it is at least half.
    ``errors`` are worth another try. An engine that is away is not, whatever its error, unless ``waits_for_engine``:
    most callers have somebody who waits for the answer and is better told at once.
    """

    attempts: int | None = 5
    first_pause: float = 0.01
    longest_pause: float = 0.5
    random_share: float = 1.0
    errors: tuple[type[Exception], ...] = (TransientError,)
    waits_for_engine: bool = False

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the ``attempt``-th try, which is counted from 1."""
        doublings = min(max(attempt - 1, 0), MOST_DOUBLINGS)
        longest = min(self.first_pause * 2**doublings, self.longest_pause)
        return random.uniform((1 - self.random_share) * longest, longest)

    def is_worth_it(self, error: BaseException) -> bool:
        """Whether the same call may succeed a moment later."""
        return isinstance(error, self.errors) and (self.waits_for_engine or not is_away(error))

    def call(
        self,
        function: Callable[[], Result],
        stop: Event | None = None,
        tell: Callable[[int, Exception], None] | None = None,
    ) -> Result:
        """The result of ``function``, which is called again while its errors are worth it and tries are left.

        The last error is raised when no try is left, or as soon as ``stop`` is set: then nothing is tried again.
        ``tell(attempt, error)`` is called before each pause. What ``function`` did in a try that failed, it has to
        undo itself, such as by aborting its transaction.
        """
        if self.attempts is not None and self.attempts < 1:
            raise ValueError("attempts has to be at least 1")
        attempt = 0
        while True:
            try:
                return function()
            except self.errors as error:
                attempt += 1
                if attempt == self.attempts or not self.is_worth_it(error) or (stop is not None and stop.is_set()):
                    raise
                if tell is not None:
                    tell(attempt, error)
                if _wait(self.pause(attempt), stop):
                    raise


#: For commands that somebody watches: the database server may be started again meanwhile. Some minutes, not for ever.
OUTAGE = Retry(40, 0.5, 10.0, random_share=0.5, errors=(DatabaseUnavailable, TransientError), waits_for_engine=True)


def _wait(seconds: float, stop: Event | None) -> bool:
    """Wait; True when ``stop`` was set meanwhile."""
    if stop is not None:
        return stop.wait(seconds)
    time.sleep(seconds)
    return False
