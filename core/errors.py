"""Every error that Wendelin raises on purpose.

Each class carries ``kind``, a stable machine-readable word, and is also the built-in exception a Python programmer
would expect, so that ``except KeyError`` keeps working::

    WendelinError
    ├── NotFound (LookupError)                  not-found
    ├── AttributeNotFound (AttributeError)      attribute-not-found
    ├── Unauthorized (PermissionError)          unauthorized
    ├── BadRequest (ValueError)                 bad-request
    │   ├── DisallowedContent                   disallowed-content
    │   ├── DuplicateId                         duplicate-id
    │   ├── InvalidId                           invalid-id
    │   ├── QueryError                          query-error
    │   ├── RequestTooLarge                     request-too-large
    │   └── ValidationFailed                    validation-failed
    ├── RateExceeded (RuntimeError)             rate-exceeded
    │   └── Busy                                busy
    ├── WorkflowError (RuntimeError)            workflow-error
    │   └── UnsupportedWorkflowMethod           unsupported-workflow-method
    ├── ScriptError (RuntimeError)              script-error
    ├── RegistrationError (RuntimeError)        registration-error
    ├── BusinessTemplateError (RuntimeError)    business-template-error
    │   ├── MissingDependency                   missing-dependency
    │   ├── DependentsRemain                    dependents-remain
    │   ├── PathOwned                           path-owned
    │   └── UserDataRemains                     user-data-remains
    ├── DatabaseError (RuntimeError)            database-error
    │   ├── DatabaseConfigurationError          database-configuration-error
    │   ├── DatabaseUnavailable (ConnectionError)  database-unavailable
    │   └── DatabaseLocked                      database-locked
    ├── LauncherError (RuntimeError)            launcher-error
    │   └── InstanceNotFound (NotFound)         instance-not-found
    └── BigDataError (RuntimeError)             big-data-error
        ├── ReadOnlyView (ValueError)           read-only-view
        ├── StaleView                           stale-view
        ├── StorageFull (OSError)               storage-full
        ├── TooLargeToMap (MemoryError)         too-large-to-map
        └── UnsupportedArray (TypeError)        unsupported-array
"""

from __future__ import annotations

from collections.abc import Iterable


class WendelinError(Exception):
    """The root of all errors raised on purpose."""

    kind = "error"


class NotFound(WendelinError, KeyError):
    """Nothing is at that path, id or reference."""

    kind = "not-found"
    __str__ = Exception.__str__  # a KeyError shows the repr of its message


class AttributeNotFound(WendelinError, AttributeError):
    """A lookup failed: ``where`` lists the places that were searched, in order."""

    kind = "attribute-not-found"

    def __init__(self, document: str, name: str, where: Iterable[str] = ()) -> None:
        self.where = tuple(where)
        looked = f" (looked in: {', '.join(self.where)})" if self.where else ""
        super().__init__(f"{document} has no attribute {name!r}{looked}")
        self.name = name


class Unauthorized(WendelinError, PermissionError):
    """The current user may not do that."""

    kind = "unauthorized"


class BadRequest(WendelinError, ValueError):
    """The caller's input is not usable; the message says what, where and what to do."""

    kind = "bad-request"


class DisallowedContent(BadRequest):
    """A container does not take a document of that portal type."""

    kind = "disallowed-content"


class DuplicateId(BadRequest):
    """A container already has a document with that id."""

    kind = "duplicate-id"


class InvalidId(BadRequest):
    """An id is empty, reserved, or holds a character that cannot stand in a path."""

    kind = "invalid-id"


class QueryError(BadRequest):
    """A catalog query that cannot be understood."""

    kind = "query-error"


class RequestTooLarge(BadRequest):
    """A body or a result passes a stated limit."""

    kind = "request-too-large"


class ValidationFailed(BadRequest):
    """A document, or a set of data, breaks its constraints: ``message_list`` holds every problem, not only one."""

    kind = "validation-failed"

    def __init__(self, message_list: Iterable[str]) -> None:
        self.message_list = list(message_list)
        super().__init__("; ".join(self.message_list))


class RateExceeded(WendelinError, RuntimeError):
    """Somebody asks more often than a stated limit allows; it is worth trying again after ``retry_after`` seconds."""

    kind = "rate-exceeded"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(RateExceeded):
    """Too many ask for the same at this moment, whoever they are; nothing is wrong with this one."""

    kind = "busy"


class WorkflowError(WendelinError, RuntimeError):
    """A workflow is wrongly defined or wrongly used."""

    kind = "workflow-error"


class UnsupportedWorkflowMethod(WorkflowError):
    """The transition is not available from the document's present state, or its guard refuses it."""

    kind = "unsupported-workflow-method"


class ScriptError(WendelinError, RuntimeError):
    """A script or template kept in the site cannot be compiled or refuses to run."""

    kind = "script-error"


class RegistrationError(WendelinError, RuntimeError):
    """Two plugins, or two places of one, registered the same thing: the message names both."""

    kind = "registration-error"


class BusinessTemplateError(WendelinError, RuntimeError):
    """A business template cannot be read, validated, installed or removed: ``problem_list`` holds every problem."""

    kind = "business-template-error"

    def __init__(self, problem_list: Iterable[str] | str) -> None:
        self.problem_list = [problem_list] if isinstance(problem_list, str) else list(problem_list)
        super().__init__("\n".join(self.problem_list))


class MissingDependency(BusinessTemplateError):
    """Another business template has to be installed first."""

    kind = "missing-dependency"


class DependentsRemain(BusinessTemplateError):
    """Other installed business templates need this one."""

    kind = "dependents-remain"


class PathOwned(BusinessTemplateError):
    """A path that a template brings belongs to another template, or to the user."""

    kind = "path-owned"


class UserDataRemains(BusinessTemplateError):
    """What users made would go, or lose its meaning, together with the template."""

    kind = "user-data-remains"


class DatabaseError(WendelinError, RuntimeError):
    """Something about the database engine."""

    kind = "database-error"


class DatabaseConfigurationError(DatabaseError):
    """The engine's configuration cannot work; the message says what to change."""

    kind = "database-configuration-error"


class DatabaseUnavailable(DatabaseError, ConnectionError):
    """The engine is away; it is worth trying again after ``retry_after`` seconds."""

    kind = "database-unavailable"

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseLocked(DatabaseError):
    """Another process holds the database."""

    kind = "database-locked"


class LauncherError(WendelinError, RuntimeError):
    """An instance cannot be started, found or changed; the message is one sentence for the operator."""

    kind = "launcher-error"


class InstanceNotFound(LauncherError, NotFound):
    """No instance was ever started in that folder."""

    kind = "instance-not-found"


class BigDataError(WendelinError, RuntimeError):
    """Something about big files and big arrays."""

    kind = "big-data-error"


class ReadOnlyView(BigDataError, ValueError):
    """A write to a view that cannot keep it."""

    kind = "read-only-view"


class StaleView(BigDataError):
    """A view was used after its connection closed or its memory moved."""

    kind = "stale-view"


class StorageFull(BigDataError, OSError):
    """The disk is full; the transaction was undone."""

    kind = "storage-full"


class TooLargeToMap(BigDataError, MemoryError):
    """More bytes than this process has address space for: work on parts."""

    kind = "too-large-to-map"


class UnsupportedArray(BigDataError, TypeError):
    """A dtype, an order or a shape that a big array cannot have, or cannot do that with."""

    kind = "unsupported-array"
