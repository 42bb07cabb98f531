"""Browsers that a user has logged in with before: what others try from the same address does not keep them out.

A cookie says so, signed for the user and void after a new password. It lets nobody in; only the wrong passwords that
come with it are counted apart from those of its address.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from pyramid.request import Request
from pyramid.response import Response

COOKIE = "known_device"
SECONDS = 180 * 24 * 3600


def source_of(request: Request, user_id: str) -> str:
    """Whose attempts to log in as that user are counted together: this browser's, or those of its address."""
    number, _, signature = request.cookies.get(COOKIE, "").partition(".")
    wanted = _signature(request, user_id, number)
    if wanted and hmac.compare_digest(signature.encode(), wanted.encode()):
        return f"device {number}"
    return request.client_addr or ""


def remember_device(request: Request, response: Response, user_id: str) -> None:
    """After a login."""
    number = secrets.token_hex(12)
    response.set_cookie(
        COOKIE,
        f"{number}.{_signature(request, user_id, number)}",
        max_age=SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.registry.settings["wendelin.https"],
    )


def _signature(request: Request, user_id: str, number: str) -> str:
    """Empty for a user that there is not."""
    stamp = request.site.acl_users.get_session_stamp(user_id)
    text = f"{COOKIE}:{len(user_id)}:{user_id}:{stamp}:{number}"
    key = request.registry["wendelin.secret"]
    return hmac.digest(key.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hex() if stamp else ""
