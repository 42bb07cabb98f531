"""Errors that only the web knows, and the HTTP status of every kind of error."""

from __future__ import annotations

from wendelin.core.errors import BadRequest, Unauthorized, WendelinError


class BadCredentials(Unauthorized):
    """The credentials that came with the request are wrong: always a challenge, also where nobody need log in."""

    kind = "bad-credentials"


class CrossSiteRequest(BadRequest):
    """A page of another site, or one that is too old, made the browser send this."""

    kind = "cross-site-request"


STATUS_BY_KIND = {
    "not-found": 404,
    "bad-credentials": 401,
    "unauthorized": 403,
    "bad-request": 400,
    "cross-site-request": 403,
    "duplicate-id": 409,
    "request-too-large": 413,
    "rate-exceeded": 429,
    "busy": 503,
    "validation-failed": 422,
    "unsupported-workflow-method": 409,
    "missing-dependency": 409,
    "dependents-remain": 409,
    "path-owned": 409,
    "business-template-error": 409,
    "database-unavailable": 503,
    "database-locked": 503,
    "storage-full": 507,
}


def status_of(error_class: type[WendelinError]) -> int:
    """The status of the class's kind; of the kind of the nearest base class that has one; else 500."""
    for cls in error_class.__mro__:
        status = STATUS_BY_KIND.get(getattr(cls, "kind", ""))
        if status is not None:
            return status
    return 500
