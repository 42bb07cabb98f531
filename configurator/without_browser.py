"""Configuring a site without a browser and without a worker: ``wendelin standalone --configure``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ZODB.Connection import Connection

from wendelin.configurator.driver import TOOL_ID, drive
from wendelin.configurator.running_installation import FAILED, Installation, Status
from wendelin.configurator.tool import ConfiguratorTool
from wendelin.core.business_templates.installation import install
from wendelin.core.business_templates.offered_configurations import WENDELIN
from wendelin.core.database import OUTAGE, Database
from wendelin.core.errors import BusinessTemplateError
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

TEMPLATE = "erp5_wendelin_configurator"

log = logging.getLogger(__name__)


def run(
    database: Database,
    options: Mapping[str, bool] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    configuration: str | None = None,
) -> None:
    """Configure the site: the Wendelin configuration, or the one of that title.

    ``options`` are ``{id: on}``, the rest as proposed; ``progress(title, done, total)`` is called before each step and
    at the end. An installation that was begun, here or in a browser, is gone on with. Raises `BusinessTemplateError`
    with the reason when a step fails; nothing of that step is kept, and a further call tries again. A database that is
    away for some minutes is waited for.
    """

    def tell(status: Status) -> None:
        if progress is not None:
            finished = status.state == "finished"
            progress("Done" if finished else status.title, status.steps if finished else status.step - 1, status.steps)

    def start(connection: Connection) -> None:
        begin(connection, configuration or WENDELIN, options or {})

    def go_on() -> Status:
        database.run(start, description="Configure the site: begin")
        return drive(database, tell)

    def tell_outage(attempt: int, error: Exception) -> None:
        log.warning("configuration: waiting for the database: %s", error)

    with as_user(SYSTEM):
        status = OUTAGE.call(go_on, tell=tell_outage)
    if status.state == FAILED:
        raise BusinessTemplateError(f"configuring the site stopped at {status.title}: {status.error}")


def begin(connection: Connection, title: str, options: Mapping[str, bool]) -> Installation:
    """Start an installation, or go on with the one that is under way."""
    site = get_site(connection)
    if TOOL_ID not in site:
        install(site, TEMPLATE)
    tool: ConfiguratorTool = site[TOOL_ID]
    tool.retry()
    return tool.start(title, options)
