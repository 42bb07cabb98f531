"""Threads that read an array through one connection, as dask's do: one at a time loads records and changes mappings.

A connection is made for one thread. While it loads a record, any other thread finds the record without its attributes;
and the first look at an attribute, a method even, is what makes it load. So ``array[...]``, which Python finds without
looking at the record, takes the connection's lock before all else. Looking at memory that is mapped needs no lock.
"""

from __future__ import annotations

import threading
from typing import Protocol

from persistent import Persistent
from ZODB.Connection import Connection

_detached = threading.RLock()  # records of no connection are never loaded, but have mappings


class Record(Protocol):
    """What belongs to a connection, or to none yet."""

    @property
    def _p_jar(self) -> Connection | None: ...


def lock_of(record: Record) -> threading.RLock:
    """The lock of the record's connection; the thread that has it can take it again."""
    jar = record._p_jar
    if jar is None:
        return _detached
    lock: threading.RLock
    try:
        lock = jar._wendelin_lock
    except AttributeError:
        lock = jar.__dict__.setdefault("_wendelin_lock", threading.RLock())
    return lock


def load(record: Persistent) -> None:
    """Load the record, if it is not; callers ask ``record._p_changed is not False`` first, which is faster."""
    with lock_of(record):
        record._p_activate()
