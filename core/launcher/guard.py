"""``python -m wendelin.core.launcher.guard FILE NAME``: becomes a program that dies with its supervisor.

FILE holds ``{name: {"command": [...], "environment": {...}}}`` as JSON: supervisord's own configuration has no way to
write an argument with a line break or a comment sign in it.

supervisord ends its children in order when it is told to stop. When it is killed itself, they would run on, hold the
database and the port, and nobody would know: so the kernel is asked to send them SIGTERM then.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent process ends; a no-op where there is no ``prctl`` (not Linux)."""
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is not None and prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by a program that ends with the parent; the setting survives exec."""
    parent = os.getppid()
    die_with_parent()
    if os.getppid() != parent:  # it died before the kernel knew of our wish
        sys.exit(1)
    os.execvpe(command[0], list(command), os.environ | environment)


def main(file: str, name: str) -> NoReturn:
    """Become the process called ``name`` of ``file``."""
    process = json.loads(Path(file).read_text("utf-8"))[name]
    become(process["command"], process["environment"])


if __name__ == "__main__":
    main(*sys.argv[1:])
