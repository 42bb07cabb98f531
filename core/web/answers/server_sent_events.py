"""Progress of long work, told to the browser while it goes on (server-sent events).

    return stream_events(request, ({"percent": n, "message": text} for n, text in steps()))

The work itself must be somewhere that survives a closed browser (activities, or steps that each commit): the browser
reconnects by itself, with the id of the last event that it has seen in ``Last-Event-ID``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.errors import WendelinError
from wendelin.core.web.requests.connections import OpenBody


def format_event(
    data: Mapping[str, object], event: str = "progress", id: str | None = None, retry: int | None = None
) -> bytes:
    """One event as it goes over the wire; ``data`` becomes JSON, which has no line breaks."""
    lines = [f"event: {event}", f"data: {json.dumps(data, ensure_ascii=False)}"]
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return ("\n".join(lines) + "\n\n").encode("utf-8")


def stream_events(request: Request, progress: Iterable[Mapping[str, Any]]) -> Response:
    """Send each mapping as a ``progress`` event; a last event ``done`` tells the browser not to come back.

    ``progress`` is iterated while the answer is sent, as the request's user, after the request's transaction ended:
    what it writes needs transactions of its own (``request.database.run``). An error ends the stream with an event
    ``failed`` that carries its message. A mapping with the key ``id`` is numbered for ``Last-Event-ID``.
    """
    response = Response(content_type="text/event-stream", charset="utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.app_iter = OpenBody(_events(progress), request.user, reads_database=False)
    return response


def _events(progress: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    # A comment first, so that the browser knows at once that it is connected.
    yield b": connected\n\n"
    try:
        for step in progress:
            yield format_event(dict(step), id=step.get("id"))
    except WendelinError as error:
        yield format_event({"kind": error.kind, "message": str(error)}, event="failed")
        return
    yield format_event({}, event="done")
