"""Streams that went silent: those that used to get data and have had none for much longer than usual.

An alarm looks at some streams at a time, goes on at the next run where it stopped, and keeps the list of silent ones in
a small record that is written only when the list changes. The main page reads that record, and looks again at the few
streams that it names (`find_noted`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from persistent import Persistent

from wendelin.core.database import is_own_fault
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site
from wendelin.core.security import trusted_method
from wendelin.plugins.ingestion.documents.data_stream import DataStream

logger = logging.getLogger(__name__)

ALARM = "wendelin_find_silent_streams"
MODULE = "data_stream_module"
LOOKED_AT = 5000  # streams in one run of the alarm
REMEMBERED = 200  # silent streams, at most
FORGOTTEN_AFTER = 30 * 86400  # seconds: what has been silent for so long is over, not silent


class Limits(NamedTuple):
    """A stream is silent when it is late by ``factor`` times its usual interval, and by ``minimum`` seconds."""

    factor: float
    minimum: float


class SilentStreams(Persistent):
    """Ids of the silent streams that were found, and the id after which the next run begins."""

    def __init__(self) -> None:
        self.ids: tuple[str, ...] = ()
        self.cursor: str | None = None


@trusted_method
def find_silent_streams(alarm: Document, **kw: Any) -> int:
    """``Alarm_findSilentStreams()``: look at the next streams; returns how many of all are silent now."""
    site = alarm.getPortalObject()
    module, limit = site.get_child(MODULE), limits(site)
    record = _record(alarm)
    found: set[str] = set()
    cursor = None
    if module is not None and limit is not None:
        ids = iter(module) if record.cursor is None else module.ids_behind(record.cursor)
        looked = list(islice(ids, LOOKED_AT))
        now = time.time()
        kept = {id for id in set(record.ids) - set(looked) if _is_silent(module.get_child(id), limit, now)}
        found = kept | {id for id in looked if _is_silent(module.get_child(id), limit, now)}
        cursor = looked[-1] if len(looked) == LOOKED_AT else None
    silent = tuple(sorted(found)[:REMEMBERED])
    if (silent, cursor) != (record.ids, record.cursor):
        record.ids, record.cursor = silent, cursor
    return len(silent)


def find_noted(site: Site, now: float) -> Iterator[tuple[float, DataStream]]:
    """``(seconds, stream)`` of the streams that the alarm noted and that are silent still."""
    record: SilentStreams | None = getattr(site.portal_alarms.get_child(ALARM), "_silent_streams", None)
    module, limit = site.get_child(MODULE), limits(site)
    if record is None or module is None or limit is None:
        return
    for stream in map(module.get_child, record.ids):
        seconds = silent_seconds(stream, limit, now)
        if seconds is not None:
            yield seconds, stream


def _record(alarm: Any) -> SilentStreams:
    if getattr(alarm, "_silent_streams", None) is None:
        alarm._silent_streams = SilentStreams()
    found: SilentStreams = alarm._silent_streams
    return found


def limits(site: Site) -> Limits | None:
    """When a stream counts as silent, as the preferences say; None: do not look."""
    preferences = site.portal_preferences
    factor = preferences.getPreference("preferred_silent_stream_factor") or 0
    minutes = preferences.getPreference("preferred_silent_stream_minimum") or 0
    return Limits(float(factor), 60.0 * minutes) if factor > 0 else None


def _is_silent(stream: object, limit: Limits, now: float) -> bool:
    """False also for a stream that cannot tell: the others are looked at all the same."""
    try:
        return silent_seconds(stream, limit, now) is not None
    except Exception as error:
        if not is_own_fault(error):
            raise
        logger.exception("whether %r is silent cannot be told", stream)
        return False


def silent_seconds(stream: object, limit: Limits, now: float) -> float | None:
    """For how long a stream has been silent; None when it is not, is no stream, or is in no state to get data."""
    if not isinstance(stream, DataStream) or stream.growth is None:
        return None
    usual = stream.growth.usual_interval
    if usual is None:
        return None
    late = max(limit.factor * usual, limit.minimum)
    if now - stream.growth.samples[-1].time <= late:
        return None
    silent = now - (stream.last_arrival() or now)
    if not late < silent < FORGOTTEN_AFTER or stream.getValidationState() != "validated":
        return None
    return silent
