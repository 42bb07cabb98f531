"""One connection of the web server: its time is bounded, and its large bodies wait until the sender is known."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel

from wendelin.core.web.server.client_limits import Limits
from wendelin.core.web.server.parsing import Refusal, RequestParser

if TYPE_CHECKING:
    from wendelin.core.web.server.serving import Server

#: How long, and how many bytes of it, what a refused client still sends is thrown away, so that it reads the answer.
LINGER_SECONDS = 5.0
LINGER_BYTES = 64 << 20


class Pace:
    """How fast bytes move, looked at over windows of ``grace_seconds``: what went fast once does not count for ever."""

    __slots__ = ("count", "since")

    def __init__(self, since: float, count: int) -> None:
        self.since, self.count = since, count

    def lags(self, now: float, count: int, limits: Limits) -> bool:
        """Whether fewer bytes than allowed moved in the window that ends now; False while it has not ended."""
        seconds = now - self.since
        if seconds < limits.grace_seconds:
            return False
        moved, self.since, self.count = count - self.count, now, count
        return moved < limits.slowest_rate * seconds


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection. All but `AdmissionTask` runs in the server's own thread, or under waitress's locks."""

    server: Server
    will_close: bool
    close_when_flushed: bool
    request: RequestParser | None
    request_since = 0.0  # when the first byte of the present request came
    body_pace: Pace | None = None  # of its body, once it is asked for
    answer_pace: Pace | None = None  # of the bytes to send, while there are any
    sent_bytes = 0
    is_waiting = False  # for its sender's credentials to be looked at
    linger_until = 0.0
    lingered_bytes = 0

    # -- receiving

    def received(self, data: bytes) -> bool:
        """Bytes have come. A request whose body needs it waits for its sender to be looked at."""
        if self.linger_until:
            self.lingered_bytes += len(data)
            self.will_close = self.will_close or self.lingered_bytes > LINGER_BYTES
            return False
        before = self.request
        accepted = bool(super().received(data))
        request, now = self.request, time.monotonic()
        if request is not before:
            self.request_since, self.body_pace = now, None
        if request is not None and request.headers_finished:
            self.body_pace = self.body_pace or Pace(now, 0)
            if request.needs_admission and not self.is_waiting:
                self.is_waiting = True
                self.server.add_task(AdmissionTask(self, request))
        return accepted

    def send_continue(self) -> None:
        """``100 Continue``, once the sender is known: before that, the client would send what may be thrown away."""
        if self.request is not None and not self.request.needs_admission:
            super().send_continue()

    def readable(self) -> bool:
        """Whether more is read from the client now."""
        if self.linger_until:
            return not self.will_close
        return not self.is_waiting and bool(super().readable())

    def admit(self, request: RequestParser, refusal: Refusal | None) -> None:
        """Go on with a request whose sender was looked at; called by another thread."""
        with self.requests_lock:
            request.needs_admission = False
            if refusal is not None:
                request.error, request.completed = refusal, True
                self.request = None
                self.requests.append(request)
                if len(self.requests) == 1:
                    self.server.add_task(self)
            elif request.expect_continue and not self.requests:
                super().send_continue()
            self.body_pace = Pace(time.monotonic(), request.body_bytes_received)
            self.is_waiting = False
        self.server.pull_trigger()

    # -- sending

    def write_soon(self, data: Any) -> int:
        """Called by the threads that answer."""
        if not self.total_outbufs_len:
            self.answer_pace = Pace(time.monotonic(), self.sent_bytes)
        return int(super().write_soon(data))

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Give bytes to the kernel; how many it took."""
        count = int(super().send(data, do_close=do_close))
        self.sent_bytes += count
        return count

    def handle_write(self) -> None:
        """As waitress does; but a client that is refused while it still sends gets time to read why."""
        if not self.close_when_flushed or self.will_close:
            super().handle_write()
            return
        self.close_when_flushed = False  # waitress would close at once
        super().handle_write()
        if self.total_outbufs_len or self.will_close or not self.connected:
            self.close_when_flushed = True
            return
        self.linger_until = time.monotonic() + LINGER_SECONDS
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def writable(self) -> bool:
        """Whether there is anything to send, or to close."""
        return bool(self.will_close if self.linger_until else super().writable())

    # -- time

    def is_too_slow(self, now: float) -> bool:
        """Whether the client takes longer than the limits allow; ``now`` is monotonic."""
        limits = self.server.limits
        if self.linger_until:
            return now > self.linger_until or not self.connected
        request, pace = self.request, self.answer_pace
        if request is not None and not self.is_waiting:
            if self.body_pace is None:
                return now - self.request_since > limits.head_seconds
            if self.body_pace.lags(now, request.body_bytes_received, limits):
                return True
        return bool(self.total_outbufs_len) and pace is not None and pace.lags(now, self.sent_bytes, limits)

    def cut_off(self) -> None:
        """End the connection, also with a client that takes nothing.

        The server's loop closes it when it finds it ended: a descriptor that is closed at any other moment may be given
        to a new connection while the loop still knows it as this one's.
        """
        self.will_close = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    @property
    def can_make_room(self) -> bool:
        """Whether the connection may be closed for a new one: nobody works for it, and no known sender is at work."""
        request = self.request
        is_known = request is not None and request.adj in (request.bodies.form, request.bodies.upload)
        return not (self.requests or self.is_waiting or self.total_outbufs_len or is_known)


class AdmissionTask:
    """Looks at who sends a large body, in a thread of pages."""

    def __init__(self, channel: Channel, request: RequestParser) -> None:
        self._channel, self._request = channel, request

    def service(self) -> None:
        """Ask, and tell the channel."""
        address = self._channel.addr[0] if isinstance(self._channel.addr, tuple) else None
        refusal = self._channel.server.admission.refuse(self._request.headers, address)
        self._channel.admit(self._request, refusal)

    def cancel(self) -> None:
        """The server is being stopped."""
        self._channel.cancel()
