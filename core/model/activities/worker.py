"""The worker: a process that runs activities and alarms. Any number of them may work on one site.

A worker claims a batch of messages in a short transaction (two that claim the same one conflict, and the second looks
again), then runs each in a transaction of its own that also marks it done. The claim keeps others from doing the same
work at the same time; that a message takes effect once rests on the mark alone. A worker that is killed leaves claims
that end by themselves (`leases`); one that works for longer renews its claim from a second thread.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from transaction.interfaces import NoTransaction, TransientError
from ZODB.Connection import Connection

from wendelin.core.database import Database, Retry, is_away, open_database, sign_bookkeeping
from wendelin.core.errors import NotFound
from wendelin.core.model.activities.alarms import run_due_alarms
from wendelin.core.model.activities.leases import LeaseKeeper, lease_end
from wendelin.core.model.activities.message import ActivityMessage, Claim, State
from wendelin.core.model.activities.running import (
    CONFLICTS,
    next_moment,
    record_failure,
    run_message,
    select,
    sign,
)
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, set_user

logger = logging.getLogger(__name__)

POLL = 0.2
LARGEST_BATCH = 100
BATCH_SECONDS = 1.0
SWEEP_AGE = 30.0
LONGEST_PAUSE = 0.5
CACHED_OBJECTS = 50_000
#: Small transactions of the worker itself; after a hundred conflicts in a row it starts over.
CHANGES = replace(CONFLICTS, attempts=99)
#: How long it waits for an engine that is away.
OUTAGES = Retry(attempts=None, first_pause=0.5, longest_pause=10.0, random_share=0.5, waits_for_engine=True)


class Worker:
    """One worker on one connection. `run` until ``stop`` is set; the message in hand is always finished."""

    def __init__(self, database: Database, stop: threading.Event | None = None) -> None:
        self.database = database
        self.stop = stop or threading.Event()
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.keeper = LeaseKeeper(database, self.stop)
        self._batch_size = 10
        self._seen: Any = None
        self._wake_at = 0.0
        self._next_sweep = 0.0
        self._next_alarms = 0.0
        self._conflicts = 0

    def run(self) -> None:
        """Work until told to stop; wait out an engine that is away."""
        set_user(SYSTEM)
        self.keeper.start()
        outage = 0
        while not self.stop.is_set():
            try:
                with self.database.connect() as connection:
                    logger.info("worker %s is connected", self.name)
                    outage = 0
                    self._work_on(connection)
            except Exception as error:
                if not is_away(error) and not isinstance(error, NotFound):
                    logger.exception("worker %s starts over", self.name)
                outage += 1
                delay = OUTAGES.pause(outage)
                logger.warning("worker %s waits %.1f s: %s", self.name, delay, error)
                self._seen = None
                self.stop.wait(delay)

    def _work_on(self, connection: Connection) -> None:
        while not self.stop.is_set():
            worked = self.step(connection)
            if not worked:
                self.stop.wait(POLL)

    def step(self, connection: Connection) -> bool:
        """Do what there is to do now; False when there was nothing."""
        refresh(connection)
        self._tick(connection)
        if not self._something_new(connection):
            return False
        started = time.monotonic()
        claim, batch = self._claim(connection)
        if claim is None:
            # Looking at a long queue costs time: a fifth of it at most, unless a new message would have to wait.
            self.stop.wait(min((time.monotonic() - started) * 4, LONGEST_PAUSE))
            return False
        with self.keeper.holding(claim._p_oid):
            all_done = self._run_batch(connection, claim, batch)
        if not all_done:
            self._change(connection, lambda: setattr(claim, "until", datetime.now(UTC)))  # others may have the rest
        return True

    # -- finding

    def _something_new(self, connection: Connection) -> bool:
        """Whether anything was committed since the last look, or a moment that was waited for has come."""
        seen = connection._storage.lastTransaction()
        if seen == self._seen and time.time() < self._wake_at:
            return False
        self._seen = seen
        return True

    def _claim(self, connection: Connection) -> tuple[Claim | None, list[ActivityMessage]]:
        """Claim what can be run now; None when there is nothing, or somebody else was faster."""
        tool = get_site(connection).portal_activities
        now = datetime.now(UTC)
        tool.prefetch()
        messages = list(tool.messages())
        batch = select(messages, now, self._batch_size)
        if not batch:
            moment = next_moment(messages, now)
            self._wake_at = moment.timestamp() if moment else float("inf")
            return None, []
        claim = Claim(self.name, lease_end())
        for message in batch:
            message.claim = claim
        for tag in {message.serialization_tag for message in batch} - {""}:
            tool.token(tag).count += 1
        self._seen = None  # look again after this batch
        sign_bookkeeping(connection.transaction_manager.get(), "activities are claimed")
        try:
            connection.transaction_manager.commit()
        except TransientError:
            self._conflicts += 1
            self.stop.wait(CONFLICTS.pause(self._conflicts))
            return None, []
        self._conflicts = 0
        return claim, batch

    # -- running

    def _run_batch(self, connection: Connection, claim: Claim, batch: list[ActivityMessage]) -> bool:
        """Run claimed messages, for a few seconds at most; False when some are left."""
        started = time.monotonic()
        failed_tags: set[str] = set()
        tried = 0
        for message in batch:
            if self.stop.is_set() or time.monotonic() - started > 3 * BATCH_SECONDS:
                break
            if message.serialization_tag and message.serialization_tag in failed_tags:
                continue  # those that come after the failed one of a tag are not overtaken in this round
            tried += 1
            if not self._run_one(connection, claim, message):
                failed_tags.add(message.serialization_tag)
        each = (time.monotonic() - started) / max(tried, 1)
        self._batch_size = max(1, min(LARGEST_BATCH, int(BATCH_SECONDS / max(each, 1e-4))))
        return tried == len(batch)

    def _run_one(self, connection: Connection, claim: Claim, message: ActivityMessage) -> bool:
        """Run a claimed message, again after each conflict; False when it did not take effect."""
        manager = connection.transaction_manager

        def try_once() -> None:
            refresh(connection)
            if message.state is not State.PENDING or message.claim is not claim:
                return  # cancelled, or taken over while this process was suspended
            run_message(get_site(connection), message)
            sign(manager, message)
            manager.commit()

        try:
            CONFLICTS.call(try_once, self.stop, lambda attempt, _: logger.info("%s: conflict %d", message, attempt))
            return True
        except Exception as error:
            if is_away(error):
                raise
            if not isinstance(error, TransientError):  # one of these says that the worker was told to stop
                logger.warning("%s: %s: %s", message, type(error).__name__, error)
                self._change(connection, partial(record_failure, message, error))
            return False

    @staticmethod
    def _change(connection: Connection, change: Callable[[], Any]) -> None:
        """A small transaction, until it commits."""

        def try_once() -> None:
            refresh(connection)
            change()
            sign_bookkeeping(connection.transaction_manager.get(), "what became of an activity")
            connection.transaction_manager.commit()

        CHANGES.call(try_once)

    # -- regular work

    def _tick(self, connection: Connection) -> None:
        """Alarms every second, sweeping every few; both are transactions of their own."""
        now = time.monotonic()
        if now >= self._next_alarms:
            self._next_alarms = now + 1.0
            self._try(connection, lambda: run_due_alarms(get_site(connection), datetime.now(UTC)))
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_AGE / 2
            before = datetime.now(UTC) - timedelta(seconds=SWEEP_AGE)
            self._try(connection, lambda: get_site(connection).portal_activities.sweep(before))

    @staticmethod
    def _try(connection: Connection, work: Callable[[], int]) -> None:
        """Commit ``work()`` if it did anything; a conflict means that somebody else did it, or that it can wait."""
        try:
            if work():
                sign_bookkeeping(connection.transaction_manager.get(), "alarms and finished activities")
                connection.transaction_manager.commit()
        except TransientError as error:
            if is_away(error):
                raise
        refresh(connection)


def refresh(connection: Connection) -> None:
    """Leave the present transaction, whatever became of it, for a new one that sees what others committed."""
    manager = connection.transaction_manager
    with suppress(NoTransaction):
        manager.abort()
    manager.begin()


def run(config_path: str, stop: threading.Event | None = None) -> None:
    """Work on the database of a ZConfig file until SIGTERM or SIGINT; the message in hand is finished first."""
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    database = open_when_there(config_path, stop)
    if database is not None:
        with database:
            database.zodb.setCacheSize(CACHED_OBJECTS)
            Worker(database, stop).run()


def open_when_there(config_path: str, stop: threading.Event) -> Database | None:
    """Open the database, waiting for its server; None when told to stop before."""
    while not stop.is_set():
        try:
            return open_database(config_path)
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("no database yet: %s", error)
            stop.wait(1.0)
    return None
