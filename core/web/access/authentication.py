"""Who asks: HTTP Basic, a signed cookie, or a token header; and what a user may reach (Pyramid's security policy).

- ``Authorization: Basic``: programs. Wrong credentials are answered 401 with a challenge, never with a redirect.
- Cookie ``__ac``: browsers, after the login page. It carries the user's stamp, so it ends when the password changes,
  and the session's id, so it ends when the user logs out, wherever else it was kept.
- ``Authorization: Bearer``, or ``X-Access-Token``: programs with a token made for them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from pyramid.authentication import AuthTktCookieHelper
from pyramid.authorization import ACLHelper
from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import Allowed, Denied
from pyramid.tweens import EXCVIEW, MAIN

from wendelin.core.database import sign_transaction
from wendelin.core.errors import Busy, RateExceeded
from wendelin.core.model.accounts.users import UserFolder
from wendelin.core.model.objects.document import Document
from wendelin.core.security import ANONYMOUS, User, as_user, check_permission
from wendelin.core.web.access.password_attempts import Attempts
from wendelin.core.web.requests.connections import Handler
from wendelin.core.web.requests.statuses import BadCredentials
from wendelin.core.web.requests.urls import is_static

COOKIE = "__ac"
SESSION_SECONDS = 12 * 3600
REISSUE_SECONDS = 15 * 60
SESSION_MARK = "-"  # between the stamp and the session's id; a cookie takes one token only


def stamp_token(user_folder: UserFolder, user_id: str) -> str:
    """The part of the cookie that a new password makes stale (letters and digits only)."""
    return "s" + hashlib.sha256(user_folder.get_session_stamp(user_id).encode()).hexdigest()[:32]


class Policy:
    """Pyramid's security policy: identity is a `User`, permission is asked of the document."""

    def __init__(self, secret: str, https: bool = False) -> None:
        self.attempts = Attempts()
        self.helper = AuthTktCookieHelper(
            secret,
            cookie_name=COOKIE,
            secure=https,
            http_only=True,
            timeout=SESSION_SECONDS,
            reissue_time=REISSUE_SECONDS,
            wild_domain=False,
            samesite="Lax",
        )

    def identity(self, request: Request) -> User | None:
        """Who has logged in; None for nobody."""
        user: User = request.user
        return None if user.is_anonymous else user

    def authenticated_userid(self, request: Request) -> str | None:
        """The id of who has logged in; None for nobody."""
        user = self.identity(request)
        return user.id if user else None

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        """Whether a view of the context may be shown; asked by Pyramid before it calls the view."""
        if isinstance(context, Document):
            allowed = check_permission(permission, context, request.user)
            return (Allowed if allowed else Denied)(f"{permission!r} for {request.user.id}")
        return ACLHelper().permits(context, request.user.roles, permission)

    def remember(self, request: Request, userid: str, **options: Any) -> list[tuple[str, str]]:
        """The headers that set the login cookie, of a new session."""
        token = stamp_token(request.site.acl_users, userid) + SESSION_MARK + secrets.token_hex(16)
        headers: list[tuple[str, str]] = self.helper.remember(request, userid, tokens=(token,), **options)
        return headers

    def forget(self, request: Request, **options: Any) -> list[tuple[str, str]]:
        """The headers that take the login cookie away; a copy of it is worth nothing any more."""
        _, session_id = _stamp_and_session((self.helper.identify(request) or {}).get("tokens", ()))
        if session_id:
            request.site.acl_users.end_session(session_id, SESSION_SECONDS)
        headers: list[tuple[str, str]] = self.helper.forget(request)
        return headers

    def find_user(self, request: Request) -> User:
        """The user of this request; raises `BadCredentials` for a Basic or token header that is wrong."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self._from_basic(request, value)
        token = value if scheme.lower() == "bearer" else request.headers.get("X-Access-Token", "")
        if token:
            return self._from_token(request, token.strip())
        return self._from_cookie(request)

    def _from_basic(self, request: Request, value: str) -> User:
        user = self.authenticate(request.site.acl_users, *_credentials(value), request.client_addr)
        if user is None:
            raise BadCredentials("wrong user or password")
        return user

    def authenticate(self, users: UserFolder, user_id: str, password: str, source: str | None) -> User | None:
        """The user, if the password is right; a wrong one is counted. Raises `RateExceeded` after too many.

        ``source`` is whose attempts are counted together: an address, or a browser that the user has used before.
        Who was right a moment ago, from there, is not kept out by what somebody else tries under the same name.
        """
        known = users.known_user(user_id, password)
        if known is not None and self.attempts.admits(user_id, source or ""):
            self.attempts.was_right(user_id, source or "")
            return known
        self.attempts.check(user_id, source or "")
        try:
            user = users.authenticate(user_id, password)
        except Busy:
            # Not looked at, but counted: otherwise those who keep the server busy could try as many as they like.
            self.attempts.failed(user_id, source or "", password)
            raise
        if user is None:
            self.attempts.failed(user_id, source or "", password)
        else:
            self.attempts.was_right(user_id, source or "")
        return user

    def find_known_user(self, users: UserFolder, authorization: str) -> User | None:
        """The user of a Basic header that was right a moment ago; None for any other, which `learn_user` looks at.

        It takes microseconds, where a password that is checked anew takes a tenth of a second on purpose.
        """
        try:
            return users.known_user(*_credentials(authorization.partition(" ")[2]))
        except BadCredentials:
            return None

    def admits(self, authorization: str, address: str | None) -> bool:
        """Whether `find_known_user` may be asked for a sender at this address (`Attempts.admits`)."""
        try:
            user_id, _ = _credentials(authorization.partition(" ")[2])
        except BadCredentials:
            return False
        return self.attempts.admits(user_id, address or "")

    def learn_user(self, users: UserFolder, authorization: str, address: str | None) -> bool:
        """Whether a Basic header is right: `find_known_user` knows it then. This takes its time.

        A wrong one is not counted: it is left to `find_user`, which has to say what is wrong.
        """
        try:
            user_id, password = _credentials(authorization.partition(" ")[2])
            self.attempts.check(user_id, address or "")
            return users.authenticate(user_id, password) is not None
        except (BadCredentials, RateExceeded):
            return False

    def _from_token(self, request: Request, token: str) -> User:
        users: UserFolder = request.site.acl_users
        user = users.authenticate_token(token)
        if user is None:
            raise BadCredentials("this token is not known, or has expired")
        return user

    def _from_cookie(self, request: Request) -> User:
        identity = self.helper.identify(request)
        if identity is None:
            return ANONYMOUS
        users: UserFolder = request.site.acl_users
        user = users.get_user(identity["userid"])
        stamp, session_id = _stamp_and_session(identity["tokens"])
        if (
            user is None
            or not hmac.compare_digest(stamp, stamp_token(users, user.id))
            or not session_id
            or users.is_ended_session(session_id)
        ):
            self.helper.forget(request)  # stops the helper from renewing a stale cookie
            return ANONYMOUS
        request.authenticated_by_cookie = True
        return user


def _credentials(value: str) -> tuple[str, str]:
    """User id and password of a Basic header's value; raises `BadCredentials`.

    The challenge asks for UTF-8. Python's requests and others send Latin-1 all the same: what cannot be UTF-8 is that.
    """
    try:
        sent = b64decode(value, validate=True)
    except ValueError:
        sent = b""
    try:
        user_id, separator, password = sent.decode("utf-8").partition(":")
    except UnicodeDecodeError:
        user_id, separator, password = sent.decode("latin-1").partition(":")
    if not separator:
        raise BadCredentials("the Authorization header is not valid HTTP Basic: base64 of user:password in UTF-8")
    return user_id, password


def _stamp_and_session(tokens: Sequence[str]) -> tuple[str, str]:
    """The stamp and the session's id that a cookie carries; empty where it has none."""
    stamp, _, session_id = (tokens[0] if tokens else "").partition(SESSION_MARK)
    return stamp, session_id


def user_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Inside the transaction and below the error views: the whole request runs as its user, and is signed by it."""

    def user_tween(request: Request) -> Response:
        if is_static(request):
            return handler(request)
        policy = registry["wendelin.policy"]
        # Asked by an error view after a failure to identify, the answer has to be nobody, not that failure again.
        request.user = ANONYMOUS
        request.user = policy.find_user(request)
        request.tm.get().description = ""  # pyramid_tm has noted the path alone
        sign_transaction(request.tm.get(), request.user.id, f"{request.method} {request.path_info}")
        with as_user(request.user):
            return handler(request)

    return user_tween


def request_user(request: Request) -> User:
    """``request.user`` where no tween has set it (a static file, an error before the login was looked at)."""
    return ANONYMOUS


def includeme(config: Configurator) -> None:
    """The policy, ``request.user``, and the tween that runs each request as its user."""
    policy = Policy(config.registry["wendelin.secret"], config.registry.settings["wendelin.https"])
    config.registry["wendelin.policy"] = policy
    config.set_security_policy(policy)
    config.set_default_permission("View")
    config.add_request_method(request_user, "user", reify=True)
    config.add_tween("wendelin.core.web.access.authentication.user_tween_factory", under=EXCVIEW, over=MAIN)
