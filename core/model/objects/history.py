"""What happened: transactions that can be undone, the states a document had, and the site as it was.

All of it is read from the storage: nothing is recorded beside. Engines that keep no history (`Database.supports_undo`)
answer with the present state only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from persistent.timestamp import TimeStamp
from transaction import TransactionManager
from transaction.interfaces import NoTransaction
from ZODB.POSException import POSKeyError, UndoError

from wendelin.core.database import BOOKKEEPING, Database, Revision, sign_transaction
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.interfaces import IDocument, ISite
from wendelin.core.model.objects.document import Document
from wendelin.core.security import MANAGE, get_user, require_permission

#: State that says nothing to a person: the tree of children, caches, places.
INTERNAL = ("_", "workflow_history")
#: How far back transactions can be undone, and how many of them are read at once.
DEPTH, BLOCK = 5000, 250
#: The second one is ZODB's: without it there is no database.
NOT_OFFERED = (BOOKKEEPING, "initial database creation")


@dataclass(frozen=True)
class Change:
    """One property that differs between two states of a document; None where it was not set."""

    name: str
    old: Any
    new: Any


def database_of(document: IDocument) -> Database:
    """The database that a document is stored in."""
    if document._p_jar is None:
        raise BadRequest(f"{document!r} is not stored yet: it has no history")
    return Database(document._p_jar.db())


def undo_log(site: ISite, first: int = 0, last: int = 20) -> list[Revision]:
    """The transactions of the site that can be undone, the newest first; user and description as they were signed.

    What the platform did for itself (`BOOKKEEPING`) is left out, and not counted by ``first`` and ``last``.
    """
    require_permission(MANAGE, site)
    return list(islice(_offered(database_of(site)), first, last))


def _offered(database: Database) -> Iterator[Revision]:
    """All but bookkeeping, of the last `DEPTH` transactions."""
    if not database.supports_undo:
        return
    for start in range(0, DEPTH, BLOCK):
        block = database.undo_log(start, start + BLOCK)
        yield from (entry for entry in block if not entry.description.startswith(NOT_OFFERED))
        if len(block) < BLOCK:
            return


def undo(site: ISite, tid: bytes) -> Revision:
    """Undo a transaction, at once and in a transaction of its own; returns what is undone.

    The present transaction goes on with the state it began with. Raises `NotFound` for a transaction that is not among
    the last `DEPTH`, and `BadRequest`, which names what was changed again since and has to be undone first.
    """
    require_permission(MANAGE, site)
    database = database_of(site)
    found = next((entry for entry in _offered(database) if entry.tid == tid), None)
    if found is None:
        raise NotFound(f"there is no transaction {tid.hex()} that can be undone")
    what = found.description or found.time.isoformat()
    manager = TransactionManager(explicit=True)
    manager.begin()
    database.undo(found.undo_id, manager)
    sign_transaction(manager.get(), get_user().id, f"undo: {what}")
    try:
        manager.commit()
    except UndoError as error:
        raise BadRequest(_refusal(site, what, error)) from error
    finally:
        with suppress(NoTransaction):
            manager.abort()
    return found


def _refusal(site: ISite, what: str, error: UndoError) -> str:
    """Why a transaction cannot be undone, and what to do."""
    failed = [entry for argument in error.args if isinstance(argument, list) for entry in argument]
    oids = [entry[0] for entry in failed if isinstance(entry, tuple) and entry] or [getattr(error, "oid", None)]
    found = [site._p_jar.get(oid) for oid in oids if isinstance(oid, bytes)]
    paths = sorted({document.getRelativeUrl() or "the site" for document in found if isinstance(document, Document)})
    changed = ", ".join(paths) if paths else "the list or the index in which it stands"
    return (
        f"{what!r} cannot be undone alone: {changed} was changed again by later transactions. Choose these as well: "
        "they are undone before it. Or change the document by hand to what its History shows"
    )


def get_history(document: Document, size: int = 20) -> list[Revision]:
    """The transactions that changed the document's own record, the newest first; one at least."""
    return database_of(document).history(document._p_oid, size)


def state_at(document: Document, tid: bytes) -> dict[str, Any]:
    """The document's attributes as the transaction ``tid`` wrote them; `NotFound` where it wrote none, or is packed."""
    connection = document._p_jar
    try:
        return dict(connection.oldstate(document, tid))
    except (POSKeyError, KeyError) as error:
        raise NotFound(f"{document.getPath()} has no state of transaction {tid.hex()}") from error


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
    with database.connect(at=min(tid_at(at), database.last_transaction)) as connection:
        try:
            old_site = connection.root().get(site.__name__)
        except POSKeyError:  # before the first transaction
            old_site = None
        if old_site is None:
            raise NotFound(f"there was no site at {moment_of(at)}")
        yield old_site.unrestrictedTraverse(document.getRelativeUrl())


def moment_of(at: datetime | bytes) -> datetime:
    """The time of a transaction id, or the time itself."""
    return at if isinstance(at, datetime) else datetime.fromtimestamp(TimeStamp(at).timeTime(), UTC)


def tid_at(at: datetime | bytes) -> bytes:
    """The largest transaction id that a transaction of that moment could have; a transaction id as it is."""
    if isinstance(at, bytes):
        return at
    moment = at.astimezone(UTC)
    seconds = moment.second + moment.microsecond / 1e6
    tid: bytes = TimeStamp(moment.year, moment.month, moment.day, moment.hour, moment.minute, seconds).raw()
    return tid


def parse_tid(text: str) -> bytes:
    """A transaction id from its 16 hexadecimal digits, as URLs carry it; `BadRequest`."""
    try:
        tid = bytes.fromhex(text)
    except ValueError:
        tid = b""
    if len(tid) != 8:
        raise BadRequest(f"{text!r} is not the id of a transaction")
    return tid
