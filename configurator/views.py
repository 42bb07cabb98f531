"""The pages of ``portal_configurator``: choose, options, install, progress; and the first step, on the main page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from wendelin.configurator.choices import choice_list, configuration_list, get_configuration, plan
from wendelin.configurator.driver import TOOL_ID, get_installation
from wendelin.configurator.running_installation import FAILED, RUNNING, Status, read_status
from wendelin.configurator.tool import ConfiguratorTool
from wendelin.core.database import Database
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.model.objects.site import Site
from wendelin.core.security import MANAGE, check_permission
from wendelin.core.web.answers.server_sent_events import stream_events
from wendelin.core.web.requests.urls import url

SECONDS_BETWEEN_LOOKS = 0.3
LONGEST_STREAM = 60.0


def first_step(site: Site, request: Request) -> Panel | None:
    """The panel of the main page of a site that nobody has configured yet, for those who can."""
    tool = site.get_child(TOOL_ID)
    if site.configured or tool is None or not check_permission(MANAGE, tool):
        return None
    installation = tool.installation
    if installation is None:
        badge, kind = "first step", "warning"
    else:
        badge, kind = ("failed", "danger") if installation.state == FAILED else ("running", "")
    return Panel(
        "This site is new",
        [PanelEntry("Choose a configuration", url(request, tool), badge, kind)],
        "It has only its core yet. A configuration installs what makes it ready for data, in a minute or two.",
    )


def choose(tool: ConfiguratorTool, request: Request) -> dict[str, Any] | Response:
    """The configurations; while one is being installed, the way to its progress."""
    installation = tool.installation
    if installation is not None and installation.is_running:
        return _to_progress(tool, request)
    return {
        "title": "Configure your Site",
        "configurations": configuration_list(),
        "last": None if installation is None else installation.configuration,
        "options_url": url(request, tool, "options"),
    }


def show_options(tool: ConfiguratorTool, request: Request) -> dict[str, Any]:
    """The options of one configuration, and the button Install."""
    configuration = get_configuration(request.GET.get("configuration", ""))
    choices = [choice for choice in choice_list(configuration) if choice.is_available]
    everything = {choice.option.id: True for choice in choices}
    return {
        "title": configuration.title,
        "configuration": configuration,
        "choices": choices,
        "templates": plan(tool.getPortalObject(), configuration, everything),
        "install_url": url(request, tool, "install"),
        "back_url": url(request, tool),
    }


def install(tool: ConfiguratorTool, request: Request) -> Response:
    """Start the installation in a worker and show how it goes."""
    title = request.POST.get("configuration")
    if not title:
        raise BadRequest("the form does not say which configuration to install")
    chosen = {
        choice.option.id: choice.option.id in request.POST
        for choice in choice_list(get_configuration(title))
        if choice.is_available
    }
    tool.start(title, chosen)
    tool.hand_to_worker()
    return _to_progress(tool, request)


def retry(tool: ConfiguratorTool, request: Request) -> Response:
    """Try the step that failed again."""
    _require_installation(tool)
    tool.retry()
    tool.hand_to_worker()
    return _to_progress(tool, request)


def show_progress(tool: ConfiguratorTool, request: Request) -> dict[str, Any] | Response:
    """How far the installation is. Without a script the page loads itself again."""
    if tool.installation is None:
        return HTTPSeeOther(url(request, tool))
    return {
        "title": tool.installation.configuration,
        "status": read_status(tool.installation),
        "steps": tool.installation.step_titles,
        "events_url": url(request, tool, "events"),
        "retry_url": url(request, tool, "retry"),
        "back_url": url(request, tool),
        "start_url": url(request, tool.getPortalObject()) + "/",
    }


def stream_progress(tool: ConfiguratorTool, request: Request) -> Response:
    """The same as server-sent events."""
    _require_installation(tool)
    return stream_events(request, (status.as_dict() for status in _watch(request.database)))


def _watch(database: Database) -> Iterator[Status]:
    """The status whenever it changes, until the installation ends; a minute at most, then the page asks again."""
    end = time.monotonic() + LONGEST_STREAM
    told = None
    while time.monotonic() < end:
        with database.connect() as connection:
            status = read_status(get_installation(connection))
        if status != told:
            yield status
            told = status
        if status.state != RUNNING:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _require_installation(tool: ConfiguratorTool) -> None:
    if tool.installation is None:
        raise NotFound("nothing has been installed here yet: choose a configuration first")


def _to_progress(tool: ConfiguratorTool, request: Request) -> Response:
    return HTTPSeeOther(url(request, tool, "progress"))
