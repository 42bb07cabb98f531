"""Python sources are parsed by one thread at a time, and without garbage collection in between.

CPython counts how deep it is in a syntax tree in one place for the whole process. When the collector runs while a tree
is built, and a finalizer lets another thread in that builds one too, or builds one itself, the count is wrong and the
parser raises ``SystemError: AST constructor recursion depth mismatch`` (https://github.com/python/cpython/issues/106905,
in 3.11 up to its last release). Page templates, restricted scripts, and headers of NPY files are parsed while requests
are answered, so whoever parses does it inside `parsing_alone`. It stands here because reading an NPY header is
the lowest of these uses.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_alone = threading.RLock()


@contextmanager
def parsing_alone() -> Iterator[None]:
    """Wait until no other thread is inside, and keep the garbage collector off until the end of the block."""
    with _alone:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_enabled:
                gc.enable()
