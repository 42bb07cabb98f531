"""The fast lane of a small chunk: from the web server's thread straight to the group commit, past Pyramid.

Only what is plain goes this way: a POST with Basic credentials that were right a moment ago, a raw body of at most
2 MiB, a tag and nothing else in the query. Everything else, and everything that is refused or fails, takes the ordinary
way through the application, which looks at all of it anew: so there is one place that decides what an error is.
"""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Iterable
from typing import BinaryIO
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from pyramid.router import Router

from wendelin.core.database import Database
from wendelin.core.errors import DatabaseUnavailable
from wendelin.core.model.objects.site import get_site
from wendelin.core.web.access.authentication import Policy
from wendelin.core.web.answers.response_headers import HEADERS, log_request, new_request_id
from wendelin.core.web.requests.metrics import count_request
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_times import has_exact_time
from wendelin.plugins.ingestion.intake.group_commit import FindUser, GroupCommit, WaitingChunk
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.intake.request_forms import CHUNK_ID_SIZE, FORM, MULTIPART
from wendelin.plugins.ingestion.policies.addresses import TOOL

ROUTE = "Ingestion Policy/ingest"
LARGEST = 2 << 20
PATH = re.compile(rf"/([A-Za-z0-9_-]+)/{TOOL}/([A-Za-z0-9_.-]+)/ingest")
QUERY = re.compile(r"reference=([A-Za-z0-9_.~%-]+)")
ORDINARY_WAY = (  # headers of requests that are left to the application
    "HTTP_ORIGIN",
    "HTTP_CONTENT_ENCODING",
    "HTTP_X_ACCESS_TOKEN",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_CONTENT_DISPOSITION",
)


class Entrance:
    """A WSGI application in front of the platform's own."""

    def __init__(self, application: Router) -> None:
        self.application = application
        self.registry = application.registry
        self._group_commit: GroupCommit | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 204 when the chunk is stored; let the application answer everything else."""
        if environ["REQUEST_METHOD"] == "POST" and environ.get("PATH_INFO", "").endswith("/ingest"):
            started = time.perf_counter()
            waiting = read_plain_chunk(environ)
            if waiting is not None:
                if self._store(waiting, environ.get("REMOTE_ADDR")):
                    return _answer(environ, start_response, waiting.user_id, started)
                environ["wsgi.input"].seek(0)
        answer: Iterable[bytes] = self.application(environ, start_response)
        return answer

    def _store(self, waiting: WaitingChunk, address: str | None) -> bool:
        database, policy = self.registry["wendelin.database"], self.registry["wendelin.policy"]
        if not policy.admits(waiting.authorization, address):
            return False
        group_commit = self._group_commit_of(database, policy.find_known_user)
        if not group_commit.store(waiting):
            learned = not waiting.is_known and self._learn(database, policy, waiting.authorization, address)
            if not (learned and group_commit.store(waiting)):
                return False
        policy.attempts.was_right(waiting.user_id, address or "")
        return True

    def _learn(self, database: Database, policy: Policy, authorization: str, address: str | None) -> bool:
        """Check a password that was not checked for a while, here: the group commit must not wait for it."""
        try:
            with database.connect() as connection:
                return bool(policy.learn_user(get_site(connection).get_child("acl_users"), authorization, address))
        except DatabaseUnavailable:
            return False

    def _group_commit_of(self, database: Database, find_user: FindUser) -> GroupCommit:
        with self._lock:
            if self._group_commit is None or self._group_commit.zodb is not database.zodb:
                self._group_commit = GroupCommit(database, find_user)
            return self._group_commit


def read_plain_chunk(environ: WSGIEnvironment) -> WaitingChunk | None:
    """The chunk of a request that may take the fast lane; None for any other, whose body is left unread."""
    path = PATH.fullmatch(environ["PATH_INFO"])
    query = QUERY.fullmatch(environ.get("QUERY_STRING", ""))
    size = environ.get("CONTENT_LENGTH", "")
    body = environ["wsgi.input"]
    if path is None or query is None or not (size.isascii() and size.isdigit() and 0 < int(size) <= LARGEST):
        return None
    if any(environ.get(name) for name in ORDINARY_WAY) or not getattr(body, "seekable", bool)():
        return None
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    chunk_id = environ.get("HTTP_X_FLUENTD_CHUNK_ID")
    if kind in (FORM, MULTIPART) or authorization[:6].lower() != "basic ":
        return None
    if chunk_id is not None and not 0 < len(chunk_id) <= CHUNK_ID_SIZE:
        return None
    try:
        reference = unquote(query[1], errors="strict")
    except UnicodeDecodeError:
        return None
    data = Body(_read(body, int(size)))
    if chunk_id is None and has_exact_time(data):
        _ = data.digest  # while other threads store: hashing lets them run
    return WaitingChunk(Chunk(path[2], reference, data, chunk_id), authorization, site_id=path[1])


def _read(body: BinaryIO, size: int) -> bytes:
    """The whole body; without a copy where the web server has it in memory."""
    found = body.getvalue() if isinstance(body, io.BytesIO) else b""
    return found if len(found) == size else bytes(body.read(size))


def _answer(environ: WSGIEnvironment, start_response: StartResponse, user_id: str, started: float) -> Iterable[bytes]:
    request_id = new_request_id()
    start_response("204 No Content", [*HEADERS.items(), ("X-Request-Id", request_id)])
    seconds = time.perf_counter() - started
    count_request(ROUTE, "POST", 204, seconds)
    log_request(environ, 204, user_id, seconds, request_id)
    return []
