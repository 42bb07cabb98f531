"""Options that every subcommand has."""

from __future__ import annotations

import argparse
import os

from wendelin.core.launcher.instance import Instance

VAR_VARIABLE = "WENDELIN_VAR"


def add_var(parser: argparse.ArgumentParser) -> None:
    """``--var DIR``, by default $WENDELIN_VAR, else ``var`` in the current folder."""
    parser.add_argument(
        "--var",
        metavar="DIR",
        default=os.environ.get(VAR_VARIABLE) or "var",
        help=f"folder of the instance's state (default: ${VAR_VARIABLE}, else ./var)",
    )


def get_instance(arguments: argparse.Namespace) -> Instance:
    """The instance that ``--var`` names; it need not exist yet."""
    return Instance(arguments.var)
