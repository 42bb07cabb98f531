"""The head of a request decides how large its body may be; what is too large is refused before it is read."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, Error

from wendelin.core.web.server.client_limits import Limits

FORM = "application/x-www-form-urlencoded"
#: Bytes of a line between chunks, and of the lines after the last one.
LONGEST_CHUNK_LINE = 1024
LONGEST_TRAILER = 16 << 10
#: Headers by which somebody says who he is; whether it is true is asked later.
CREDENTIALS = ("AUTHORIZATION", "X_ACCESS_TOKEN", "COOKIE")


@dataclass(frozen=True)
class BodyLimits:
    """Waitress's adjustments for each kind of body: they differ in ``max_request_body_size`` alone."""

    adjustments: Adjustments
    limits: Limits

    @cached_property
    def anonymous(self) -> Adjustments:
        """For everybody."""
        return self._with(self.limits.anonymous_body)

    @cached_property
    def form(self) -> Adjustments:
        """For a form of somebody who has logged in."""
        return self._with(self.limits.form_body)

    @cached_property
    def upload(self) -> Adjustments:
        """For any other body of somebody who has logged in."""
        return self._with(self.limits.upload_body)

    def _with(self, size: int) -> Adjustments:
        changed = copy.copy(self.adjustments)
        changed.max_request_body_size = size + 1  # waitress refuses a body of exactly that size
        return changed


class Refusal(Error):  # type: ignore[misc]  # waitress has no types
    """An answer that waitress gives by itself, to a request whose body is not read."""

    def __init__(self, code: int, reason: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.code, self.reason, self.headers = code, reason, headers

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers and body."""
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"), *self.headers]
        return f"{self.code} {self.reason}", headers, f"{self.body}\n".encode()


class RequestParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request that is being received. ``needs_admission`` is true when its body waits for its sender to be known."""

    needs_admission = False
    completed: bool = False
    bodies: BodyLimits

    def parse_header(self, header_plus: bytes) -> None:
        """As waitress does, and choose the limit of the body."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a length of more digits than `int` takes
            raise ParsingError("Content-Length is invalid") from error
        if "CONTENT_LENGTH" in self.headers and (self.chunked or "TRANSFER_ENCODING" in self.headers):
            # Two lengths: whoever stands before us may have believed the other one (RFC 9112, 6.3).
            raise ParsingError("Content-Length and Transfer-Encoding exclude each other")
        if "TRANSFER_ENCODING" in self.headers:  # waitress takes it away from HTTP/1.1, and passes over it elsewhere
            raise ParsingError("Transfer-Encoding needs HTTP/1.1")
        self.adj = self.bodies.anonymous
        is_small = not self.chunked and self.content_length <= self.bodies.limits.anonymous_body
        if is_small or not any(self.headers.get(name) for name in CREDENTIALS):
            return
        kind = self.headers.get("CONTENT_TYPE", FORM).partition(";")[0].strip().lower()
        self.adj = self.bodies.form if kind == FORM else self.bodies.upload
        self.needs_admission = self.body_rcv is not None and self.content_length < self.adj.max_request_body_size

    def received(self, data: bytes) -> int:
        """As waitress does, which keeps what stands between chunks and after them in memory, and looks at it anew each
        time that something comes.
        """
        consumed: int = super().received(data)
        receiver = self.body_rcv
        if (
            isinstance(receiver, ChunkedReceiver)
            and not self.completed
            and (len(receiver.control_line) > LONGEST_CHUNK_LINE or len(receiver.trailer) > LONGEST_TRAILER)
        ):
            self.error, self.completed = BadRequest("a line between the chunks, or after them, is too long"), True
        return consumed


def parser_class(bodies: BodyLimits) -> type[RequestParser]:
    """The class of the requests of one server: waitress makes one from its adjustments alone."""
    return type("RequestParser", (RequestParser,), {"bodies": bodies})
