"""supervisord: its configuration for an instance, starting it, and asking it about its processes."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from wendelin.core.errors import LauncherError
from wendelin.core.instance.sockets import choose_socket
from wendelin.core.instance.var_folder import PRIVATE_UMASK, Instance, write_private
from wendelin.core.launcher.guard import die_with_parent
from wendelin.core.launcher.supervised_process import Process, module_command

HEAD = """[supervisord]
nodaemon = true
silent = true
logfile = {log}/supervisord.log
logfile_maxbytes = 10MB
logfile_backups = 3
pidfile = {run}/supervisord.pid
childlogdir = {log}
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[unix_http_server]
file = {socket}
chmod = 0700
username = wendelin
password = {password}
"""
# stdout_logfile is relative to var: supervisord expands "%" in it once too often for a path of any name.
# startretries: a process that fails at once is tried again for hours, with growing pauses, instead of given up.
PROGRAM = """
[program:{name}]
command = {command}
directory = {var}
priority = {priority}
autostart = false
autorestart = true
startsecs = 1
startretries = 1000
stopsignal = {stop_signal}
stopwaitsecs = {stop_seconds}
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = log/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 5
"""


@dataclass(frozen=True)
class Control:
    """Where supervisord listens, as ``unix://path``, and its password."""

    address: str
    password: str

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """The namespace ``supervisor`` of its XML-RPC interface, over a connection that is closed afterwards."""
        transport = SupervisorTransport("wendelin", self.password, self.address)
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
            yield server.supervisor


def choose_control(instance: Instance) -> Control:
    """A unix socket, with a fresh password."""
    return Control(f"unix://{choose_socket(instance.run_folder, 'supervisor.sock')}", secrets.token_urlsafe(16))


def quoted(text: str | Path) -> str:
    """A value for supervisord's configuration, in which ``%`` starts an expansion."""
    return str(text).replace("%", "%%")


def write_configuration(instance: Instance, control: Control, processes: Iterable[Process]) -> Path:
    """Write ``run/supervisord.conf`` and return its path."""
    text = HEAD.format(
        log=quoted(instance.log_folder),
        run=quoted(instance.run_folder),
        user="user = root\n" if os.getuid() == 0 else "",
        socket=quoted(control.address.removeprefix("unix://")),
        password=control.password,
    )
    found = list(processes)
    commands = instance.run_folder / "processes.json"
    write_private(commands, json.dumps({process.name: as_guarded(process) for process in found}, indent=2))
    path = instance.run_folder / "supervisord.conf"
    write_private(path, text + "".join(program_section(instance, process, commands) for process in found))
    return path


def as_guarded(process: Process) -> dict[str, Any]:
    """What `guard` reads about a process."""
    return {"command": process.command, "environment": process.environment}


def program_section(instance: Instance, process: Process, commands: Path) -> str:
    """The ``[program:...]`` section of a process, which `guard` ties to supervisord's life."""
    command = module_command("wendelin.core.launcher.guard", str(commands), process.name)
    return PROGRAM.format(
        name=process.name,
        command=quoted(shlex.join(command)),
        var=quoted(instance.var),
        priority=process.priority,
        stop_signal=process.stop_signal,
        stop_seconds=process.stop_seconds,
    )


def start_supervisord(config: Path, instance: Instance) -> subprocess.Popen[bytes]:
    """Start it in a session of its own: Ctrl-C reaches the launcher alone, which then stops everything in order."""
    with open(instance.log_folder / "supervisord.err", "wb") as errors:
        return subprocess.Popen(
            module_command("supervisor.supervisord", "-c", str(config)),
            cwd=instance.var,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=os.environ | instance.environment(),
            umask=PRIVATE_UMASK,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


def read_states(instance: Instance) -> list[dict[str, Any]]:
    """``name state pid since description`` of each process; empty when the instance is not running."""
    control = instance.read_facts().get("supervisor")
    if not control:
        return []
    try:
        with Control(**control).connected() as supervisor:
            answer = supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        return []
    keys = {"name": "name", "state": "statename", "pid": "pid", "since": "start", "description": "description"}
    return [{key: entry[origin] for key, origin in keys.items()} for entry in answer]


def wait_until(condition: Callable[[], Any], seconds: float, failure: str) -> Any:
    """The first true answer of ``condition``; `LauncherError` with the sentence ``failure`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise LauncherError(failure)
        time.sleep(0.1)
