"""Which processes an instance consists of: the database server, the web server, workers, and those of plugins.

A plugin adds one with ``config.add_process(name, command, **options)``: ``command`` is a list of strings in which
``{python}``, ``{wendelin}`` (the installed command), ``{var}``, ``{url}``, ``{host}`` and ``{port:NAME}`` (a free port,
the same for every use of NAME and kept in ``instance.json`` as ``ports``) are filled in; options are the fields of
`Process`, such as ``priority=40``.
A function in its place is called with the instance and returns such a list, or None for no process.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wendelin.core.errors import LauncherError
from wendelin.core.instance.folder import Instance, free_port
from wendelin.core.launcher.database_server import server_command
from wendelin.core.launcher.process import DATABASE, WEB, WORKER, Process
from wendelin.core.registry import get_registry

PLACEHOLDER = re.compile(r"\{(python|wendelin|var|url|host|port:[a-z0-9_]+)\}")


def wendelin_script() -> str:
    """The installed command ``wendelin`` of this environment."""
    return str(Path(sys.executable).with_name("wendelin"))


def core_processes(instance: Instance, own_database: bool, workers: int) -> list[Process]:
    """Database server (unless the engine is elsewhere), web server, workers."""
    var = ("--var", str(instance.var))
    found = []
    if own_database:
        found.append(Process(DATABASE, server_command(instance), priority=10, stop_seconds=60))
    found.append(Process(WEB, _wendelin("serve", *var), priority=20))
    for number in range(1, workers + 1):
        name = WORKER if workers == 1 else f"{WORKER}-{number}"
        found.append(Process(name, _wendelin("worker", *var), priority=30, stop_seconds=60))
    return found


def _wendelin(*arguments: str) -> tuple[str, ...]:
    """A subcommand; what lies in the current folder is not imported by accident (``-P``)."""
    return (sys.executable, "-P", wendelin_script(), *arguments)


def plugin_processes(instance: Instance, ports: dict[str, int], left_out: frozenset[str]) -> list[Process]:
    """What plugins registered, with the placeholders filled in; adds the ports that it chose to ``ports``."""
    found = []
    for entry in get_registry().get("process").values():
        if entry.name in left_out:
            continue
        command = entry.value(instance) if callable(entry.value) else entry.value
        if command is None:
            continue
        filled = tuple(fill_in(part, instance, ports) for part in command)
        try:
            found.append(Process(entry.name, filled, **entry.options))
        except TypeError as error:
            raise LauncherError(f"process {entry.name!r} of {entry.place}: {error}") from error
    return found


def fill_in(text: str, instance: Instance, ports: dict[str, int]) -> str:
    """Replace the placeholders of one argument."""

    def replace(match: re.Match[str]) -> str:
        word = match[1]
        if word.startswith("port:"):
            return str(ports.setdefault(word[5:], free_port()))
        facts = instance.read_facts()
        values = {
            "python": sys.executable,
            "wendelin": wendelin_script(),
            "var": str(instance.var),
            "url": instance.url,
            "host": str(facts["host"]),
        }
        return values[word]

    return PLACEHOLDER.sub(replace, text)
