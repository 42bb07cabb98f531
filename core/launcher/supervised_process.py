"""A supervised process, as the launcher and plugins describe one, and the commands that it can run."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from wendelin.core.errors import LauncherError

DATABASE, WEB, WORKER = "database", "web", "worker"


def module_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Run a module of this environment; what lies in the current folder is not imported by accident (``-P``)."""
    return (sys.executable, "-P", "-m", module, *arguments)


def wendelin_script() -> str:
    """The path of the command ``wendelin`` of this environment; `LauncherError` when it was not installed."""
    script = Path(sys.executable).with_name("wendelin")
    if not script.is_file():
        raise LauncherError(f"there is no command 'wendelin' beside {sys.executable}: install the package with pip")
    return str(script)


def wendelin_command(*arguments: str) -> tuple[str, ...]:
    """Run ``wendelin`` with these arguments, as an operator does; by this very Python, whatever the script names."""
    return (sys.executable, "-P", wendelin_script(), *arguments)


@dataclass(frozen=True)
class Process:
    """A supervised process. Lower priorities start first and stop last."""

    name: str
    command: tuple[str, ...]
    priority: int = 50
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    optional: bool = False  # left out with --no-<name>, and never a reason for the start to fail
    environment: dict[str, str] = field(default_factory=dict)
