"""Which processes an instance consists of: the database server, the web server, workers, and those of plugins.

A plugin adds one with ``config.add_process(name, command, **options)``: ``command`` is a list of strings in which
placeholders are filled in; options are the fields of `Process`, such as ``priority=40``. A function in its place is
called with the instance and returns such a list, or None for no process. The placeholders:

    {python}     the Python of this environment
    {wendelin}   the command ``wendelin`` beside it: ``["{python}", "-P", "{wendelin}", "--var", "{var}", "mqtt"]``
    {var}        the folder of the instance
    {url}        the address of the site
    {host}       the address that the web server listens on
    {port:NAME}  a free port, the same for every use of NAME, and kept in ``instance.json`` as ``ports``
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from wendelin.core.errors import LauncherError
from wendelin.core.instance.var_folder import DEFAULT_HOST, Instance, free_port
from wendelin.core.launcher.database_server import server_command
from wendelin.core.launcher.supervised_process import DATABASE, WEB, WORKER, Process, wendelin_command, wendelin_script
from wendelin.core.registry import get_registry

PLACEHOLDER = re.compile(r"\{(python|wendelin|var|url|host|port:[a-z0-9_]+)\}")


def core_processes(instance: Instance, own_database: bool, workers: int) -> list[Process]:
    """Database server (unless the engine is elsewhere), web server, workers."""
    var = ("--var", str(instance.var))
    found = []
    if own_database:
        found.append(Process(DATABASE, server_command(instance), priority=10, stop_seconds=60))
    found.append(Process(WEB, wendelin_command("serve", *var), priority=20))
    for number in range(1, workers + 1):
        name = WORKER if workers == 1 else f"{WORKER}-{number}"
        command = wendelin_command("worker", *var)
        found.append(Process(name, command, priority=30, stop_seconds=60))
    return found


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

    known: dict[str, Callable[[], str]] = {
        "python": lambda: sys.executable,
        "wendelin": wendelin_script,
        "var": lambda: str(instance.var),
        "url": lambda: instance.url,
        "host": lambda: instance.read_facts().get("host", DEFAULT_HOST),
    }

    def replace(match: re.Match[str]) -> str:
        word = match[1]
        if word.startswith("port:"):
            return str(ports.setdefault(word.removeprefix("port:"), free_port()))
        return known[word]()

    return PLACEHOLDER.sub(replace, text)
