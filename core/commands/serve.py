"""``wendelin serve``: the web server that ``development.ini`` describes, in the foreground."""

from __future__ import annotations

import argparse
import logging.config
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from paste.deploy import loadapp, loadserver

from wendelin.core.instance.var_folder import DEFAULT_HOST, DEFAULT_PORT
from wendelin.core.instance.var_option import get_instance

HELP = "run the web server alone (the database server has to run)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The configuration file, and the address to listen on."""
    parser.add_argument("ini", nargs="?", metavar="INI", help="default: development.ini of the instance or the sources")
    parser.add_argument("--host", help="address to listen on (default: as at the last start)")
    parser.add_argument("--port", type=int, help="port to listen on (default: as at the last start)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    instance = get_instance(arguments).require()
    instance.set_environment()
    facts = instance.read_facts()
    ini = Path(arguments.ini).absolute() if arguments.ini else instance.find_config("development.ini")
    settings = {
        "var": str(instance.var),
        "host": arguments.host or facts.get("host", DEFAULT_HOST),
        "port": str(arguments.port or facts.get("port", DEFAULT_PORT)),
    }
    logging.config.fileConfig(ini, defaults=settings, disable_existing_loggers=False)
    serve(f"config:{ini}", settings)
    return 0


def serve(uri: str, settings: dict[str, Any]) -> None:
    """Until SIGTERM or Ctrl-C; requests that are being answered are finished first (waitress waits for them)."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    application = loadapp(uri, global_conf=settings)
    loadserver(uri, global_conf=settings)(application)
