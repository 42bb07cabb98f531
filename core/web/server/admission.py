"""Whether the sender of a large body is known, asked before the body is read.

What the sender may do with it is decided later, by the page that takes it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Mapping

from pyramid.registry import Registry
from pyramid.request import Request

from wendelin.core.database import is_passing
from wendelin.core.errors import Busy, DatabaseUnavailable, RateExceeded, WendelinError
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import ANONYMOUS, User
from wendelin.core.web.error_views import CHALLENGE
from wendelin.core.web.server.parsing import CREDENTIALS, Refusal

#: How long somebody who was known is let in again without being asked.
REMEMBERED_SECONDS = 20.0
REMEMBERED = 1000
log = logging.getLogger(__name__)


class Admission:
    """Answers for one application. Called by the threads of pages, since it asks the database and checks passwords."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def refuse(self, headers: Mapping[str, str], address: str | None) -> Refusal | None:
        """The answer to somebody who may not send a large body; None for who may.

        ``headers`` are named as waitress does: ``AUTHORIZATION``, ``X_ACCESS_TOKEN``, ``COOKIE``.
        """
        key = hashlib.sha256(repr([headers.get(name) for name in CREDENTIALS]).encode()).digest()
        if self._known.get(key, 0.0) > time.monotonic():
            return None
        try:
            user = self._find_user(headers, address)
        except RateExceeded as error:
            busy = isinstance(error, Busy)
            code, reason = (503, "Service Unavailable") if busy else (429, "Too Many Requests")
            return Refusal(code, reason, str(error), (("Retry-After", str(error.retry_after)),))
        except Exception as error:
            if is_passing(error):
                wait = error.retry_after if isinstance(error, DatabaseUnavailable) else 5
                return Refusal(503, "Service Unavailable", "the database is away", (("Retry-After", str(wait)),))
            if not isinstance(error, WendelinError):
                log.error("credentials cannot be checked", exc_info=error)
            return _unknown(str(error) if isinstance(error, WendelinError) else "wrong credentials")
        if user is ANONYMOUS:
            return _unknown("you are not logged in (any more), so nothing was saved: log in, then send it again")
        self._remember(key)
        return None

    def _find_user(self, headers: Mapping[str, str], address: str | None) -> User:
        environ = {f"HTTP_{name}": headers[name] for name in CREDENTIALS if name in headers}
        request = Request.blank("/", environ={**environ, "REMOTE_ADDR": address or ""})
        request.registry = self._registry
        with self._registry["wendelin.database"].connect() as connection:
            request.site = get_site(connection)
            user: User = self._registry["wendelin.policy"].find_user(request)
        return user

    def _remember(self, key: bytes) -> None:
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = time.monotonic() + REMEMBERED_SECONDS


def _unknown(message: str) -> Refusal:
    return Refusal(401, "Unauthorized", message, (("WWW-Authenticate", CHALLENGE),))
