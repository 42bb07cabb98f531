"""Log in, log out, change one's own password."""

from __future__ import annotations

import threading
import time
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import forget, remember

from wendelin.core.management.page import say
from wendelin.core.web.urls import is_own_path, url

ATTEMPTS = 10
WINDOW_SECONDS = 300


class Attempts:
    """Failed logins per user and address in this process: guessing is slowed down, nobody is locked out for long."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], list[float]] = {}
        self._lock = threading.Lock()

    def is_blocked(self, key: tuple[str, str]) -> bool:
        with self._lock:
            return len(self._recent(key)) >= ATTEMPTS

    def failed(self, key: tuple[str, str]) -> None:
        with self._lock:
            if len(self._failures) > 10_000:
                self._failures.clear()
            self._failures[key] = [*self._recent(key), time.monotonic()]

    def _recent(self, key: tuple[str, str]) -> list[float]:
        since = time.monotonic() - WINDOW_SECONDS
        return [moment for moment in self._failures.get(key, ()) if moment > since]


attempts = Attempts()


def came_from(request: Request) -> str:
    """Where to go after the login: only ever a path of this site."""
    wanted = request.params.get("came_from", "")
    return wanted if is_own_path(wanted) else url(request, request.site) + "/"


def show_login(context: Any, request: Request) -> dict[str, Any]:
    """The login page."""
    return {"title": "Log in", "came_from": came_from(request), "error": "", "name": ""}


def log_in(context: Any, request: Request) -> Any:
    """Check, set the cookie, go where the browser came from; or show the page again."""
    name = request.POST.get("__ac_name", "").strip()
    key = (name, request.client_addr or "")
    again = {"title": "Log in", "came_from": came_from(request), "name": name}
    if attempts.is_blocked(key):
        request.response.status_int = 429
        request.response.headers["Retry-After"] = str(WINDOW_SECONDS)
        return again | {"error": "Too many attempts. Wait five minutes, then try again."}
    user = context.acl_users.authenticate(name, request.POST.get("__ac_password", ""))
    if user is None:
        attempts.failed(key)
        # A 4xx status would be an error to programs; to the browser this is the page with a hint. No cookie is set.
        request.response.status_int = 403
        return again | {"error": "This user and password do not match. Check both, and the Caps Lock key."}
    request.session.invalidate()
    return HTTPSeeOther(came_from(request), headers=remember(request, user.id))


def log_out(context: Any, request: Request) -> HTTPSeeOther:
    """Forget the cookie."""
    request.session.invalidate()
    say(request, "You are logged out.")
    return HTTPSeeOther(url(request, context, "login_form"), headers=forget(request))


def ask_log_out(context: Any, request: Request) -> dict[str, Any]:
    """``/logout`` typed into the address bar: a link must not be able to log people out, so ask."""
    return {
        "title": "Log out",
        "question": "Do you want to log out?",
        "submit_label": "Log out",
        "action": url(request, context, "logout"),
        "cancel_url": url(request, context) + "/",
        "hidden": [],
        "details": [],
        "danger": False,
    }
