"""``wendelin restore``: make an instance's database from a backup."""

from __future__ import annotations

import argparse
from pathlib import Path

from wendelin.core.database.backup import restore_engine, restore_file_storage
from wendelin.core.errors import BadRequest
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.database_server import check_lock, renew_address

HELP = "make the database of a new or empty instance from a backup"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The backup, and the moment whose state is wanted."""
    parser.add_argument("folder", metavar="FOLDER", help="a folder that 'wendelin backup' wrote")
    parser.add_argument("--date", help="the state of that moment (UTC), as YYYY-MM-DD-HH-MM-SS (default: the last)")


def run(arguments: argparse.Namespace) -> int:
    """Restore into an instance without data, and print up to when."""
    instance = get_instance(arguments)
    instance.make_folders()
    folder = Path(arguments.folder).absolute()
    if instance.exists and not instance.uses_own_server:
        if arguments.date:
            raise BadRequest("--date works for backups of a FileStorage only")
        report = restore_engine(folder, instance.database_config)
    else:
        check_lock(instance)
        report = restore_file_storage(folder, instance.data_folder, arguments.date)
        renew_address(instance)  # so that all other commands know the instance, before its first start too
    print(report)
    return 0
