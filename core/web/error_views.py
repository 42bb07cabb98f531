"""What a client sees when something goes wrong: what happened and what to do, never a traceback of the platform.
A manager sees where in the site's own scripts it happened.

Browsers get a page; programs get ``{"kind": ..., "message": ..., "id": ...}``. The status follows the error's kind
(`wendelin.core.web.requests.statuses`). What nobody expected is logged with its traceback under the id that the
answer shows.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken, PredicateMismatch
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from transaction.interfaces import TransientError
from ZODB.POSException import UndoError

from wendelin.core.database import is_away, is_full, is_passing
from wendelin.core.errors import (
    BadRequest,
    DatabaseUnavailable,
    NotFound,
    RateExceeded,
    ScriptError,
    StorageFull,
    Unauthorized,
    WendelinError,
)
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.tracebacks import script_traceback
from wendelin.core.security import MANAGER, VIEW, check_permission
from wendelin.core.web.requests.statuses import BadCredentials, CrossSiteRequest, status_of
from wendelin.core.web.requests.urls import static_url, url

log = logging.getLogger("wendelin.web")

CHALLENGE = 'Basic realm="Wendelin", charset="UTF-8"'
TEMPLATE = "wendelin.core.web:templates/error.pt"

# By status: a title, and what the reader can do about it.
ADVICE = {
    400: ("This request cannot be understood", "Go back, correct what the message names, and try again."),
    401: ("Please log in", "This part of the site is for people who have logged in."),
    403: ("You may not do that", "Ask a manager of this site for the permission, or log in as another user."),
    404: ("There is nothing here", "The address may be mistyped, or the document was moved or deleted."),
    405: ("Not in this way", "This address does not take this kind of request."),
    409: (
        "Not possible right now",
        "Look at the present state of the document; it may have changed since you opened it.",
    ),
    413: ("That is too large", "Send less at a time."),
    416: ("There is no such part", "The range that was asked for lies outside of the file."),
    429: ("Too often", "Wait a little, and send more at a time."),
    422: ("Some values are not valid", "Go back, correct what the message names, and try again."),
    500: ("Something went wrong here", "It is not your fault. Tell the operator the number below; the log says more."),
    503: ("The site is busy or away", "Nothing was lost or half done. Wait a few seconds and reload this page."),
    507: ("The disk is full", "Nothing was stored. The operator has to make room first."),
}
# For an account that may not even see the main page: a button to it would lead back here.
SHUT_OUT = (
    "Your account has no rights here yet",
    "You are logged in, but nobody has given your account a role on this site. Ask a manager of the site for one "
    "(My Favourites > Manage Users), then try again.",
)


def wants_page(request: Request) -> bool:
    """True for a browser that shows the answer to a person; false for programs and scripts of a page."""
    if request.headers.get("X-Requested-With") or request.headers.get("Sec-Fetch-Dest") == "empty":
        return False
    return "text/html" in request.headers.get("Accept", "")


def error_response(
    request: Request,
    status: int,
    kind: str,
    message: str,
    problems: list[str] | None = None,
    error: BaseException | None = None,
) -> Response:
    """The page or the JSON of an error; ``error`` is what managers see the scripts' part of the traceback of."""
    traceback = _traceback_for(request, error)
    if wants_page(request):
        title, advice = ADVICE.get(status, ADVICE[500 if status >= 500 else 400])
        is_shut_out = status == 403 and not _may_see_site(request)
        if is_shut_out:
            title, advice = SHUT_OUT
        values = {
            "title": title,
            "advice": advice,
            "message": message,
            "problems": problems or [],
            "traceback": traceback,
            "status": status,
            "error_id": request.id if status >= 500 else "",
            "home_url": url(request, "/erp5") + "/" if not is_shut_out else "",
            "again_url": request.path_qs if is_shut_out and request.method == "GET" else "",
            "log_out_url": url(request, "/erp5", "logout") if is_shut_out else "",
            "login_url": url(request, "/erp5", "login_form") if status == 401 else "",
            "switch_url": _login_url(request) if status == 403 else "",
            "static_url": partial(static_url, request, "core"),
        }
        return Response(render(TEMPLATE, values, request=request), status=status, content_type="text/html")
    body: dict[str, Any] = {"kind": kind, "message": message, "id": request.id}
    if problems:
        body["problems"] = problems
    if traceback:
        body["traceback"] = traceback
    return Response(json=body, status=status)


def _traceback_for(request: Request, error: BaseException | None) -> str:
    """Where in scripts the error came from, for those who can change them: managers."""
    user = getattr(request, "user", None)
    return script_traceback(error) if error is not None and user is not None and MANAGER in user.roles else ""


def _may_see_site(request: Request) -> bool:
    """Whether the main page is a way on for this user; True for what was refused before the site was looked at."""
    site = request.__dict__.get("site")
    return site is None or check_permission(VIEW, site, request.user)


def _problems(error: Exception) -> list[str]:
    return list(getattr(error, "message_list", None) or getattr(error, "problem_list", None) or ())


