"""Where in scripts an error came from: what their authors are shown, and nothing of the platform's inside."""

from __future__ import annotations

from traceback import walk_tb
from types import FrameType

from wendelin.core.model.scripting.restricted.calls import SCRIPTS
from wendelin.core.model.scripting.restricted.compiling import FUNCTION_NAME

#: The lines of the traceback that are kept, the innermost: a recursion may have thousands.
MAX_FRAMES = 30


def script_traceback(error: BaseException) -> str:
    """The traceback through scripts, as Python writes it; "" for an error that met none."""
    frames = [
        (frame, line)
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__") == SCRIPTS and frame.f_code.co_filename.startswith("/")
    ]
    if not frames:
        return ""
    lines = [_described(frame, line) for frame, line in frames[-MAX_FRAMES:]]
    return "\n".join(["Traceback of scripts:", *lines, f"{type(error).__name__}: {error}"])


def _described(frame: FrameType, line: int) -> str:
    name = frame.f_code.co_name
    where = "" if name == FUNCTION_NAME else f", in {name}"
    loader = frame.f_globals.get("__loader__")
    source = loader.get_source("").splitlines() if loader is not None else []
    text = f"\n    {source[line - 1].strip()}" if 0 < line <= len(source) else ""
    return f"  {frame.f_code.co_filename}, line {line}{where}{text}"
