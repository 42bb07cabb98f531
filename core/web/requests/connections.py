"""A database connection for each request, closed when the last byte of the answer is sent.

The connection belongs to the request's own transaction manager (pyramid_tm, explicit). A streamed body is read after
the transaction ended, from the same connection and so from the same snapshot; `OpenBody` closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS
from ZODB.Connection import Connection

from wendelin.core.database import Database
from wendelin.core.model.objects.site import Site, get_site
from wendelin.core.security import ANONYMOUS, User, as_user

Handler = Callable[[Request], Response]
#: In the environment of a request: a function by which a long answer asks the web server for a thread of its own
#: (`core.web.server.threads`). It returns the function to call at the end, or None when too many are being sent.
LONG_ANSWER_KEY = "wendelin.begin_long_answer"
SHORT_ANSWER = 1 << 20  # bytes that a web server takes at once, however slowly the client reads


def get_connection(request: Request) -> Connection:
    """This request's ZODB connection, opened when first asked for. Raises `DatabaseUnavailable`."""
    connection: Connection | None = getattr(request, "_connection", None)
    if connection is None:
        database: Database = request.registry["wendelin.database"]
        connection = request._connection = database.open(request.tm)
    return connection


def get_request_site(request: Request) -> Site:
    """``request.site``: the site, in this request's connection."""
    return get_site(get_connection(request))


class OpenBody:
    """An ``app_iter`` that needs the database: iterated as ``user``, and closing the connection at its end.

    It reads the snapshot that the request saw. With ``new_transaction`` it runs in a (read-only) transaction of its
    own, which code needs that asks the catalog; without ``reads_database`` it gets no connection at all.
    """

    def __init__(
        self, body: Iterable[bytes], user: User, reads_database: bool = True, new_transaction: bool = False
    ) -> None:
        self.reads_database = reads_database
        self._new_transaction = new_transaction
        self._iterator: Iterator[bytes] = iter(body)
        self._body = body
        self._user = user
        self._connection: Connection | None = None
        self._at_end: Callable[[], None] | None = None

    def begin(self, request: Request, length: int | None) -> bool:
        """Ask for a thread for an answer of ``length`` bytes (None: nobody knows); False when there is none left."""
        ask = request.environ.get(LONG_ANSWER_KEY)
        if ask is None or self._at_end is not None or (length is not None and length <= SHORT_ANSWER):
            return True
        self._at_end = ask()
        return self._at_end is not None

    def keep(self, connection: Connection) -> None:
        """Take over a connection: it is closed together with the body."""
        self._connection = connection
        if self._new_transaction:
            connection.transaction_manager.begin()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with as_user(self._user):
            return next(self._iterator)

    def close(self) -> None:
        """Called by the WSGI server when the answer is sent, or the client has gone."""
        try:
            for part in (self._iterator, self._body):
                close = getattr(part, "close", None)
                if close is not None:
                    close()
        finally:
            at_end, self._at_end = self._at_end, None
            if at_end is not None:
                at_end()
            connection, self._connection = self._connection, None
            if connection is not None:
                if self._new_transaction:
                    connection.transaction_manager.abort()
                connection.close()


def connection_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Around the transaction: nobody is logged in yet, and whatever was opened is closed afterwards."""

    def connection_tween(request: Request) -> Response:
        response = None
        if request.is_body_seekable:
            request.body_file_raw.seek(0)  # an earlier attempt may have read it
        try:
            with as_user(ANONYMOUS):
                response = handler(request)
            body = response.app_iter
            if isinstance(body, OpenBody) and not body.begin(request, response.content_length):
                body.close()
                response = too_busy()
            return response
        finally:
            _hand_over(request, response)

    return connection_tween


def too_busy() -> Response:
    """The answer where too many long ones are being sent."""
    response = Response("too many downloads at this moment: try again later\n", status=503, content_type="text/plain")
    response.headers["Retry-After"] = "10"
    return response


def _hand_over(request: Request, response: Response | None) -> None:
    connection = getattr(request, "_connection", None)
    if connection is None:
        return
    request._connection = None
    body = getattr(response, "app_iter", None)
    if isinstance(body, OpenBody) and body.reads_database:
        body.keep(connection)
    else:
        Database.release(connection)


def includeme(config: Configurator) -> None:
    """``request.site`` and ``request.database``, and a connection that is opened when one of them needs it."""
    config.add_request_method(get_request_site, "site", reify=True)
    config.add_request_method(lambda request: request.registry["wendelin.database"], "database", property=True)
    config.add_tween(
        "wendelin.core.web.requests.connections.connection_tween_factory",
        under=INGRESS,
        over="pyramid_tm.tm_tween_factory",
    )
