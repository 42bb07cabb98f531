"""A progress bar on a terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TextIO

WIDTH = 28
INTERVAL = 0.1  # seconds between two paintings


class ProgressBar:
    """One line that is painted over: file, part, speed. Paints nothing where the stream is not a terminal."""

    def __init__(self, stream: TextIO = sys.stderr, enabled: bool | None = None) -> None:
        self.stream = stream
        self.enabled = stream.isatty() if enabled is None else enabled
        self._path: Path | None = None
        self._started = self._painted = 0.0
        self._first = 0

    def __call__(self, path: Path, sent: int, size: int) -> None:
        """``sent`` of ``size`` bytes of a file are acknowledged."""
        if not self.enabled:
            return
        now = time.monotonic()
        if path != self._path:
            self.finish()
            self._path, self._started, self._first = path, now, sent
        elif sent < size and now - self._painted < INTERVAL:
            return
        self._painted = now
        speed = (sent - self._first) / max(now - self._started, 1e-3)
        self.stream.write(f"\r\x1b[K{self._line(path.name, sent, size, speed)}")
        self.stream.flush()

    @staticmethod
    def _line(name: str, sent: int, size: int, speed: float) -> str:
        part = sent / size if size else 1.0
        filled = round(part * WIDTH)
        return (
            f"{name[:30]:<30} [{'#' * filled}{'.' * (WIDTH - filled)}] {part:4.0%} "
            f"{sent / 1e6:.1f} of {size / 1e6:.1f} MB, {speed / 1e6:.1f} MB/s"
        )

    def finish(self) -> None:
        """Leave the line as it is and begin a new one."""
        if self.enabled and self._path is not None:
            self.stream.write("\n")
            self._path = None

    def say(self, text: str) -> None:
        """Write a message on a line of its own, also where no bar is painted."""
        self.finish()
        print(f"wendelin send: {text}", file=self.stream, flush=True)
