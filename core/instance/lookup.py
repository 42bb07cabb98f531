"""The folder of the instance, as the commands of this plugin find it: its database, its address, its first user."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from wendelin.core.database import Database, open_database
from wendelin.core.errors import NotFound

VAR_VARIABLE = "WENDELIN_VAR"
DEFAULT_URL = "http://127.0.0.1:5080/erp5/"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def add_var(parser: argparse.ArgumentParser) -> None:
    """``--var DIR``, as all commands have it."""
    parser.add_argument(
        "--var",
        metavar="DIR",
        type=Path,
        default=Path(os.environ.get(VAR_VARIABLE) or "var"),
        help=f"folder of the instance's state (default: ${VAR_VARIABLE}, else ./var)",
    )


def open_instance_database(var: Path) -> Database:
    """The database of the instance that runs; `NotFound` when there is no instance in that folder."""
    configuration = var / "zodb.conf"
    if not configuration.is_file():
        raise NotFound(f"there is no instance in {var.absolute()}: start one with 'wendelin standalone', or say --var")
    os.environ.setdefault("WENDELIN_ZEO_ADDRESS", read_json(var / "instance.json").get("zeo_address", ""))
    return open_database(configuration)


def find_url(var: Path) -> str:
    """The address of the site, with a slash at its end: as of the instance's last start, or the default one."""
    facts = read_json(var / "instance.json")
    if not facts:
        return DEFAULT_URL
    host = ANY_ADDRESS.get(facts["host"], facts["host"])
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{facts['port']}/erp5/"


def find_credentials(var: Path) -> tuple[str, str] | None:
    """User and password of the instance's first user; None where this is not the instance's machine."""
    found = read_json(var / "credentials.json")
    return (found["user"], found["password"]) if found else None


def read_json(path: Path) -> dict[str, Any]:
    """What a file of the instance says; empty when it is not there."""
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
