"""``wendelin worker``: runs the activities that documents have queued, in the foreground."""

from __future__ import annotations

import argparse
import logging

from wendelin.core.instance.var_option import get_instance

HELP = "run queued activities and alarms (the database server has to run)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options but ``--var``."""


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C; the message in hand is finished first."""
    instance = get_instance(arguments).require()
    instance.set_environment()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    from wendelin.core.model.activities.worker import run as run_worker  # here: `wendelin --help` needs no object model

    run_worker(str(instance.database_config))
    return 0
