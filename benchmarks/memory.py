"""What measurements have in common that fill the page cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def touch_memory(size: int) -> None:
    """Make a process touch ``size`` bytes, and end.

    A virtual machine that gives free pages back to its host pays for the first use of each: ten times what it costs to
    write it to a file, or to read it from one. Whoever fills the page cache next would pay that for those who come
    later. Best effort: the pages may be given back again, some seconds later.
    """
    subprocess.run([sys.executable, "-c", f"bytearray(b'x') * {size}"], check=True)


def read_peak(pid: int) -> int:
    """The most bytes of memory that a process has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} tells no VmHWM")
