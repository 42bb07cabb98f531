"""``/metrics`` in the text format of Prometheus, and the tween that counts requests.

Who may look: a user with the permission "Manage portal" on the site (Basic, or a token as Prometheus' ``authorization``
sends it). With the setting ``wendelin.metrics = loopback`` also whoever connects from this machine without a login;
not for a site behind a reverse proxy on the same machine, whose visitors would all seem to come from here.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from itertools import islice

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from pyramid.config import Configurator
from pyramid.events import ContextFound
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.tweens import INGRESS
from pyramid_retry import BeforeRetry, is_error_retryable
from transaction.interfaces import TransientError

from wendelin.core.errors import DatabaseUnavailable
from wendelin.core.model.activities.message import State
from wendelin.core.model.activities.queue import ActivityTool
from wendelin.core.model.objects.document import Document
from wendelin.core.security import MANAGE, as_user, require_permission
from wendelin.core.web.publishing import DialogPage, Publication
from wendelin.core.web.requests.connections import Handler
from wendelin.core.web.requests.metrics import count, count_request, describe, exposed_registry

log = logging.getLogger(__name__)

ROUTE, ADDRESS = "metrics", "/metrics"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
STARTED = "wendelin.metrics.started"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
MOST_ACTIVITIES = 20_000

describe("http_requests_total", "Requests that were answered, by what was asked for, method and status")
describe("http_request_seconds", "Seconds from the first byte of a request to the head of its answer, retries included")
describe("http_conflicts_total", "Attempts that met a conflict: retried, or given up after the last one")


def show_metrics(context: object, request: Request) -> Response:
    """All numbers, as text."""
    if not _is_local(request):
        with as_user(request.user):
            require_permission(MANAGE, request.site)
    registry = exposed_registry()
    registry.register(_Gauges(request))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST.partition(";")[0], charset="utf-8")


def _is_local(request: Request) -> bool:
    setting = str(request.registry.settings.get("wendelin.metrics", "")).strip().lower()
    return setting == "loopback" and request.environ.get("REMOTE_ADDR") in LOOPBACK


class _Gauges(Collector):
    """What is looked up at the moment of asking."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def collect(self) -> Iterator[GaugeMetricFamily]:
        process = GaugeMetricFamily("wendelin_process_info", "The process that answers", labels=("pid", "kind"))
        process.add_metric((str(os.getpid()), "web"), 1)
        yield process
        try:
            yield from list(self._of_database())
        except DatabaseUnavailable as error:
            log.warning("metrics without those of the database: %s", error)

    def _of_database(self) -> Iterator[GaugeMetricFamily]:
        size = self.request.database.get_size()
        yield GaugeMetricFamily("wendelin_database_bytes", "Size of the database on disk, without blobs", value=size)
        activities = GaugeMetricFamily(
            "wendelin_activities",
            f"Activities that wait or have failed (counted up to {MOST_ACTIVITIES})",
            labels=["state"],
        )
        for state, number in _activity_counts(self.request.site.portal_activities).items():
            activities.add_metric((state.name.lower(),), number)
        yield activities


def _activity_counts(tool: ActivityTool) -> dict[State, int]:
    counts = dict.fromkeys((State.PENDING, State.FAILED), 0)
    for message in islice(tool.messages(*counts), MOST_ACTIVITIES):
        counts[message.state] += 1
    return counts


# -- counting requests


def metrics_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Count each request once, however often it was tried."""

    def metrics_tween(request: Request) -> Response:
        started = request.environ.setdefault(STARTED, time.perf_counter())
        response = handler(request)
        error = getattr(request, "exception", None)
        if error is not None and is_error_retryable(request, error):
            return response  # pyramid_retry drops it and tries again
        if isinstance(error, TransientError):
            count("http_conflicts_total", outcome="given up")
        route = getattr(request, "metrics_route", "none")
        method = request.method if request.method in METHODS else "other"
        count_request(route, method, response.status_int, time.perf_counter() - started)
        return response

    return metrics_tween


def route_of(request: Request) -> str:
    """``Data Stream/getData``: portal type and view; names that a client could make up are not among them."""
    if request.matched_route is not None:
        return "metrics" if request.matched_route.name == ROUTE else "static"
    context = request.context
    if isinstance(context, Publication):
        return f"{context.document.getPortalType()}/{context.method.id}"
    if isinstance(context, DialogPage):
        return f"{context.document.getPortalType()}/dialog"
    if isinstance(context, Document):
        return f"{context.getPortalType()}/{request.view_name or 'view'}"
    return "none"


def note_route(event: ContextFound) -> None:
    """Asked while the document can still be read; what is refused before is counted as ``none``."""
    event.request.metrics_route = route_of(event.request)


def count_retry(event: BeforeRetry) -> None:
    """A request is tried again, because others changed the same objects."""
    count("http_conflicts_total", outcome="retried")


def includeme(config: Configurator) -> None:
    """The page, and the counting around all else."""
    config.add_route(ROUTE, ADDRESS)
    config.add_view(show_metrics, route_name=ROUTE, permission=NO_PERMISSION_REQUIRED, request_method=("GET", "HEAD"))
    config.add_subscriber(note_route, ContextFound)
    config.add_subscriber(count_retry, BeforeRetry)
    config.add_tween(
        "wendelin.core.web.metrics_view.metrics_tween_factory",
        under=INGRESS,
        over="wendelin.core.web.answers.response_headers.header_tween_factory",
    )
