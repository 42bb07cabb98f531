"""Messages that a page leaves for the next one: "Saved.", "3 documents deleted."."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pyramid.request import Request

#: Bytes as JSON; a cookie has 4 kB, the clipboard needs some of them.
ROOM_FOR_MESSAGES = 1500


@dataclass(frozen=True)
class Message:
    """A line at the top of the next page: ``kind`` is "", "warning" or "error"."""

    text: str
    kind: str = ""


def say(request: Request, text: str, kind: str = "") -> None:
    """Show a message on the next page that this browser opens. It travels in a cookie, so it is cut to a few lines."""
    room = ROOM_FOR_MESSAGES - len(json.dumps(request.session.peek_flash()))
    shortened = text
    while shortened and len(json.dumps(shortened)) > min(room, ROOM_FOR_MESSAGES // 2):
        shortened = shortened[: len(shortened) * 3 // 4]
    if shortened:
        request.session.flash([shortened if shortened == text else shortened + "...", kind])


def take_messages(request: Request) -> list[Message]:
    """What was said since the last page of this browser; it is shown once."""
    return [Message(*entry) for entry in request.session.pop_flash()]