def wendelin_error_view(error: WendelinError, request: Request) -> Response:
    """Errors raised on purpose: their message is written for the reader."""
    if isinstance(error, Unauthorized):
        return unauthorized_view(error, request)
    if isinstance(error, DatabaseUnavailable):
        return unavailable_response(request, str(error), error.retry_after)
    status = status_of(type(error))
    if status >= 500:
        log.error("%s %s %s", request.id, request.method, request.path_info, exc_info=error)
    message = str(error)
    if status == 500 and not isinstance(error, ScriptError):
        # What went wrong inside is for the log; scripts are the users' own, and their authors need the line.
        message = "The platform could not do this." if not wants_page(request) else ""
    response = error_response(request, status, error.kind, message, _problems(error), error)
    if isinstance(error, RateExceeded):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def unauthorized_view(error: Exception, request: Request) -> Response:
    """Not logged in: a challenge for programs, the login page for browsers. Logged in: 403."""
    kind = getattr(error, "kind", "unauthorized")
    message = str(error)
    if isinstance(error, HTTPForbidden):
        message = f"{request.user.id!r} may not do that on {request.path_info}"
    if request.user.is_anonymous or isinstance(error, BadCredentials):
        if _came_by_browser(request):
            return _to_login(request, message)
        response = error_response(request, 401, kind, message)
        response.headers["WWW-Authenticate"] = CHALLENGE
        return response
    return error_response(request, 403, kind, message, error=error)


def _came_by_browser(request: Request) -> bool:
    return wants_page(request) and not request.headers.get("Authorization")


def _login_url(request: Request) -> str:
    """The login page, which leads back to what was asked for; ``path_qs`` has the script name already."""
    return url(request, "/erp5", "login_form", came_from=request.path_qs)


def _to_login(request: Request, message: str) -> Response:
    """A page that was asked for is shown after the login. What was sent is not lost by a redirect: say what to do."""
    if request.method in ("GET", "HEAD"):
        return HTTPSeeOther(_login_url(request))
    advice = "You are not logged in (any more), so nothing was saved. Log in in another tab, then send this again."
    return error_response(request, 401, "unauthorized", advice)


def unavailable_response(request: Request, message: str, retry_after: int) -> Response:
    """503, which tells programs after how many seconds to try again."""
    response = error_response(request, 503, "database-unavailable", message)
    response.headers["Retry-After"] = str(retry_after)
    return response


def http_error_view(error: HTTPException, request: Request) -> Response:
    """Pyramid's own: a wrong method, a redirect raised by a view, a body that is no form."""
    if isinstance(error, PredicateMismatch):
        message = f"{request.path_info} does not take {request.method}"
        response = error_response(request, 405, "method-not-allowed", message)
        if isinstance(request.context, Document):
            allowed = request.registry["wendelin.views"].methods(request.context, request.view_name)
            response.headers["Allow"] = ", ".join(allowed)
        return response
    if isinstance(error, HTTPForbidden):
        return unauthorized_view(error, request)
    if isinstance(error, HTTPNotFound):
        return wendelin_error_view(NotFound(f"there is nothing at {request.path_info}"), request)
    if error.status_int < 400:
        return error
    response = error_response(request, error.status_int, "http-error", error.detail or error.explanation or error.title)
    for name in ("Allow", "Retry-After", "Content-Range"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def csrf_view(error: Exception, request: Request) -> Response:
    """A form without its token, or with that of another session: nothing was done."""
    message = (
        "This form is too old, or was not made by this site, so nothing was done. Reload the page and send it again."
    )
    return wendelin_error_view(CrossSiteRequest(message), request)


def conflict_view(error: Exception, request: Request) -> Response:
    """Others kept changing the same objects; after the last retry the client is asked to try later."""
    if is_away(error):
        return unavailable_response(request, "the database is away", 5)
    return unavailable_response(request, "others are changing the same documents right now", 1)


def undo_view(error: Exception, request: Request) -> Response:
    """Only the engine can tell, and only when it tries."""
    message = "This cannot be undone, because later transactions changed the same again: undo those first."
    return error_response(request, 409, "undo-error", message)


def unexpected_view(error: Exception, request: Request) -> Response:
    """A defect, or an engine that went away, or ran out of room, in the middle of a request."""
    if is_away(error):
        return unavailable_response(request, "the database is away", 5)
    if is_full(error):
        full = StorageFull("the disk of the database is full, so nothing was changed: free some space first")
        return wendelin_error_view(full, request)
    if isinstance(error, UnicodeDecodeError):
        return wendelin_error_view(BadRequest("the request is not valid UTF-8"), request)
    if is_passing(error):  # some senders drop what is answered by 500
        log.error("%s %s %s", request.id, request.method, request.path_info, exc_info=error)
        return unavailable_response(request, "the database cannot do this for now; the log says more", 5)
    log.error("%s %s %s", request.id, request.method, request.path_info, exc_info=error)
    message = "" if wants_page(request) else "unexpected error; the log says more"
    return error_response(request, 500, "error", message, error=error)


def includeme(config: Configurator) -> None:
    """Add a view for each kind of error; Pyramid takes the one of the nearest class."""
    views: dict[type[Exception], Any] = {
        Exception: unexpected_view,
        WendelinError: wendelin_error_view,
        HTTPException: http_error_view,
        HTTPNotFound: http_error_view,
        HTTPForbidden: http_error_view,
        PredicateMismatch: http_error_view,
        BadCSRFToken: csrf_view,
        BadCSRFOrigin: csrf_view,
        TransientError: conflict_view,
        UndoError: undo_view,
    }
    for exception, view in views.items():
        config.add_exception_view(view, context=exception)
