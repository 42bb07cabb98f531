"""Ids and numbers of new documents, handed out so that concurrent writers seldom meet.

An id is a name in a folder: a small integer by default. A uid is the document's number in the whole site.

A process reserves numbers in blocks, each in a short transaction of its own; so two processes that create documents
in one folder at the same time write different keys and different buckets, and never the same counter. Numbers of a
block that nobody used stay gaps. A process that creates rarely reserves one number at a time, so that a person who
creates documents by hand sees 1, 2, 3.

Indexes are trees ordered by uid. Were uids handed out one after the other, all writers would write into the last
bucket of each tree, and conflict. So every process starts at a random place and counts on from there: its documents
share buckets with one another (small commits) and not with those of other processes.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import transaction
from persistent import Persistent
from ZODB.POSException import ConflictError

from wendelin.core.database import Retry, sign_bookkeeping
from wendelin.core.errors import BadRequest, InvalidId
from wendelin.core.registry import get_registry

if TYPE_CHECKING:
    from wendelin.core.model.objects.folder import Folder

LARGEST_BLOCK = 64
QUIET_SECONDS = 5.0
#: Each try costs a small transaction; fifty in vain mean that the site is overrun.
RESERVING = Retry(attempts=50, first_pause=0.001, longest_pause=0.1, errors=(ConflictError,))
FORBIDDEN = frozenset("/\\?#:%&+\"'<>")


class IdCounter(Persistent):
    """The last number reserved in one folder; its own record, so that reserving does not touch the folder."""

    last = 0


class _Block:
    """Numbers that this process may hand out for one folder."""

    def __init__(self) -> None:
        self.next = self.end = 0
        self.size = 0
        self.reserved_at = float("-inf")

    def grow(self) -> int:
        now = time.monotonic()
        busy = now - self.reserved_at < QUIET_SECONDS
        self.size = min(self.size * 2, LARGEST_BLOCK) if busy and self.size else 1
        self.reserved_at = now
        return self.size


_blocks: WeakKeyDictionary[Any, dict[bytes, _Block]] = WeakKeyDictionary()
_lock = threading.Lock()


def next_integer(folder: Folder) -> str:
    """The next free integer id of the folder, as text."""
    while True:
        id = str(_reserve(folder.id_counter()))
        if folder.get_child(id) is None:
            return id


def per_day(folder: Folder) -> str:
    """``YYYYMMDD-<random>``."""
    return f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}"


def random_id(folder: Folder) -> str:
    """A random hexadecimal number of 64 bits."""
    return secrets.token_hex(8)


GENERATORS = {
    "": next_integer,
    "_generateNextId": next_integer,
    "_generatePerDayId": per_day,
    "_generateRandomId": random_id,
}


def generate_id(folder: Folder) -> str:
    """An id by the generator that the folder, or its portal type, names."""
    name = folder.getProperty("id_generator") or folder.getTypeInfo().id_generator
    if name not in GENERATORS:
        raise BadRequest(f"{folder!r}: unknown id generator {name!r}; known: {', '.join(filter(None, GENERATORS))}")
    return GENERATORS[name](folder)


def check_id(id: str) -> str:
    """The id, when it can stand in a URL and shadows nothing; raises `InvalidId`."""
    if not isinstance(id, str) or not id.strip():
        raise InvalidId("an id must be text and not empty")
    if id.startswith(("_", "@@")) or id in (".", "..") or FORBIDDEN & set(id) or not id.isprintable() or len(id) > 200:
        raise InvalidId(f"{id[:80]!r} cannot be an id: it may not start with _ nor hold / \\ ? # : % & + or quotes")
    return id


def check_address(folder: Folder, id: str) -> str:
    """The id, unless it is the address of a page of the folder itself, which the new document would stand before."""
    for entry in get_registry().get_list("view"):
        if entry.value["name"] != id:
            continue
        context = entry.value["context"]
        fits = folder.portal_type == context if isinstance(context, str) else isinstance(folder, context or object)
        if fits:
            raise InvalidId(f"{id!r} cannot be an id here: {folder.getPath()}/{id} is a page of {folder.getTitle()}")
    return id


def _reserve(counter: IdCounter) -> int:
    database = counter._p_jar.db() if counter._p_jar is not None else None
    if database is None:
        return _count(counter, 1)
    with _lock:
        block = _blocks.setdefault(database, {}).setdefault(counter._p_oid, _Block())
        if block.next >= block.end:
            size = block.grow()
            try:
                last = _reserve_durably(database, counter._p_oid, size)
            except KeyError:  # the folder was made in this very transaction: nobody else can know it yet
                return _count(counter, 1)
            block.next, block.end = last - size + 1, last + 1
        block.next += 1
        return block.next - 1


def _count(counter: IdCounter, size: int) -> int:
    counter.last += size
    return counter.last


def _reserve_durably(database: Any, oid: bytes, size: int) -> int:
    """Move the counter on in a transaction of its own; raises KeyError when no other connection can see it yet."""

    def reserve() -> int:
        manager = transaction.TransactionManager()
        connection = database.open(transaction_manager=manager)
        try:
            last = _count(connection.get(oid), size)
            sign_bookkeeping(manager.get(), "reserve ids")
            manager.commit()
            return last
        finally:
            manager.abort()
            connection.close()

    try:
        return RESERVING.call(reserve)
    except ConflictError as error:
        raise BadRequest(
            f"no id could be reserved in {RESERVING.attempts} attempts: too many processes create documents here"
        ) from error


#: Uids stay below 2**52, so that JavaScript, whose numbers are exact up to 2**53, can carry them.
UID_LIMIT = 1 << 52
#: After so many uids a process moves to another random place.
RUN_LENGTH = 1 << 20


class UidRun:
    """A run of consecutive numbers from a random start; safe for threads, and started anew in a forked child."""

    def __init__(self, limit: int = UID_LIMIT, length: int = RUN_LENGTH) -> None:
        self._limit = limit
        self._length = length
        self._lock = threading.Lock()
        self._left = 0
        self._next = 0

    def restart(self) -> None:
        """Forget the run: the next number comes from a new random place (and a lock no other thread holds)."""
        self._lock = threading.Lock()
        self._left = 0

    def take(self) -> int:
        """The next number, from 1 up to the limit."""
        with self._lock:
            if not self._left:
                self._next = random.SystemRandom().randrange(1, self._limit - self._length)
                self._left = self._length
            self._left -= 1
            self._next += 1
            return self._next


_uids = UidRun()
os.register_at_fork(after_in_child=_uids.restart)


def new_uid() -> int:
    """A number for a new document: unique with near certainty (the catalog finds out if it is not)."""
    return _uids.take()
