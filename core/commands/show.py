"""``wendelin show``: where the instance is, how to log in, what runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from wendelin.core.instance.var_folder import Instance
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.supervision import read_states

HELP = "print the URLs, the first user and password, and the state of the processes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The form of the output."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def gather(instance: Instance) -> dict[str, Any]:
    """What there is to say about an instance; ``processes`` is empty while it is stopped."""
    credentials = instance.read_credentials()
    facts = instance.read_facts()
    ports = {name: f"http://127.0.0.1:{port}/" for name, port in facts.get("ports", {}).items()}
    return {
        "url": instance.url,
        "urls": {"site": instance.url} | ports,
        "user": credentials.user if credentials else None,
        "password": credentials.password if credentials else None,
        "var": str(instance.var),
        "logs": str(instance.log_folder),
        "processes": read_states(instance),
    }


def print_facts(facts: dict[str, Any], say: Callable[[str], None] = print) -> None:
    """Print what `gather` found, for people to read."""
    say("")
    for name, url in facts["urls"].items():
        say(f"  {name.capitalize() + ':':<11}{url}")
    if facts["user"]:
        say(f"  User:      {facts['user']}")
        say(f"  Password:  {facts['password']}   (as of the first start)")
    else:
        say("  User:      those of the restored site; 'wendelin user password ID' sets a new password")
    say(f"  Data:      {facts['var']}")
    say(f"  Logs:      {facts['logs']}")
    for process in facts["processes"]:
        detail = f" ({process['description']})" if process["description"] else ""
        say(f"  {process['name'] + ':':<11}{process['state'].lower()}{detail}")
    if not facts["processes"]:
        say("  Stopped:   start it with 'wendelin standalone'")
    say("")


def run(arguments: argparse.Namespace) -> int:
    """Print the facts; raises `InstanceNotFound` before the first start."""
    facts = gather(get_instance(arguments).require())
    if arguments.json:
        print(json.dumps(facts, indent=2))
    else:
        print_facts(facts)
    return 0
