"""The server that ``development.ini`` names: ``use = call:wendelin.core.web.server.serving:server_factory``.

Waitress reads requests and sends answers in one thread, and makes answers in others; it has no bound on how slowly a
client may do its part, and reads any body before the application is asked. Both are added here, by subclassing what it
offers for that. Other servers were looked at: gunicorn and cheroot read requests in the threads that answer, so
a slow head holds one of them; granian and uWSGI bound the head's time, and still hold a thread of Python for each slow
reader; all of them read a body before anybody is asked.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from pyramid.registry import Registry
from waitress.adjustments import Adjustments
from waitress.server import MultiSocketServer, TcpWSGIServer, UnixWSGIServer

from wendelin.core.web.requests.connections import LONG_ANSWER_KEY
from wendelin.core.web.server.admission import Admission
from wendelin.core.web.server.channels import Channel
from wendelin.core.web.server.client_limits import Limits, take_limits
from wendelin.core.web.server.parsing import BodyLimits, parser_class
from wendelin.core.web.server.threads import Dispatcher

#: What holds unless ``[server:main]`` says otherwise.
SETTINGS = {
    "threads": 8,
    "connection_limit": 1000,
    "cleanup_interval": 2,
    "channel_timeout": 120,
    "asyncore_use_poll": True,
    "clear_untrusted_proxy_headers": True,
    "ident": "Wendelin",
}
SPARE_FILES = 1000  # besides one for each connection: the database's, those of bodies and answers


class Application(Protocol):
    """A WSGI application that `wendelin.core.web.application` made."""

    registry: Registry

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse, /) -> Iterable[bytes]:
        """Answer a request."""


class Bounded:
    """What is added to waitress's servers, of TCP and of unix sockets."""

    limits: Limits
    admission: Admission
    accepting: bool
    adj: Adjustments
    active_channels: dict[int, Channel]
    _map: dict[int, object]

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, and those whose clients are too slow."""
        super().maintenance(now)  # type: ignore[misc]  # waitress's
        moment = time.monotonic()
        for channel in list(self.active_channels.values()):
            if channel.is_too_slow(moment):
                channel.cut_off()

    def readable(self) -> bool:
        """Whether new connections are taken. Where there are too many, those that only wait make room, oldest first."""
        if self.accepting and len(self._map) >= self.adj.connection_limit:
            waiting = [channel for channel in self.active_channels.values() if channel.can_make_room]
            for channel in sorted(waiting, key=lambda channel: channel.creation_time)[
                : self.adj.connection_limit // 10
            ]:
                channel.cut_off()
        return bool(super().readable())  # type: ignore[misc]  # waitress's


class Server(Bounded, TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """On an address of the network."""


class UnixServer(Bounded, UnixWSGIServer):  # type: ignore[misc]  # waitress has no types
    """On a unix socket, for a proxy in front."""


def make_server(application: Application, **settings: Any) -> Any:
    """A server, listening, not yet running; settings are waitress's (``listen``, ``threads``...) and those of `Limits`.

    ``run()`` serves until SystemExit or KeyboardInterrupt; with one address, ``effective_port`` tells it.
    """
    limits, rest = take_limits(SETTINGS | settings)
    adjustments = Adjustments(**rest)
    dispatcher = Dispatcher(adjustments.threads, limits.long_answers)

    def with_long_answers(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[LONG_ANSWER_KEY] = dispatcher.begin_long_answer
        return application(environ, start_response)

    allow_files(adjustments.connection_limit + SPARE_FILES)
    channel_class = type("Channel", (Channel,), {"parser_class": parser_class(BodyLimits(adjustments, limits))})
    added = {"limits": limits, "admission": Admission(application.registry), "channel_class": channel_class}
    wrapped: WSGIApplication = with_long_answers
    return _listen(wrapped, adjustments, dispatcher, added)


def _listen(
    application: WSGIApplication, adjustments: Adjustments, dispatcher: Dispatcher, added: dict[str, Any]
) -> Any:
    """One server for each address; together where there are several, as ``localhost`` has of IPv4 and of IPv6."""
    channels: dict[int, object] = {}
    if adjustments.unix_socket:
        return type("UnixServer", (UnixServer,), added)(application, channels, dispatcher=dispatcher, adj=adjustments)
    server_class = type("Server", (Server,), added)
    servers = [
        server_class(application, channels, dispatcher=dispatcher, adj=adjustments, sockinfo=address)
        for address in adjustments.listen
    ]
    if len(servers) == 1:
        return servers[0]
    addresses = [(server.effective_host, server.effective_port) for server in servers]
    return MultiSocketServer(channels, adjustments, addresses, dispatcher, servers[0].log_info)


def allow_files(count: int) -> None:
    """Raise the limit of open files of this process as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def server_factory(global_config: dict[str, str], **settings: Any) -> Callable[[Application], None]:
    """The paste server factory."""

    def serve(application: Application) -> None:
        make_server(application, **settings).run()

    return serve
