"""Real instances for tests: the launcher as a child process, on a free port and in a folder of its own."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

WENDELIN = (sys.executable, "-m", "wendelin.core.cli")


def wendelin(var: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*WENDELIN, arguments[0], "--var", str(var), *arguments[1:]],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
    )


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true answer; fails the test when there is none in ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.1)
    return answer


class RunningInstance:
    """``wendelin standalone`` and what it prints."""

    def __init__(self, var: Path, *arguments: str) -> None:
        self.var = var
        self.output = var.parent / f"{var.name}.out"
        command = [*WENDELIN, "standalone", "--var", str(var), "--port", "0", "--no-jupyter", *arguments]
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_until(self.is_ready, "the instance does not start", 100)
        self.facts = self.show()

    def is_ready(self) -> bool:
        text = self.output.read_text("utf-8")
        assert self.process.poll() is None, f"the launcher ended: {text}"
        return "Ctrl-C stops it" in text

    def show(self) -> dict[str, Any]:
        result = wendelin(self.var, "show", "--json")
        assert result.returncode == 0, result.stderr
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts

    def pids(self) -> dict[str, int]:
        """Process ids by name, of those that run."""
        return {entry["name"]: entry["pid"] for entry in self.show()["processes"] if entry["state"] == "RUNNING"}

    def get(self, path: str = "", timeout: float = 30) -> tuple[int, bytes]:
        """A page as the first user; the status of an error as well."""
        login = base64.b64encode(f"{self.facts['user']}:{self.facts['password']}".encode()).decode()
        request = urllib.request.Request(self.facts["url"] + path, headers={"Authorization": f"Basic {login}"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def kill(self, name: str) -> int:
        """SIGKILL for one process; its former id."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_another(self, name: str, pid: int) -> None:
        """Until supervisord has started it again."""
        wait_until(lambda: self.pids().get(name, pid) != pid, f"{name} is not started again")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the launcher to stop; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


def processes_of(var: Path) -> list[str]:
    """The command lines of all processes that name the folder; empty when nothing is left running."""
    return [command for _, command in _find_processes(os.fsencode(var))]


def listening_ports(var: Path) -> set[int]:
    """The TCP ports, of IPv4 and IPv6, on which processes that name the folder listen."""
    listening = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                listening[f"socket:[{fields[9]}]"] = int(fields[1].rpartition(":")[2], 16)
    ports = set()
    for pid, _ in _find_processes(os.fsencode(var)):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                ports.add(listening.get(os.readlink(descriptor), 0))
    return ports - {0}


def _find_processes(needle: bytes) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if needle in command and int(folder.name) != os.getpid():
            yield int(folder.name), command.replace(b"\0", b" ").decode("utf-8", "replace")
