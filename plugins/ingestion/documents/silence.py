"""Streams that went silent: those that used to get data and have had none for much longer than usual.

An alarm looks at some streams at a time, goes on at the next run where it stopped, and keeps the list of silent ones in
a small record that is written only when the list changes. The main page reads that record, and looks again at the few
streams that it names.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

from persistent import Persistent

from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.documents.data_stream import DataStream

ALARM = "wendelin_find_silent_streams"
MODULE = "data_stream_module"
LOOKED_AT = 5000  # streams in one run of the alarm
REMEMBERED = 200  # silent streams, at most
SHOWN = 8
FORGOTTEN_AFTER = 30 * 86400  # seconds: what has been silent for so long is over, not silent


class SilentStreams(Persistent):
    """Ids of the silent streams that were found, and the id that the next run begins behind."""

    def __init__(self) -> None:
        self.ids: tuple[str, ...] = ()
        self.cursor: str | None = None


def find_silent_streams(alarm: Any, **kw: Any) -> int:
    """``Alarm_findSilentStreams()``: look at the next streams; returns how many of all are silent now."""
    site = alarm.getPortalObject()
    module, factor = site.get_child(MODULE), limits(site)
    record = _record(alarm)
    if module is None or factor is None:
        found, cursor = set(), None
    else:
        ids = iter(module) if record.cursor is None else module.ids_behind(record.cursor)
        looked = list(islice(ids, LOOKED_AT))
        now = time.time()
        kept = {id for id in set(record.ids) - set(looked) if _is_silent(module.get_child(id), factor, now)}
        found = kept | {id for id in looked if _is_silent(module.get_child(id), factor, now)}
        cursor = looked[-1] if len(looked) == LOOKED_AT else None
    silent = tuple(sorted(found)[:REMEMBERED])
    if (silent, cursor) != (record.ids, record.cursor):
        record.ids, record.cursor = silent, cursor
    return len(silent)


def _record(alarm: Any) -> SilentStreams:
    if getattr(alarm, "_silent_streams", None) is None:
        alarm._silent_streams = SilentStreams()
    found: SilentStreams = alarm._silent_streams
    return found


def limits(site: Any) -> tuple[float, float] | None:
    """How many times its usual interval a stream must be late, and how many seconds at least; None: do not look."""
    preferences = site.portal_preferences
    factor = preferences.getPreference("preferred_silent_stream_factor") or 0
    minutes = preferences.getPreference("preferred_silent_stream_minimum") or 0
    return (float(factor), 60.0 * minutes) if factor > 0 else None


def _is_silent(stream: Any, factor: tuple[float, float], now: float) -> bool:
    return silent_seconds(stream, factor, now) is not None


def silent_seconds(stream: Any, factor: tuple[float, float], now: float) -> float | None:
    """For how long a stream has been silent; None when it is not, or is in no state to get data."""
    if not isinstance(stream, DataStream) or stream.growth is None:
        return None
    usual = stream.growth.usual_interval
    if usual is None:
        return None
    late = max(factor[0] * usual, factor[1])
    if now - stream.growth.samples[-1].time <= late:
        return None
    silent = now - (stream.last_arrival() or now)
    if not late < silent < FORGOTTEN_AFTER or stream.getValidationState() != "validated":
        return None
    return silent


def panel(site: Any, request: Any) -> Panel | None:
    """The silent streams that the user may see, those that went silent last first."""
    alarm = site.portal_alarms.get_child(ALARM)
    record = getattr(alarm, "_silent_streams", None)
    module, factor = site.get_child(MODULE), limits(site)
    if record is None or module is None or factor is None:
        return None
    now = time.time()
    silent = [
        (seconds, stream)
        for stream in map(module.get_child, record.ids)
        if (seconds := silent_seconds(stream, factor, now)) is not None and check_permission(VIEW, stream)
    ]
    if not silent:
        return None
    silent.sort(key=lambda pair: pair[0])
    entries = [
        PanelEntry(stream.getTitle(), url(request, stream, "preview"), f"silent for {duration(seconds)}", "warning")
        for seconds, stream in silent[:SHOWN]
    ]
    more = f"{len(silent) - SHOWN} more are silent." if len(silent) > SHOWN else ""
    return Panel("Data streams that went silent", entries, more)


def duration(seconds: float) -> str:
    """``12 min``, ``3 h``, ``2 days``."""
    if seconds < 2 * 3600:
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3600)} h" if seconds < 2 * 86400 else f"{int(seconds // 86400)} days"
