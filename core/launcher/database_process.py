"""``python -m wendelin.core.launcher.database_process -C zeo.conf``: the database server, ZEO's own, ended in order.

ZEO leaves at SIGTERM by an exception that its signal handler raises wherever the server is at that moment: in the
middle of a commit, which then looks failed although it is stored, or where code catches all errors and goes on. Here it
finishes the message that it works on, and leaves then.
"""

from __future__ import annotations

from collections.abc import Callable

from ZEO.runzeo import ZEOOptions, ZEOServer


class DatabaseServer(ZEOServer):  # type: ignore[misc]  # ZEO has no types
    """A server that is stopped between two messages."""

    def handle_sigterm(self) -> None:
        """SIGTERM."""
        self._leave(super().handle_sigterm)

    def handle_sigint(self) -> None:
        """Ctrl-C."""
        self._leave(super().handle_sigint)

    def _leave(self, leave: Callable[[], None]) -> None:
        """Leave with the next turn of the event loop; at once while there is none, because nothing is served yet."""
        if self.server is None:
            leave()
        else:
            self.server.acceptor.event_loop.call_soon_threadsafe(leave)


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal comes; the options of ``runzeo``."""
    options = ZEOOptions()
    options.realize(arguments)
    DatabaseServer(options).main()


if __name__ == "__main__":
    main()
