"""The bounds of the web server: settings of ``[server:main]``, where everything else is waitress's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from wendelin.core.errors import LauncherError

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one client may take. Sizes in bytes, times in seconds."""

    #: A body that is read before anybody is asked who sends it: logins, small chunks.
    anonymous_body: int = MIB // 4
    #: A form of somebody who has logged in; it is parsed in memory.
    form_body: int = 4 * MIB
    #: Any other body of somebody who has logged in: uploads, chunks. It waits on disk.
    upload_body: int = 16 << 30
    #: From the first byte of a request to the end of its headers.
    head_seconds: int = 15
    #: The time over which the speed of a body or an answer is looked at.
    grace_seconds: int = 30
    #: Bytes in a second that a client has to send of a body, or take of an answer, in each such time.
    slowest_rate: int = 1024
    #: Answers that are sent while they are read, such as downloads: each has a thread of its own.
    long_answers: int = 64


def take_limits(settings: Mapping[str, Any]) -> tuple[Limits, dict[str, Any]]:
    """The limits among the settings of a server, and the settings that remain.

    :raises LauncherError: a limit is no positive whole number.
    """
    given: dict[str, int] = {}
    rest = dict(settings)
    for name in (field.name for field in fields(Limits)):
        text = str(rest.pop(name, "")).strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise LauncherError(f"[server:main] {name} has to be a positive whole number, not {text!r}")
        given[name] = int(text)
    return Limits(**given), rest
