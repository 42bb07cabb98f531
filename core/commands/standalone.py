"""``wendelin standalone``: start everything, stay in the foreground, stop everything."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from wendelin.core.commands.show import gather, print_facts
from wendelin.core.instance.var_folder import DEFAULT_HOST, DEFAULT_PORT, free_port
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.check import check
from wendelin.core.launcher.standalone import Options, Standalone, Stopped, stop_signals
from wendelin.core.launcher.supervised_process import wendelin_command

HELP = "start the database server, web server, worker and the processes of plugins; stop them with Ctrl-C"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Addresses, processes, and what to do besides starting them."""
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (default: this machine only)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"port of the site; 0 takes a free one (default: {DEFAULT_PORT})"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="activity workers (default: 1)")
    parser.add_argument("--configure", action="store_true", help="run the Wendelin configuration without the browser")
    parser.add_argument(
        "--check", action="store_true", help="start, prove that a sound file comes back as it was sent, stop"
    )
    parser.add_argument("--no-jupyter", action="store_true", help="do not start JupyterLab")
    parser.add_argument(
        "--without", action="append", default=[], metavar="PROCESS", help="do not start that process of a plugin"
    )


def run(arguments: argparse.Namespace) -> int:
    """Start everything and watch it until a signal comes; 0 also then."""
    instance = get_instance(arguments)
    left_out = frozenset(arguments.without) | ({"jupyter"} if arguments.no_jupyter else frozenset())
    port = arguments.port or free_port()
    say = partial(print, file=sys.stderr, flush=True)
    launcher = Standalone(instance, Options(arguments.host, port, arguments.workers, left_out), say)
    try:
        with stop_signals(), launcher.running():
            if arguments.check:
                check(instance, say)  # configures over HTTP, as a browser does
                return 0
            if arguments.configure:
                launcher.run_step("configure", wendelin_command("configure"), "the site cannot be configured")
            print_facts(gather(instance), partial(print, flush=True))
            say("Ctrl-C stops it.")
            launcher.watch()
    except Stopped as signal_name:
        say(f"Stopped ({signal_name}).")
    return 0
