"""What happened: transactions that can be undone, the states a document had, and the site as it was.

All of it is read from the storage: nothing is recorded beside. Engines that keep no history (`Database.supports_undo`)
answer with the present state only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from persistent.timestamp import TimeStamp
from ZODB.POSException import POSKeyError, UndoError
from ZODB.utils import oid_repr

from wendelin.core.database import Database, Revision, sign_transaction
from wendelin.core.document import Document
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.security import MANAGE, get_user, require_permission

#: State that says nothing to a person: the tree of children, caches, places.
INTERNAL = ("_", "workflow_history")


@dataclass(frozen=True)
class Change:
    """One property that differs between two states of a document; None where it was not set."""

    name: str
    old: Any
    new: Any


def database_of(document: Any) -> Database:
    """The database that a document is stored in."""
    if document._p_jar is None:
        raise BadRequest(f"{document!r} is not stored yet: it has no history")
    return Database(document._p_jar.db())


def undo_log(site: Any, first: int = 0, last: int = 20) -> list[Revision]:
    """The transactions of the site that can be undone, the newest first; user and description as they were signed."""
    require_permission(MANAGE, site)
    database = database_of(site)
    return database.undo_log(first, last) if database.supports_undo else []


def undo(site: Any, tid: bytes) -> Revision:
    """Undo a transaction, as part of the present one; returns what is undone. The caller commits.

    Raises `NotFound` for a transaction that is not among the last 1000, and `BadRequest` when what it changed was
    changed again since: then nothing can be undone without undoing that first.
    """
    require_permission(MANAGE, site)
    database = database_of(site)
    found = next((entry for entry in database.undo_log(0, 1000) if entry.tid == tid), None)
    if found is None:
        raise NotFound(f"there is no transaction {oid_repr(tid)} that can be undone")
    manager = site._p_jar.transaction_manager
    try:
        database.undo(found.undo_id, manager)
    except UndoError as error:
        raise BadRequest(f"{found.description or found.time} cannot be undone: {error}") from error
    sign_transaction(manager.get(), get_user().id, f"undo: {found.description or found.time.isoformat()}")
    return found


def get_history(document: Document, size: int = 20) -> list[Revision]:
    """The transactions that changed the document's own record, the newest first; one at least."""
    return database_of(document).history(document._p_oid, size)


def state_at(document: Document, tid: bytes) -> dict[str, Any]:
    """The document's attributes as the transaction ``tid`` wrote them; `NotFound` where it wrote none, or is packed."""
    connection = document._p_jar
    try:
        return dict(connection.oldstate(document, tid))
    except (POSKeyError, KeyError) as error:
        raise NotFound(f"{document.getPath()} has no state of transaction {oid_repr(tid)}") from error


def _present_state(document: Document) -> dict[str, Any]:
    document._p_activate()
    return dict(document.__dict__)


def properties_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """What a state says to a person: properties and categories."""
    return {name: value for name, value in state.items() if not name.startswith(INTERNAL)}


def differences(document: Document, old_tid: bytes, new_tid: bytes | None = None) -> list[Change]:
    """What changed between two states, by property; ``new_tid`` None is the document as it is now."""
    old = properties_of(state_at(document, old_tid))
    new = properties_of(_present_state(document) if new_tid is None else state_at(document, new_tid))
    names = sorted(set(old) | set(new))
    return [Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def changes(document: Document, size: int = 20) -> Iterator[tuple[Revision, list[Change]]]:
    """Every state of the document with what it changed from the one before, the newest first."""
    revisions = get_history(document, size + 1)
    for revision, before in zip(revisions, [*revisions[1:], None], strict=True):
        if before is not None:
            yield revision, differences(document, before.tid, revision.tid)
        elif len(revisions) <= size:
            yield (
                revision,
                [Change(k, None, v) for k, v in sorted(properties_of(state_at(document, revision.tid)).items())],
            )


@contextmanager
def as_of(document: Document, at: datetime | bytes) -> Iterator[Any]:
    """The document as it was at a moment, or after a transaction, in a read-only copy of the site of that time.

    Raises `NotFound` where it did not exist then, `BadRequest` where the engine keeps no history.
    """
    database = database_of(document)
    if not database.supports_undo:
        raise BadRequest("this database keeps no history: the site can be seen as it is now only")
    site = document.getPortalObject()
    with database.connect(at=at) as connection:
        old_site = connection.root().get(site.__name__)
        if old_site is None:
            raise NotFound(f"there was no site at {moment_of(at)}")
        yield old_site.unrestrictedTraverse(document.getRelativeUrl())


def moment_of(at: datetime | bytes) -> datetime:
    """The time of a transaction id, or the time itself."""
    return at if isinstance(at, datetime) else datetime.fromtimestamp(TimeStamp(at).timeTime(), UTC)


def parse_tid(text: str) -> bytes:
    """A transaction id from its 16 hexadecimal digits, as URLs carry it; `BadRequest`."""
    try:
        tid = bytes.fromhex(text)
    except ValueError:
        tid = b""
    if len(tid) != 8:
        raise BadRequest(f"{text!r} is not the id of a transaction")
    return tid
