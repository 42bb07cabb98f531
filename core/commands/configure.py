"""``wendelin configure``: what "Configure your Site" does, without the browser and without a worker."""

from __future__ import annotations

import argparse

from wendelin import configurator
from wendelin.core.business_templates.offered_configurations import WENDELIN
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.database_server import instance_database

HELP = "run a configuration of the site, as 'Configure your Site' does"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which configuration, and which of its options."""
    parser.add_argument("--configuration", default=WENDELIN, metavar="TITLE", help=f"default: {WENDELIN}")
    parser.add_argument("--on", action="append", default=[], metavar="OPTION", help="switch an option on")
    parser.add_argument("--off", action="append", default=[], metavar="OPTION", help="switch an option off")


def run(arguments: argparse.Namespace) -> int:
    """Do all steps of the configuration; the exit status."""
    options = dict.fromkeys(arguments.on, True) | dict.fromkeys(arguments.off, False)
    with instance_database(get_instance(arguments)) as database:
        configurator.run(database, options, show, arguments.configuration)
    return 0


def show(title: str, done: int, total: int) -> None:
    """A line for each step."""
    print(f"Configuring: {title} ({done} of {total})", flush=True)
