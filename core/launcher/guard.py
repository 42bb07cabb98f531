"""``python -m wendelin.core.launcher.guard PROGRAM ARGUMENTS...``: runs a program that dies with its supervisor.

supervisord ends its children in order when it is told to stop. When it is killed itself, they would run on, hold the
database and the port, and nobody would know: so the kernel is asked to send them SIGTERM then.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent process ends; a no-op where there is no ``prctl`` (not Linux)."""
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is not None and prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def main(command: list[str]) -> None:
    """Become ``command``; the setting survives exec."""
    parent = os.getppid()
    die_with_parent()
    if os.getppid() != parent:  # it died before the kernel knew of our wish
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
