"""``wendelin pack``: drop old history and unreachable objects from the database."""

from __future__ import annotations

import argparse

from wendelin.core.database.backup import packing_lock
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.database_server import instance_database

HELP = "drop history older than some days, and objects that nothing reaches any more"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much history is kept."""
    parser.add_argument("--days", type=float, default=1.0, help="days of history to keep (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Pack, and print the sizes before and after; no backup may run meanwhile."""
    instance = get_instance(arguments).require()
    with packing_lock(instance.run_folder), instance_database(instance) as database:
        before = database.get_size()
        database.pack(arguments.days)
        after = database.get_size()
    print(f"packed: {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after (without blobs)")
    return 0
