"""Starting an instance, watching it, and stopping it: what ``wendelin standalone`` does.

The launcher itself opens no database: supervisord keeps the processes, `first_start` fills a new database, and this
module only says what comes when. It ends with everything that it started gone.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import zc.lockfile

from wendelin.core.errors import LauncherError
from wendelin.core.instance.var_folder import DEFAULT_HOST, DEFAULT_PORT, PRIVATE_UMASK, Facts, Instance
from wendelin.core.launcher import supervision
from wendelin.core.launcher.database_server import OPENING_SECONDS, check_lock, last_line, listens
from wendelin.core.launcher.processes import core_processes, plugin_processes
from wendelin.core.launcher.supervised_process import DATABASE, WEB, Process, module_command

STOP_SECONDS = 120
SETTLING_SECONDS = 10


@dataclass(frozen=True)
class Options:
    """What the operator asked for."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    workers: int = 1
    left_out: frozenset[str] = frozenset()


class Stopped(Exception):
    """SIGTERM, SIGHUP or Ctrl-C came: not an error."""


def check_port(host: str, port: int) -> None:
    """`LauncherError` when another program listens there, or the address is not one of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LauncherError(
                f"port {port} of {host} cannot be used ({error.strerror}): choose another with --port"
            ) from error


@contextmanager
def sole_launcher(instance: Instance) -> Iterator[None]:
    """Only one launcher may run an instance; `LauncherError` for the second."""
    path = instance.run_folder / "launcher.lock"
    try:
        lock = zc.lockfile.LockFile(str(path), content_template="{pid}")
    except zc.lockfile.LockError as error:
        pid = path.read_text("utf-8").strip()
        raise LauncherError(f"the instance in {instance.var} is running already (process {pid})") from error
    try:
        yield
    finally:
        lock.close()


@contextmanager
def stop_signals() -> Iterator[None]:
    """SIGTERM, SIGHUP and Ctrl-C raise `Stopped` in the main thread; later ones wait for the orderly end."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    former = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class Standalone:
    """One run of an instance: `running` starts it, and stops it at the end of the block."""

    def __init__(self, instance: Instance, options: Options, say: Callable[[str], None] = print) -> None:
        self.instance, self.options, self.say = instance, options, say
        self.process_list: list[Process] = []
        self.supervisord: subprocess.Popen[bytes] | None = None
        self.control: supervision.Control | None = None

    @contextmanager
    def running(self) -> Iterator[Standalone]:
        """Everything started and answering inside of the block; everything stopped after it."""
        self.instance.make_folders()
        with sole_launcher(self.instance):
            check_port(self.options.host, self.options.port)
            check_lock(self.instance)
            self.write_configuration()
            try:
                self.start()
                yield self
            finally:
                self.stop()

    def write_configuration(self) -> None:
        """Choose addresses, and write ``instance.json``, ``zodb.conf`` and ``supervisord.conf``."""
        instance, options = self.instance, self.options
        zeo_address = instance.choose_zeo_address()
        self.control = supervision.choose_control(instance)
        own_database = instance.write_database_config(zeo_address)
        former = instance.read_facts().get("ports", {})
        ports = {name: port for name, port in former.items() if not listens(f"127.0.0.1:{port}")}
        facts: Facts = {
            "host": options.host,
            "port": options.port,
            "zeo_address": zeo_address if own_database else "",
            "supervisor": asdict(self.control),
            "launcher": os.getpid(),
            "ports": ports,
        }
        instance.write_facts(**facts)
        self.process_list = core_processes(instance, own_database, options.workers)
        self.process_list += plugin_processes(instance, ports, options.left_out)
        instance.write_facts(**facts)  # again, with the ports that the processes of plugins chose
        self.config = supervision.write_configuration(instance, self.control, self.process_list)

    # -- start

    def start(self) -> None:
        """supervisord, the database server, the first start, then the rest; returns when the web server answers."""
        assert self.control is not None
        self.supervisord = supervision.start_supervisord(self.config, self.instance)
        supervision.wait_until(self._supervisord_answers, 30, "supervisord does not start: see log/supervisord.err")
        later = sorted(self.process_list, key=lambda process: process.priority)
        if later[0].name == DATABASE:
            self._start_process(later.pop(0))
            self._wait_for_database()
        self.say("Opening the database")
        first_start = module_command("wendelin.core.launcher.first_start", str(self.instance.var))
        self.run_step("first_start", first_start, "the database cannot be prepared")
        for process in later:
            self._start_process(process)
        self.say("Waiting for the web server")
        supervision.wait_until(self.web_answers, 90, f"the web server does not answer: see {self._log(WEB)}")
        with suppress(LauncherError):  # what does not stay up is told of by `watch`
            supervision.wait_until(self._all_started, SETTLING_SECONDS, "some processes are still starting")

    def _supervisord_answers(self) -> bool:
        assert self.supervisord is not None and self.control is not None
        if self.supervisord.poll() is not None:
            detail = (self.instance.log_folder / "supervisord.err").read_text("utf-8", "replace").strip()
            raise LauncherError(f"supervisord ended at once: {detail.splitlines()[-1] if detail else 'no message'}")
        with suppress(OSError), self.control.connected() as supervisor:
            return bool(supervisor.getState()["statename"] == "RUNNING")
        return False

    def _all_started(self) -> bool:
        """Whether the supervisor has made up its mind about all processes: they run, or they ended."""
        return all(entry["state"] != "STARTING" for entry in supervision.read_states(self.instance))

    def _start_process(self, process: Process) -> None:
        assert self.control is not None
        self.say(f"Starting {process.name}")
        with self.control.connected() as supervisor:
            supervisor.startProcess(process.name, False)

    def _wait_for_database(self) -> None:
        """Until the database server listens; `LauncherError` when it cannot, instead of restarts without end."""
        address = self.instance.read_facts()["zeo_address"]
        log = self.instance.log_folder / f"{DATABASE}.log"

        def is_open() -> bool:
            self._require_supervisord()
            states = {entry["name"]: entry["state"] for entry in supervision.read_states(self.instance)}
            if states.get(DATABASE) in ("BACKOFF", "FATAL"):
                raise LauncherError(f"the database server does not start: {last_line(log)} (see {log})")
            return listens(address)

        supervision.wait_until(is_open, OPENING_SECONDS, "the database server does not start")

    def _log(self, name: str) -> str:
        return str(self.instance.log_folder / f"{name}.log")

    def run_step(self, name: str, command: Sequence[str], failure: str) -> None:
        """Run a program to its end, showing its lines; what it says of errors goes to ``log/<name>.log``.

        :raises LauncherError: it failed: the sentence ``failure``, and the last line of that log.
        """
        log = self.instance.log_folder / f"{name}.log"
        environment = os.environ | self.instance.environment()
        with (
            open(log, "wb") as errors,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, umask=PRIVATE_UMASK
            ) as child,
        ):
            try:
                assert child.stdout is not None
                for line in child.stdout:
                    self.say(line.rstrip())
            except BaseException:
                child.terminate()
                raise
        if child.returncode != 0:
            raise LauncherError(f"{failure}: {last_line(log).removeprefix('wendelin: ')} (see {log})")

    def web_answers(self) -> bool:
        """True when the web server answers and has the database; any page will do, a login page as well."""
        self._require_supervisord()
        try:
            with urllib.request.urlopen(self.instance.url, timeout=5):
                return True
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False

    # -- watch

    def _require_supervisord(self) -> None:
        assert self.supervisord is not None
        if self.supervisord.poll() is not None:
            raise LauncherError(f"supervisord ended by itself: see {self.instance.log_folder / 'supervisord.log'}")

    def watch(self, seconds: float | None = None) -> None:
        """Tell of processes that had to be started again, until a signal comes (or for ``seconds``)."""
        seen: dict[str, int] = {}
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            self._require_supervisord()
            for entry in supervision.read_states(self.instance):
                name, pid = entry["name"], entry["pid"]
                if pid and seen.setdefault(name, pid) != pid:
                    seen[name] = pid
                    self.say(f"{name} ended and was started again: see {self._log(name)}")
            time.sleep(1)

    # -- stop

    def stop(self) -> None:
        """End all processes, those that started last first; kill what does not end in time."""
        child, self.supervisord = self.supervisord, None
        if child is None:
            return
        if child.poll() is None:
            self.say("Stopping")
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with suppress(FileNotFoundError):
            Path(self.instance.choose_zeo_address()).unlink()
