"""Log in and log out. The page for a new password is in `wendelin.core.management.administration.own_account`."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import forget, remember

from wendelin.core.errors import Busy, RateExceeded
from wendelin.core.management.frame.messages import say
from wendelin.core.model.objects.site import Site
from wendelin.core.web.access.known_devices import remember_device, source_of
from wendelin.core.web.requests.statuses import status_of
from wendelin.core.web.requests.urls import is_own_path, url


def came_from(request: Request) -> str:
    """Where to go after the login: only ever a path of this site."""
    wanted = request.params.get("came_from", "")
    return wanted if is_own_path(wanted) else url(request, request.site) + "/"


def show_login(context: Site, request: Request) -> dict[str, Any]:
    """The login page."""
    return {"title": "Log in", "came_from": came_from(request), "error": "", "name": ""}


def log_in(context: Site, request: Request) -> HTTPSeeOther | dict[str, Any]:
    """Check, set the cookie, go where the browser came from; or show the page again."""
    name = request.POST.get("__ac_name", "").strip()
    again = {"title": "Log in", "came_from": came_from(request), "name": name}
    policy, password = request.registry["wendelin.policy"], request.POST.get("__ac_password", "")
    try:
        user = policy.authenticate(context.acl_users, name, password, source_of(request, name))
    except RateExceeded as error:
        request.response.status_int = status_of(type(error))
        request.response.headers["Retry-After"] = str(error.retry_after)
        return again | {"error": too_many(error)}
    if user is None:
        # A 4xx status would be an error to programs; to the browser this is the page with a hint. No cookie is set.
        request.response.status_int = 403
        return again | {"error": "This user and password do not match. Check both, and the Caps Lock key."}
    request.session.invalidate()
    response = HTTPSeeOther(came_from(request), headers=remember(request, user.id))
    remember_device(request, response, user.id)
    return response


def too_many(error: RateExceeded) -> str:
    """What somebody reads whose password is not looked at now."""
    if isinstance(error, Busy):
        return "Too many people are logging in. Try again in some seconds."
    return "Too many attempts. Wait five minutes, then try again."


def log_out(context: Site, request: Request) -> HTTPSeeOther:
    """Forget the cookie."""
    request.session.invalidate()
    say(request, "You are logged out.")
    return HTTPSeeOther(url(request, context, "login_form"), headers=forget(request))


def ask_log_out(context: Site, request: Request) -> dict[str, Any]:
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
