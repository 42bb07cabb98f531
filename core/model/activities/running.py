"""Choosing and running activities: what a worker and ``portal_activities.tic()`` have in common.

Nothing here decides about processes. A message is run in the transaction that is open; the mark that it is done is part
of it.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from transaction import TransactionManager
from transaction.interfaces import TransientError

from wendelin.core.database import Retry, is_away, sign_transaction
from wendelin.core.errors import NotFound, Unauthorized
from wendelin.core.interfaces import IFolder, ISite
from wendelin.core.model.accounts.users import find_user
from wendelin.core.model.activities.message import ActivityMessage, State
from wendelin.core.model.scripting.restricted.access import guarded_getattr
from wendelin.core.security import User, as_user

MAX_RETRY = 5
#: Seconds before a message that failed is tried again: 2, 8, 18, 32, 50.
RETRY_FACTOR = 2.0
#: A message that met a conflict is run again until it commits; ``attempts`` is a worker's, `_run_here` has an end.
CONFLICTS = Retry(attempts=None, first_pause=0.02, longest_pause=5.0)
ATTEMPTS_HERE = 19
MAX_TRACEBACK = 20_000
#: Errors that the same call would meet again.
HOPELESS = (NotFound, Unauthorized)


class Pending:
    """How many messages carry each tag, path and method id: decides who has to wait."""

    def __init__(self, messages: Iterable[ActivityMessage]) -> None:
        self._count: Counter[tuple[str, Any]] = Counter()
        for message in messages:
            self._count.update(_names(message))

    def holds_back(self, message: ActivityMessage) -> bool:
        """Whether a message other than this one carries a name that it waits for."""
        own = Counter(_names(message))
        return any(self._count[name] > own[name] for name in _awaited(message))


def _names(message: ActivityMessage) -> list[tuple[str, Any]]:
    path, method_id, tag = message.path, message.method_id, message.tag
    return [
        ("path", path),
        ("method_id", method_id),
        ("path_and_method_id", (path, method_id)),
        *([("tag", tag), ("tag_and_method_id", (tag, method_id))] if tag else []),
    ]


def _awaited(message: ActivityMessage) -> Iterator[tuple[str, Any]]:
    for kind in ("tag", "method_id", "path", "path_and_method_id", "tag_and_method_id"):
        yield from product((kind,), getattr(message, f"after_{kind}"))


def select(messages: list[ActivityMessage], now: datetime, limit: int) -> list[ActivityMessage]:
    """The first ``limit`` messages that may be run now, of all that are not done, in order."""
    pending: Pending | None = None
    busy_tags = {message.serialization_tag for message in messages if message.is_claimed(now)}
    chosen: list[ActivityMessage] = []
    for message in messages:
        if len(chosen) >= limit:
            break
        if message.state is not State.PENDING or not message.is_due(now) or message.is_claimed(now):
            continue
        if message.serialization_tag and message.serialization_tag in busy_tags:
            continue
        if message.waits:
            pending = pending or Pending(messages)
            if pending.holds_back(message):
                continue
        chosen.append(message)
    return chosen


def next_moment(messages: Iterable[ActivityMessage], now: datetime) -> datetime | None:
    """When, without any further change, a message will become due or a dead worker's claim will end."""
    moments = [
        moment
        for message in messages
        if message.state is State.PENDING
        for moment in (message.at_date, message.claim.until if message.claim else None)
        if moment is not None and moment > now
    ]
    return min(moments, default=None)


def user_of(site: ISite, message: ActivityMessage) -> User:
    """The caller, with the roles that the account has now; `Unauthorized` when the account is gone."""
    user = find_user(site, message.user_id)
    if user is None:
        raise Unauthorized(f"{message}: the account {message.user_id!r} is no longer there")
    return user


def run_message(site: ISite, message: ActivityMessage) -> Any:
    """Make the call, and mark the message done, in the present transaction; the caller commits."""
    with as_user(user_of(site, message)):
        document = site.unrestrictedTraverse(message.path)
        get = guarded_getattr if message.restricted else getattr
        method = get(document, message.method_id)
        # Copies: a method that changes its arguments must not change what is stored for the next try.
        result = method(*deepcopy(message.args), **deepcopy(dict(message.kw)))
    message.state, message.claim = State.DONE, None
    return result


def sign(manager: TransactionManager, message: ActivityMessage) -> None:
    """Say in the transaction's record who does what."""
    sign_transaction(manager.get(), message.user_id, f"activity: /{message.path}.{message.method_id}")


def record_failure(message: ActivityMessage, error: BaseException, may_retry: bool = True) -> None:
    """Note an error on a message: another try later, or kept as failed. In a transaction of its own."""
    message.claim = None
    message.retry += 1
    message.error = "".join(traceback.format_exception(error))[-MAX_TRACEBACK:]
    if not may_retry or message.retry > MAX_RETRY or isinstance(error, HOPELESS):
        message.state = State.FAILED
    else:
        message.at_date = datetime.now(UTC) + timedelta(seconds=RETRY_FACTOR * message.retry**2)


def run_all(tool: IFolder, timeout: float) -> int:
    """What `ActivityTool.tic` does."""
    site = tool.getPortalObject()
    manager = tool._p_jar.transaction_manager
    deadline = time.monotonic() + timeout
    count = 0
    while True:
        manager.commit()
        manager.begin()
        chosen = select(list(tool.messages()), datetime.now(UTC), limit=100)
        if not chosen:
            return count
        for message in chosen:
            if time.monotonic() > deadline:
                raise TimeoutError(f"activities are not done after {timeout} s: {message}")
            count += _run_here(site, manager, message)


def _run_here(site: ISite, manager: TransactionManager, message: ActivityMessage) -> bool:
    """One message in this process; True when it took effect."""
    if message.state is not State.PENDING:  # an earlier one of the same round dropped it
        return False

    def try_once() -> None:
        try:
            run_message(site, message)
            sign(manager, message)
            manager.commit()
        except BaseException:
            manager.abort()
            raise
        finally:
            manager.begin()

    try:
        replace(CONFLICTS, attempts=ATTEMPTS_HERE).call(try_once)
        return True
    except Exception as error:
        if is_away(error):
            raise
        if isinstance(error, TransientError):
            raise TimeoutError(f"{message} met a conflict at every try") from error
        record_failure(message, error, may_retry=False)
        return False
