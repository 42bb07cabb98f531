"""The log of an ingestion policy: what it refused, what came twice, which tags it could not read. Bounded.

An entry is about a request whose own transaction is aborted, or has better things to do. So entries wait in memory, and
a thread writes those of a moment in one transaction of its own; a flood of refusals costs no more than that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from persistent import Persistent
from transaction.interfaces import TransientError
from ZODB.POSException import ConflictError

from wendelin.core.database import Database
from wendelin.core.model.objects.site import SITE_ID
from wendelin.core.security import SYSTEM, as_user, get_user
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_stream import unpack_complete
from wendelin.plugins.ingestion.policies.counters import count_refusal

LENGTH = 100  # entries that a policy keeps
WAITING = 1000  # entries that wait in memory, at most
SECONDS = 0.5  # between two writes
TEXT = 200
SAMPLE_SIZE = 64 << 10
SAMPLE_SECONDS = 60.0

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

    def _p_resolveConflict(self, old: Any, saved: Any, new: Any) -> Any:
        if not set(old) <= {"entries", "sample"}:
            raise ConflictError("the log of a policy has a form that is not known")
        mine = tuple(entry for entry in new["entries"] if entry not in old["entries"])
        return {**saved, "entries": (*saved["entries"], *mine)[-LENGTH:]}


class Writer:
    """Entries of this process that are not written yet, and the thread that writes them."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, str, Entry | Sample]] = []  # database, policy, what is added
        self._sampled: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, policy: Any, kind: str, reference: str, message: str) -> None:
        """Add an entry to a policy's log, a moment later; dropped when too many wait."""
        self.note_later(policy, kind, reference, message)()

    def note_later(self, policy: Any, kind: str, reference: str, message: str) -> Callable[[], None]:
        """A function that adds the entry, when it is sure that it happened."""
        entry = Entry(datetime.now(UTC), kind, get_user().id[:TEXT], reference[:TEXT], message[:TEXT])
        if policy._p_jar is None:
            return lambda: None
        return partial(self._add, (policy._p_jar.db(), policy.getId(), entry))

    def keep_sample(self, policy: Any, reference: str, body: Body, at_once: bool = False) -> None:
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

    def _add(self, waiting: tuple[Any, str, Entry | Sample]) -> None:
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
            by_database: dict[Any, dict[str, list[Entry | Sample]]] = {}
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
            database.run(lambda connection: _add(connection, entries), description="Log of ingestion policies")
    except TransientError:
        logger.warning("others kept writing the logs of ingestion policies: %d entries are lost", len(entries))
    except Exception:
        logger.warning("the logs of ingestion policies cannot be written", exc_info=True)


def _add(connection: Any, entries: dict[str, list[Entry | Sample]]) -> None:
    tool = connection.root()[SITE_ID].get("portal_ingestion_policies")
    for policy_id, added in entries.items():
        policy = tool.get(policy_id) if tool is not None else None
        if policy is not None:
            log = policy.log()
            log.add([entry for entry in added if isinstance(entry, Entry)])
            for sample in (entry for entry in added if isinstance(entry, Sample)):
                log.sample = Sample(sample.reference, sample.data, sample.size)  # of this attempt's connection


writer = Writer()
note = writer.note
note_later = writer.note_later
keep_sample = writer.keep_sample
flush = writer.flush
