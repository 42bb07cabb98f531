"""The page on which one sees a data stream: how much, how fast, since when, both ends, and the sound where it is one.

All that it shows is small and costs little to find, whatever the size of the stream; the same facts are sent again
while data arrives (`live`, `facts`), and ``static/stream.js`` puts them into the page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.database import Database
from wendelin.core.errors import NotFound
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.model.objects.big_file_document import format_size
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import VIEW, User, check_permission
from wendelin.core.web.answers.downloads import respond
from wendelin.core.web.answers.server_sent_events import stream_events
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.documents.data_stream import DataStream
from wendelin.plugins.ingestion.documents.growth import Sample, rate, steps
from wendelin.plugins.ingestion.formats.sound import Wave, read_wave
from wendelin.plugins.ingestion.pages.preview import preview_ends
from wendelin.plugins.ingestion.pages.waveform import DRAWN

PLOT_WIDTH, PLOT_HEIGHT = 800, 120
LIVE_SECONDS = 25.0
LIVE_STEP = 1.0
#: Pages that one process tells of changes at a time: each holds a thread of the server. Others ask by themselves.
LIVE_PAGES = 2

_places = threading.BoundedSemaphore(LIVE_PAGES)


def preview(stream: DataStream, request: Request) -> dict[str, Any]:
    """The page "Preview" of a stream, for its template."""
    wave = read_wave(stream)
    return {
        "title": stream.getTitle(),
        "head": DocumentHead(request, stream, "Preview"),
        "facts": collect_facts(stream, time.time(), wave),
        "points": DRAWN.points(stream, wave) if wave is not None else "",
        "plot_box": f"0 0 {PLOT_WIDTH} {PLOT_HEIGHT}",
        "urls": {name: url(request, stream, name) for name in ("live", "facts", "waveform", "listen", "getData")},
    }


def collect_facts(stream: DataStream, now: float, wave: Wave | None) -> dict[str, Any]:
    """What the page shows that changes while data arrives."""
    size, samples, arrival = stream.getSize(), stream.samples(), stream.last_arrival()
    marks = stream.chunk_marks
    speed = rate(samples, size, now)
    chunks = marks.count if marks is not None else 0
    repeats = stream.getRepeatCount()
    return {
        "revision": stream.revision(),
        "size": format_size(size),
        "bytes": f"{size:,}",
        "rate": f"{format_size(round(speed))} per second" if speed >= 0.5 else "nothing",
        "arrival": datetime.fromtimestamp(arrival, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if arrival else "",
        "age": ago(now - arrival) if arrival else "never",
        "chunks": f"{chunks:,}",
        "repeats": f"{repeats:,} {'repeat' if repeats == 1 else 'repeats'} dropped" if repeats else "",
        "plot": draw_growth(samples, size, now),
        "since": datetime.fromtimestamp(samples[0].time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if samples else "",
        "wave": wave.text if wave is not None else "",
        "ends": [
            {
                "title": end.title,
                "place": f"{end.size} bytes from {end.start:,}",
                "text": "\n".join(f"{row.offset}  {row.hexadecimal}  {row.text}" for row in end.row_list),
            }
            for end in preview_ends(stream)
        ],
    }


def ago(seconds: float) -> str:
    """``just now``, ``3 minutes ago``, ``2 days ago``."""
    if seconds < 5:
        return "just now"
    for length, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {name}{'s' * (number != 1)} ago"
    return "just now"


def draw_growth(samples: tuple[Sample, ...], size: int, now: float) -> str:
    """The size over time as points of an SVG polygon that stands on the axis, from the first sample to now."""
    if not samples:
        return ""
    first, corners = samples[0].time, steps(samples, size, now)
    span = max(now - first, 1)
    top = max(height for _, height in corners) or 1
    drawn = [(0.0, float(PLOT_HEIGHT))]
    for moment, height in corners:
        drawn.append(((moment - first) / span * PLOT_WIDTH, PLOT_HEIGHT - height / top * (PLOT_HEIGHT - 4)))
    drawn.append((drawn[-1][0], float(PLOT_HEIGHT)))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)


# -- the facts while data arrives


def facts(stream: DataStream, request: Request) -> dict[str, Any]:
    """The facts as JSON, for pages that ask by themselves."""
    return collect_facts(stream, time.time(), read_wave(stream))


def live(stream: DataStream, request: Request) -> Response:
    """The facts whenever the stream changes, as server-sent events; the browser comes back when they end."""
    return stream_events(request, watch(request.database, stream.getPath(), request.user))


def watch(database: Database, path: str, user: User, seconds: float = LIVE_SECONDS) -> Iterator[dict[str, Any]]:
    """The facts at first and whenever they changed, else how long ago data arrived; ends after ``seconds``.

    Yields ``{"busy": True}`` and ends when `LIVE_PAGES` others are being told. Raises `NotFound` when the stream is
    gone, or the user may not see it any more.
    """
    if not _places.acquire(blocking=False):
        yield {"busy": True}
        return
    try:
        seen, until = "", time.monotonic() + seconds
        while time.monotonic() < until:
            step = _look(database, path, user, seen)
            seen = step["revision"]
            yield step  # also when nothing changed: so it is noticed soon that the browser has gone
            time.sleep(LIVE_STEP)
    finally:
        _places.release()


def _look(database: Database, path: str, user: User, seen: str) -> dict[str, Any]:
    """The facts, or only what time has changed when the stream is as it was."""
    with database.connect() as connection:
        site = get_site(connection)
        stream = site.unrestrictedTraverse(path.split("/", 2)[2], None)
        if not isinstance(stream, DataStream) or not check_permission(VIEW, stream, user):
            raise NotFound(f"{path} is gone")
        now = time.time()
        found = collect_facts(stream, now, read_wave(stream))
        if found["revision"] == seen:
            return {name: found[name] for name in ("revision", "age", "rate", "plot")}
        return found


# -- sound


def waveform(stream: DataStream, request: Request) -> dict[str, Any]:
    """The picture of the sound as JSON: the points of a polygon; raises `NotFound` for a stream that is no WAV file."""
    wave = _required_wave(stream)
    return {"points": DRAWN.points(stream, wave), "text": wave.text, "seconds": wave.seconds}


def listen(stream: DataStream, request: Request) -> Response:
    """The recording that the page shows, for its player, by Range; only for a stream that is a WAV file."""
    wave = _required_wave(stream)
    name = stream.getFilename() or f"{stream.getReference() or stream.getId()}.wav"

    def read(start: int, end: int) -> Iterator[bytes]:
        return stream.iterate(wave.first + start, wave.first + end)

    size = wave.end - wave.first
    return respond(request, read, size, "audio/wav", filename=name, etag=stream.revision(), inline=True)


def _required_wave(stream: DataStream) -> Wave:
    wave = read_wave(stream)
    if wave is None:
        raise NotFound(f"{stream.getPath()} is no WAV file")
    return wave
