"""``wendelin forward-config --policy pydata``: print configurations of Fluentd and Fluent Bit for a policy."""

from __future__ import annotations

import argparse

from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.plugins.ingestion.pages.client_settings import make_settings

HELP = "print ready configurations of Fluentd and Fluent Bit for an ingestion policy"


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wendelin forward-config", description=HELP)
    add_var(parser)
    parser.add_argument("--policy", required=True, metavar="ID", help="the ingestion policy")
    parser.add_argument("--reference", metavar="TAG", help="the tag to send under (default: the policy's id)")
    parser.add_argument("--url", help="address of the site (default: that of the instance)")
    parser.add_argument("--user", help="who sends (default: the instance's first user)")
    parser.add_argument("--path", default="/data/*.wav", metavar="PATTERN", help="the files (default: /data/*.wav)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--fluentd", dest="kind", action="store_const", const="fluentd", help="for Fluentd only")
    choice.add_argument(
        "--fluent-bit", dest="kind", action="store_const", const="fluent-bit", help="for Fluent Bit only"
    )
    return parser


def main(argv: list[str]) -> int:
    """The command."""
    arguments = make_parser().parse_args(argv)
    instance = get_instance(arguments)
    known = instance.read_credentials()
    settings = make_settings(
        arguments.url or instance.url,
        arguments.policy,
        arguments.reference or arguments.policy,
        arguments.user or (known.user if known else "USER"),
        arguments.path,
    )
    kinds = {arguments.kind} if arguments.kind else {"fluentd", "fluent-bit"}
    print("\n".join(each.text for each in settings if each.kind in kinds))
    return 0
