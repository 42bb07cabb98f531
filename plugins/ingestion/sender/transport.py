"""Chunks over HTTP to ``<policy>/ingest``, each until it is acknowledged."""

from __future__ import annotations

import http.client
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from wendelin.core.database.retry import Retry
from wendelin.core.errors import BadRequest, Unauthorized, WendelinError
from wendelin.core.instance.var_folder import Credentials
from wendelin.plugins.ingestion.policies.addresses import ingest_path

ANSWER_SECONDS = 300
WAITING = Retry(attempts=None, first_pause=1.0, longest_pause=60.0, random_share=0.5)
TRY_AGAIN = frozenset({408, 425, 429})  # besides all of 5xx
EXCERPT = 300


class GaveUp(WendelinError, ConnectionError):
    """The server was away, or failed, for longer than the sender was to wait."""

    kind = "gave-up"


class Transport:
    """A connection that is kept. ``say`` is told why a chunk has to wait."""

    def __init__(
        self,
        url: str,
        policy_id: str,
        reference: str,
        credentials: Credentials | None,
        *,
        verify: bool = True,
        give_up_after: float | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.address = urlsplit(url)
        if self.address.scheme not in ("http", "https") or not self.address.hostname:
            raise BadRequest(f"{url!r} is not the address of a site: http://host:port/erp5/")
        self.path = ingest_path(self.address.path, policy_id, reference)
        self.headers = {"Content-Type": "application/octet-stream", "Accept": "text/plain"}
        if credentials is not None:
            login = b64encode(f"{credentials.user}:{credentials.password}".encode()).decode("ascii")
            self.headers["Authorization"] = f"Basic {login}"
        self.verify, self.give_up_after, self.say = verify, give_up_after, say
        self._connection: http.client.HTTPConnection | None = None

    def send(self, body: bytes, chunk_id: str, filename: str = "") -> None:
        """Return when the server has stored the chunk, which is a part of the file ``filename``, if given.

        Raises `Unauthorized` or `BadRequest` when it never will, and `GaveUp`.
        """
        started, attempt = time.monotonic(), 0
        headers = {"X-Fluentd-Chunk-Id": chunk_id}
        if filename:
            headers["Content-Disposition"] = (
                f"attachment; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
            )
        while True:
            status, wait, text = self._try(body, headers)
            if 200 <= status < 300:
                return
            if status and status < 500 and status not in TRY_AGAIN:
                self.close()
                raise refusal(status, text)
            if self.give_up_after is not None and time.monotonic() - started > self.give_up_after:
                raise GaveUp(f"not acknowledged after {self.give_up_after:g} s: {text}")
            attempt += 1
            delay = max(wait, WAITING.pause(attempt))
            self.say(f"{text}; trying again in {delay:.0f} s")
            time.sleep(delay)

    def _try(self, body: bytes, headers: dict[str, str]) -> tuple[int, float, str]:
        """``(status, seconds to wait, text)``; status 0 when there was no answer."""
        connection = self._connection = self._connection or self._connect()
        try:
            connection.request("POST", self.path, body, self.headers | headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return 0, 0.0, f"{self.address.netloc}: {error or type(error).__name__}"
        if answer.will_close:
            self.close()
        return answer.status, seconds_of(answer.headers.get("Retry-After")), f"{answer.status}: {plain(text)}"

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self.address.hostname or "", self.address.port
        if self.address.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        context = ssl.create_default_context() if self.verify else ssl._create_unverified_context()
        return http.client.HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=context)

    def close(self) -> None:
        """The next chunk makes a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def refusal(status: int, text: str) -> WendelinError:
    """The error for an answer that will not change when the same is sent again."""
    if status in (401, 403):
        return Unauthorized(f"the server lets this user not send ({text})")
    return BadRequest(f"the server refused the chunk ({text})")


def plain(text: str) -> str:
    """What a person can read of an answer, in one line."""
    text = re.sub(r"<(head|style|script).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return " ".join(text.split())[:EXCERPT]


def seconds_of(value: str | None) -> float:
    """``Retry-After`` in seconds; 0 when it is not there, or a date."""
    return float(value) if value is not None and value.isdigit() else 0.0
