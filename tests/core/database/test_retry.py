"""`Retry`: which errors are tried again, how often, and how long is waited in between."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from ZODB.POSException import ConflictError

from wendelin.core.database.retry import Retry
from wendelin.core.errors import DatabaseUnavailable

AT_ONCE = Retry(attempts=4, longest_pause=0.0)


def failing(times: int, error: Exception) -> tuple[Callable[[], str], list[int]]:
    """A function that raises so many times, and the list of its calls."""
    calls: list[int] = []

    def function() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    return function, calls


def test_a_conflict_is_tried_again_and_told() -> None:
    function, calls = failing(3, ConflictError())
    told: list[int] = []
    assert AT_ONCE.call(function, tell=lambda attempt, error: told.append(attempt)) == "done"
    assert (len(calls), told) == (4, [1, 2, 3])


def test_the_last_error_is_raised_when_no_try_is_left() -> None:
    function, calls = failing(4, ConflictError())
    with pytest.raises(ConflictError):
        AT_ONCE.call(function)
    assert len(calls) == 4


@pytest.mark.parametrize("error", [ValueError("wrong"), DatabaseUnavailable("away")])
def test_other_errors_leave_at_once(error: Exception) -> None:
    function, calls = failing(1, error)
    with pytest.raises(type(error)):
        AT_ONCE.call(function)
    assert len(calls) == 1


def test_an_engine_that_is_away_is_waited_for_where_that_is_said() -> None:
    function, calls = failing(30, DatabaseUnavailable("away"))
    patient = Retry(None, longest_pause=0.0, errors=(DatabaseUnavailable,), waits_for_engine=True)
    assert patient.call(function) == "done" and len(calls) == 31


def test_who_is_told_to_stop_does_not_try_again() -> None:
    stop = Event()
    function, calls = failing(9, ConflictError())
    endless = Retry(attempts=None, first_pause=60.0, longest_pause=60.0, random_share=0.0)
    with pytest.raises(ConflictError):
        endless.call(function, stop, lambda attempt, error: stop.set())
    assert len(calls) == 1


def test_pauses_grow_up_to_a_bound_and_keep_their_certain_part() -> None:
    retry = Retry(first_pause=0.5, longest_pause=3.0, random_share=0.5)
    for attempt, longest in enumerate((0.5, 1.0, 2.0, 3.0, 3.0), 1):
        pauses = [retry.pause(attempt) for _ in range(200)]
        assert longest / 2 <= min(pauses) and max(pauses) <= longest
        assert max(pauses) - min(pauses) > longest / 10
    assert retry.pause(10**6) <= 3.0


def test_no_attempt_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Retry(attempts=0).call(lambda: None)
