"""A supervised process, as the launcher and plugins describe one."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

DATABASE, WEB, WORKER = "database", "web", "worker"


def module_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Run a module of this environment; what lies in the current folder is not imported by accident (``-P``)."""
    return (sys.executable, "-P", "-m", module, *arguments)


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
