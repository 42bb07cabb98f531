"""The configurator: installs a chosen set of business templates into a site, with progress (docs/use/first-steps.md).

In the browser it is ``portal_configurator``; from Python and the command line it is `run`.

- `wendelin_configuration`: the configuration that makes a site Wendelin. `choices`: the configurations and options that
  plugins registered, and which templates a choice means.
- `running_installation`: the chosen templates on their way into a site, kept in the database. `driver`: does its steps,
  each in a transaction of its own.
- `tool`: ``portal_configurator``, which starts an installation. `views`: its pages. `without_browser`: the same from
  Python and the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if __name__ != "wendelin.configurator":
    raise ImportError(
        f"this folder is the package 'wendelin.configurator', not {__name__!r}: install the project "
        "(bash wendelin-standalone, or pip install -e .) and import it under that name"
    )

from wendelin.configurator.wendelin_configuration import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wendelin.core.database import Database
    from wendelin.core.registry import PluginConfig

HERE = Path(__file__).parent
TOOL = "Configurator Tool"


def includeme(config: PluginConfig) -> None:
    """The business template of the tool, its pages, and the Wendelin configuration."""
    config.add_business_template(HERE / "template")
    config.add_static("configurator", HERE / "static")
    config.add_configuration(CONFIGURATION)
    views, templates = "wendelin.configurator.views", "wendelin.configurator:templates"
    config.add_main_page_panel("first_step", f"{views}:first_step")
    for name in ("", "view"):
        config.add_view(f"{views}:choose", name, TOOL, renderer=f"{templates}/choose.pt")
    config.add_view(f"{views}:show_options", "options", TOOL, renderer=f"{templates}/options.pt")
    config.add_view(f"{views}:show_progress", "progress", TOOL, renderer=f"{templates}/progress.pt")
    config.add_view(f"{views}:stream_progress", "events", TOOL)
    config.add_view(f"{views}:install", "install", TOOL, request_method="POST")
    config.add_view(f"{views}:retry", "retry", TOOL, request_method="POST")


def run(
    database: Database,
    options: Mapping[str, bool] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    configuration: str | None = None,
) -> None:
    """Configure the site from a program, without a worker (`wendelin.configurator.without_browser.run`)."""
    from wendelin.configurator.without_browser import run

    run(database, options, progress, configuration)
