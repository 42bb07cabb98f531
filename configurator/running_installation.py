"""A configuration being installed: which steps there are, how far it has come, and what went wrong.

It is kept in the site, and every step commits together with the number of the next one. So the work goes on where it
was, by whatever process, after the browser is closed or a process is killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from persistent import Persistent

from wendelin.configurator.choices import get_configuration
from wendelin.core.business_templates.installation import Progress, install
from wendelin.core.model.objects.site import Site

RUNNING = "running"
FAILED = "failed"
FINISHED = "finished"
LAST_STEP = "The last touches"


class Partial(Persistent):
    """How far the present step has come: its own record, written by a connection of its own while the step goes on."""

    step = -1
    done = 0
    total = 0
    text = ""


class Installation(Persistent):
    """Steps are business templates, in order, and one more that finishes the site."""

    def __init__(self, configuration: str, options: Mapping[str, bool], template_titles: list[str]) -> None:
        self.configuration = configuration
        self.options = dict(options)
        self.template_titles = tuple(template_titles)
        self.step = 0
        self.state = RUNNING
        self.error = ""
        self.started = self.changed = datetime.now(UTC)
        self.partial = Partial()

    @property
    def step_titles(self) -> tuple[str, ...]:
        """What is shown for each step."""
        return (*self.template_titles, LAST_STEP)

    @property
    def is_running(self) -> bool:
        """Whether steps are left to do and none has failed."""
        return self.state == RUNNING

    def do_step(self, site: Site, progress: Progress | None = None) -> None:
        """The next step, in the caller's transaction. What raises leaves everything as it was when that is aborted."""
        if self.step < len(self.template_titles):
            install(site, self.template_titles[self.step], progress)
        else:
            finish = get_configuration(self.configuration).finish
            if finish is not None:
                finish(site)
            site.configured = True
            self.state = FINISHED
        self.step += 1
        self.changed = datetime.now(UTC)

    def fail(self, message: str) -> None:
        """Note why the present step could not be done."""
        self.state, self.error, self.changed = FAILED, message, datetime.now(UTC)

    def retry(self) -> None:
        """Go on after a failure."""
        if self.state == FAILED:
            self.state, self.error, self.changed = RUNNING, "", datetime.now(UTC)


@dataclass(frozen=True)
class Status:
    """What the progress page shows; plain values."""

    state: str
    percent: int
    step: int
    steps: int
    title: str
    detail: str
    error: str
    waiting: bool

    def as_dict(self) -> dict[str, Any]:
        """The same as a mapping that can be written as JSON."""
        return asdict(self)


def read_status(installation: Installation) -> Status:
    """The present state: ``percent`` counts finished steps, and the part of the present one that is done."""
    steps = len(installation.step_titles)
    partial = installation.partial
    fraction, detail = 0.0, ""
    if partial.step == installation.step and partial.total and installation.is_running:
        fraction, detail = partial.done / partial.total, partial.text
    idle = (datetime.now(UTC) - installation.changed).total_seconds()
    return Status(
        state=installation.state,
        percent=100 if installation.state == FINISHED else int(100 * (installation.step + fraction) / steps),
        step=min(installation.step + 1, steps),
        steps=steps,
        title=installation.step_titles[min(installation.step, steps - 1)],
        detail=detail,
        error=installation.error,
        waiting=installation.is_running and not detail and idle > 15,
    )
