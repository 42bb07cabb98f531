"""The option ``--var``, which every command has, those of plugins as well: it says which instance is meant."""

from __future__ import annotations

import argparse
import os

from wendelin.core.instance.var_folder import VAR_VARIABLE, Instance


def add_var(parser: argparse.ArgumentParser, again: bool = False) -> None:
    """``--var DIR``, by default $WENDELIN_VAR, else ``var`` in the current folder.

    ``again`` is for the parsers below one that has it: theirs must not put the default over what was said before.
    """
    parser.add_argument(
        "--var",
        metavar="DIR",
        default=argparse.SUPPRESS if again else os.environ.get(VAR_VARIABLE) or "var",
        help=f"folder of the instance's state (default: ${VAR_VARIABLE}, else ./var)",
    )


def get_instance(arguments: argparse.Namespace) -> Instance:
    """The instance that ``--var`` names; it need not exist yet."""
    return Instance(arguments.var)
