"""Does the steps of an installation, each in a transaction of its own, for the worker and for `without_browser`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ZODB.Connection import Connection
from ZODB.POSException import ConflictError

from wendelin.configurator.running_installation import Installation, Status, read_status
from wendelin.core.business_templates.installation import Progress
from wendelin.core.database import BOOKKEEPING, Database, is_passing, sign_bookkeeping
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import get_user

TOOL_ID = "portal_configurator"
ATTEMPTS = 10
SECONDS_BETWEEN_NOTES = 0.25

log = logging.getLogger(__name__)


def drive(database: Database, told: Callable[[Status], None] | None = None) -> Status:
    """Do what is left to do, and return how it ended. ``told(status)`` is called before each step and at the end.

    May be called at any time by any process: two that do so at once meet a conflict in the first step that both do,
    and the one that comes second sees that it is done. An error of a step is kept in the site, for people to read and
    to try again; what passes by itself, such as a database that cannot be reached (`DatabaseUnavailable`), is raised,
    for the caller to try again later.
    """
    while True:
        status = _read(database)
        if told is not None:
            told(status)
        if status.state != "running":
            return status
        try:
            database.run(_Step(database, status.step - 1), ATTEMPTS, user=get_user().id, description=_describe(status))
        except Exception as error:  # whatever a template or a finishing function raises is for people to read
            if is_passing(error):
                raise
            log.exception("configuration: %s failed", status.title)
            _keep_failure(database, status.step - 1, error)


def _describe(status: Status) -> str:
    return f"Configure the site: {status.title}"


def _read(database: Database) -> Status:
    with database.connect() as connection:
        return read_status(get_installation(connection))


def get_installation(connection: Connection) -> Installation:
    """The installation kept in the site of an open connection."""
    installation: Installation = get_site(connection)[TOOL_ID].installation
    return installation


class _Step:
    """One step as a function of a connection; nothing to do when another process has done it."""

    def __init__(self, database: Database, step: int) -> None:
        self.database = database
        self.step = step

    def __call__(self, connection: Connection) -> None:
        installation = get_installation(connection)
        if installation.step == self.step and installation.is_running:
            installation.do_step(get_site(connection), self._throttled())

    def _throttled(self) -> Progress:
        last = 0.0

        def note(done: int, total: int, text: str) -> None:
            nonlocal last
            if time.monotonic() - last >= SECONDS_BETWEEN_NOTES:
                last = time.monotonic()
                self._note(done, total, text)

        return note

    def _note(self, done: int, total: int, text: str) -> None:
        """Let others see how far the step is, while its own transaction is still open."""
        with self.database.connect() as connection:
            partial = get_installation(connection).partial
            partial.step, partial.done, partial.total, partial.text = self.step, done, total, text
            sign_bookkeeping(connection.transaction_manager.get(), "progress of the configuration")
            try:
                connection.transaction_manager.commit()
            except ConflictError:
                log.info("configuration: another process notes progress too")


def _keep_failure(database: Database, step: int, error: Exception) -> None:
    def keep(connection: Connection) -> None:
        installation = get_installation(connection)
        if installation.step == step and installation.is_running:
            installation.fail(f"{type(error).__name__}: {error}")

    database.run(keep, ATTEMPTS, description=f"{BOOKKEEPING}keep a failure of the configuration")
