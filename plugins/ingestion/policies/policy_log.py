"""The log of an ingestion policy: what it refused, what came twice, which tags it could not read. Bounded.

The transaction of a request that is refused is aborted, and one that stores a chunk is not to be held up. So entries
wait in memory, and a thread writes those of a moment in one transaction; a flood of refusals costs no more than that.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ZODB
from BTrees.OLBTree import OLBTree
from persistent import Persistent
from transaction.interfaces import TransientError
from ZODB.Connection import Connection
from ZODB.POSException import ConflictError

from wendelin.core.database import BOOKKEEPING, Database, is_passing
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user, get_user
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.msgpack_objects import unpack_complete
from wendelin.plugins.ingestion.policies.addresses import TOOL
from wendelin.plugins.ingestion.policies.counters import count_refusal, transaction_of

LENGTH = 100  # entries that a policy keeps
WAITING = 1000  # entries that wait in memory, at most
SECONDS = 0.5  # between two writes
TEXT = 200
SAMPLE_SIZE = 64 << 10
SAMPLE_SECONDS = 60.0

State = dict[str, Any]  # of a policy's log, as the database keeps it

logger = logging.getLogger(__name__)

REFUSED, REPEATED, BAD_TAG, FAILED = "refused", "repeated", "bad tag", "failed"


@dataclass(frozen=True)
class Entry:
    """``time`` in UTC; ``kind`` is one of the words above."""

    time: datetime
    kind: str
    user: str
    reference: str
    message: str


class Sample(Persistent):
    """The beginning of a chunk that came lately, to try scripts on: whole events, where it has any."""

    def __init__(self, reference: str, data: bytes, size: int) -> None:
        self.reference, self.data, self.size = reference, data, size


class PolicyLog(Persistent):
    """The last entries; those of two processes are put together. ``sample`` is whichever came last."""

    sample: Sample | None = None

    def __init__(self) -> None:
        self.entries: tuple[Entry, ...] = ()

    def add(self, entries: list[Entry]) -> None:
        """Add entries, and drop the oldest."""
        if not entries:
            return
        self.entries = (*self.entries, *entries)[-LENGTH:]

    def _p_resolveConflict(self, old: State, saved: State, new: State) -> State:
        if not set(old) <= {"entries", "sample"}:
            raise ConflictError("the log of a policy has a form that is not known")
        mine = tuple(entry for entry in new["entries"] if entry not in old["entries"])
        return {**saved, "entries": (*saved["entries"], *mine)[-LENGTH:]}


Waiting = tuple[ZODB.DB, str, Entry | Sample]  # database, id of a policy, what is added to its log


class Writer:
    """Entries of this process that are not written yet, and the thread that writes them."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._sampled: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, policy: Document, kind: str, reference: str, message: str) -> None:
        """Add an entry to a policy's log, a moment later; dropped when too many wait."""
        if policy._p_jar is not None:
            self._add(_entry(policy, kind, reference, message))

    def note_committed(self, policy: Document, kind: str, reference: str, message: str) -> None:
        """Add an entry to a policy's log when the present transaction has committed."""
        transaction = transaction_of(policy)
        if transaction is not None:
            entry = _entry(policy, kind, reference, message)
            transaction.addAfterCommitHook(lambda success: self._add(entry) if success else None)

    def keep_sample(self, policy: Document, reference: str, body: Body, at_once: bool = False) -> None:
        """Keep the beginning of a chunk, once in a while for each policy, or ``at_once``."""
        if policy._p_jar is None:
            return
        key = (id(policy._p_jar.db()), policy.getId())
        now = time.monotonic()
        if not at_once and now < self._sampled.get(key, 0.0):
            return
        self._sampled[key] = now + SAMPLE_SECONDS
        data = bytes(next(iter(body.blocks(SAMPLE_SIZE)), b""))
        if len(data) < body.size:
            data = data[: _whole(data)] or data
        self._add((policy._p_jar.db(), policy.getId(), Sample(reference[:TEXT], data, body.size)))

    def _add(self, waiting: Waiting) -> None:
        _, policy_id, entry = waiting
        if isinstance(entry, Entry) and entry.kind != REPEATED:  # those count when their transaction commits
            count_refusal(policy_id, entry.kind)
        with self._lock:
            if len(self._waiting) >= WAITING:
                return
            self._waiting.append(waiting)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="policy-log", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write what waits, now."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            by_database: dict[ZODB.DB, dict[str, list[Entry | Sample]]] = {}
            for database, policy_id, entry in waiting:
                by_database.setdefault(database, {}).setdefault(policy_id, []).append(entry)
            for database, entries in by_database.items():
                _write(Database(database), entries)

    def _run(self) -> None:
        while True:
            time.sleep(SECONDS)
            self.flush()
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return


def _entry(policy: Document, kind: str, reference: str, message: str) -> Waiting:
    """An entry about what the current user sends now."""
    entry = Entry(datetime.now(UTC), kind, get_user().id[:TEXT], reference[:TEXT], message[:TEXT])
    return policy._p_jar.db(), policy.getId(), entry


def _whole(data: bytes) -> int:
    """How many bytes the complete msgpack objects at the beginning take."""
    try:
        return unpack_complete(data)[1]
    except ValueError:
        return 0


def _write(database: Database, entries: dict[str, list[Entry | Sample]]) -> None:
    """One transaction; a database that is away or full loses the entries, and says so in the server's log."""
    try:
        with as_user(SYSTEM):
            database.run(lambda connection: _add(connection, entries), description=f"{BOOKKEEPING}logs of policies")
    except TransientError:
        logger.warning("others kept writing the logs of ingestion policies: %d entries are lost", len(entries))
    except Exception as error:
        reason = None if is_passing(error) else error
        logger.warning("the logs of ingestion policies cannot be written: %s", error, exc_info=reason)


def _add(connection: Connection, entries: dict[str, list[Entry | Sample]]) -> None:
    tool = get_site(connection).get_child(TOOL)
    for policy_id, added in entries.items():
        policy = tool.get_child(policy_id) if tool is not None else None
        if policy is not None:
            log = policy.log()
            lines = [entry for entry in added if isinstance(entry, Entry)]
            log.add(lines)
            refusals = [entry.time for entry in lines if entry.kind != REPEATED]
            if refusals:
                _note_refusal(tool, policy_id, int(max(refusals).timestamp()))
            for sample in (entry for entry in added if isinstance(entry, Sample)):
                log.sample = Sample(sample.reference, sample.data, sample.size)  # of this attempt's connection


def _note_refusal(tool: Any, policy_id: str, moment: int) -> None:
    """So that the main page finds it without looking at every policy."""
    if tool.refusal_times is None:
        tool.refusal_times = OLBTree()
    tool.refusal_times[policy_id] = moment


writer = Writer()
note = writer.note
note_committed = writer.note_committed
keep_sample = writer.keep_sample
flush = writer.flush
