"""Requests that another site makes a user's browser send are refused, in two ways.

- Forms carry a token (Pyramid's), which is asked for when the user is known by a cookie, and by the login form.
- Whatever carries an ``Origin`` (browsers send it with every POST) must come from this site: this also covers Basic
  credentials that a browser keeps, and endpoints whose clients cannot send tokens (``require_csrf=False``).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy, check_csrf_token
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW, MAIN

from wendelin.core.web.requests.connections import Handler
from wendelin.core.web.requests.statuses import CrossSiteRequest

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
TOKEN = "csrf_token"
HEADER = "X-CSRF-Token"


def needs_token(request: Request) -> bool:
    """Programs that authenticate each request by a header need none; a browser without a login does (login form).

    Who was known by the cookie needs one, whatever other headers say.
    """
    if getattr(request, "authenticated_by_cookie", False):
        return True
    return not (request.headers.get("Authorization") or request.headers.get("X-Access-Token"))


def require_token(request: Request) -> None:
    """For views that ask for a permission by themselves first (``require_csrf=False``); raises `BadCSRFToken`."""
    if request.method not in SAFE_METHODS and needs_token(request):
        check_csrf_token(request, token=TOKEN, header=HEADER)


def is_same_origin(request: Request) -> bool:
    """False when the browser says that the request comes from a page of another host."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        netloc = urlsplit(origin).netloc
    except ValueError:  # no browser sends that
        return False
    return _without_default_port(netloc) == _without_default_port(request.host)


def _without_default_port(netloc: str) -> str:
    return netloc.lower().removesuffix(":80").removesuffix(":443")


def origin_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Before any view: what a page of another host sent, and could change something, is refused."""

    def origin_tween(request: Request) -> Response:
        if request.method not in SAFE_METHODS and not is_same_origin(request):
            raise CrossSiteRequest(f"a page of {request.headers['Origin']} may not send this request to {request.host}")
        return handler(request)

    return origin_tween


def includeme(config: Configurator) -> None:
    """Tokens for every view that does not say ``require_csrf=False``, and the look at ``Origin`` for all."""
    https = config.registry.settings["wendelin.https"]
    config.set_csrf_storage_policy(
        CookieCSRFStoragePolicy(cookie_name="csrf", secure=https, httponly=True, samesite="Lax")
    )
    config.set_default_csrf_options(
        require_csrf=True, token=TOKEN, header=HEADER, callback=needs_token, check_origin=False
    )
    config.add_tween("wendelin.core.web.access.csrf.origin_tween_factory", under=EXCVIEW, over=MAIN)
