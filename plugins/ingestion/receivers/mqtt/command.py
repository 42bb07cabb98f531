"""``wendelin mqtt``: store what is published on an MQTT broker."""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path

from wendelin.core.database import open_database
from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.plugins.ingestion.receivers.allocation import give_back_large_blocks
from wendelin.plugins.ingestion.receivers.batches import check_sender
from wendelin.plugins.ingestion.receivers.mqtt.client import MQTTClient
from wendelin.plugins.ingestion.receivers.mqtt.configuration import FILE, read_configuration
from wendelin.plugins.ingestion.receivers.mqtt.delivery import MessageDelivery

HELP = "subscribe to topics of an MQTT broker, and store what is published (the database server has to run)"


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="wendelin mqtt", description=HELP)
    add_var(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"settings (default: {FILE} of the instance)")
    return parser


def main(argv: list[str]) -> int:
    """The command; runs until SIGTERM or Ctrl-C."""
    arguments = make_parser().parse_args(argv)
    give_back_large_blocks()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    instance = get_instance(arguments)
    configuration = read_configuration(arguments.config or instance.var / FILE)
    instance.require().set_environment()
    with open_database(instance.database_config) as database:
        check_sender(database, configuration.policy_ids, configuration.user)
        client = MQTTClient(configuration, MessageDelivery(database, configuration))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: client.stop())
        client.run()
    return 0
