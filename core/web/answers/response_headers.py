"""Headers that every answer carries, and one line in the log for each request."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from wendelin.core.web.requests.connections import Handler

log = logging.getLogger("wendelin.web.access")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


def new_request_id() -> str:
    """What ties an answer to its line in the log."""
    return secrets.token_hex(6)


def request_id(request: Request) -> str:
    """``request.id``."""
    return new_request_id()


def header_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """The outermost tween: a view's own value of a header is kept."""

    def header_tween(request: Request) -> Response:
        start = time.perf_counter()
        response = handler(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = request.id
        if response.content_type in ("text/html", "application/json"):
            # What a page shows depends on who looks at it, and when.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        log_request(request.environ, response.status_int, request.user.id, time.perf_counter() - start, request.id)
        return response

    return header_tween


def log_request(environ: dict[str, Any], status: int, user_id: str, seconds: float, id: str) -> None:
    """The line of a request that is answered."""
    log.info(
        "%s %s %s %d %s %.1fms %s",
        environ.get("REMOTE_ADDR") or "-",
        environ["REQUEST_METHOD"],
        quote(environ.get("PATH_INFO", "").encode("latin-1")),
        status,
        user_id.replace(" ", "_"),
        seconds * 1000,
        id,
    )


def includeme(config: Configurator) -> None:
    """``request.id``, and the headers and the line in the log around all else."""
    config.add_request_method(request_id, "id", reify=True)
    config.add_tween(
        "wendelin.core.web.answers.response_headers.header_tween_factory",
        under=INGRESS,
        over="wendelin.core.web.requests.connections.connection_tween_factory",
    )
