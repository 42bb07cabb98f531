"""``wendelin backup``: copy the database with its files while everything runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from wendelin.core.database.backup import back_up_engine, back_up_file_storage, packing_lock
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.database_server import instance_database

HELP = "copy the database with its files to a folder; the next copy to the same folder adds what is new"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and whether everything is copied again."""
    parser.add_argument("folder", metavar="FOLDER", help="where the copy goes; made when it is not there")
    parser.add_argument("--full", action="store_true", help="copy everything again instead of what is new")


def run(arguments: argparse.Namespace) -> int:
    """Back up, and print what was copied; no pack may run meanwhile."""
    instance = get_instance(arguments).require()
    folder = Path(arguments.folder).absolute()
    data = instance.data_folder / "Data.fs"
    with packing_lock(instance.run_folder):
        if instance.uses_own_server and data.is_file():
            report = back_up_file_storage(data, instance.data_folder / "blobs", folder, arguments.full)
        else:
            with instance_database(instance) as database:
                report = back_up_engine(database, folder)
    print(report)
    return 0
