"""``wendelin forward``: receive what Fluentd, Fluent Bit and their loggers send in the forward protocol."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import signal
from functools import partial
from pathlib import Path
from typing import Any

from wendelin.core.database import Database, open_database
from wendelin.core.errors import BadRequest
from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.plugins.ingestion.receivers.allocation import give_back_large_blocks
from wendelin.plugins.ingestion.receivers.batches import check_sender, store_chunks
from wendelin.plugins.ingestion.receivers.forward.configuration import FILE, ForwardConfiguration, read_configuration
from wendelin.plugins.ingestion.receivers.forward.server import ForwardServer
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import Route

HELP = "receive Fluentd's forward protocol (the database server has to run)"


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="wendelin forward", description=HELP)
    add_var(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"settings (default: {FILE} of the instance)")
    parser.add_argument("--host", help="address to listen on; another than loopback needs a shared_key in the settings")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one (default: 24224)")
    parser.add_argument("--user", help="the user of the site with whose rights data is stored")
    parser.add_argument(
        "--match",
        action="append",
        default=[],
        metavar="PATTERN=POLICY",
        help="tags of that pattern go to that policy (default: to the policy called as the first part of the tag)",
    )
    return parser


def find_configuration(arguments: argparse.Namespace) -> ForwardConfiguration:
    """What the options say, over what the file says; raises `BadRequest` when neither names a user."""
    path = arguments.config or get_instance(arguments).var / FILE
    names = ("host", "port", "user")
    changes: dict[str, Any] = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    if arguments.match:
        changes["routes"] = tuple(map(parse_match, arguments.match))
    if arguments.config or path.is_file():
        configuration = dataclasses.replace(read_configuration(path), **changes)
    elif "user" in changes:
        configuration = ForwardConfiguration(**changes)
    else:
        raise BadRequest(f"say with whose rights data is stored: --user, or the setting user in {path}")
    configuration.check()
    return configuration


def parse_match(text: str) -> Route:
    """``PATTERN=POLICY``."""
    pattern, separator, policy = text.rpartition("=")
    if not separator or not pattern or not policy:
        raise BadRequest(f"--match {text}: write PATTERN=POLICY")
    return Route(pattern, policy)


def main(argv: list[str]) -> int:
    """The command; runs until SIGTERM or Ctrl-C."""
    arguments = make_parser().parse_args(argv)
    give_back_large_blocks()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    configuration = find_configuration(arguments)
    instance = get_instance(arguments).require()
    instance.set_environment()
    with open_database(instance.database_config) as database:
        check_users(database, configuration)
        asyncio.run(serve(database, configuration))
    return 0


def check_users(database: Database, configuration: ForwardConfiguration) -> None:
    """Raises `Unauthorized` when a user is not there, or may not send to a policy that the settings name."""
    policies = sorted({route.policy_id for route in configuration.routes})
    for user in {configuration.user, *(account.site_user for account in configuration.users.values())}:
        check_sender(database, policies if user == configuration.user else (), user)


async def serve(database: Database, configuration: ForwardConfiguration) -> None:
    """Until a signal to stop comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with ForwardServer(configuration, partial(store_chunks, database)) as server:
        print(f"listening on {configuration.host}, port {server.port}", flush=True)
        await stop.wait()
