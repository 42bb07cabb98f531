"""Marks of the chunks that a sink has stored last: how a chunk that is sent again is recognised.

A mark is a digest of 16 bytes, of the chunk's id where the client gives one, else of a body whose
events carry exact moments. It is committed in the
transaction that stores the chunk. Where two processes store the same chunk at the same moment, the marks of the second
conflict with those of the first; it is run again, and then finds the chunk stored. Different chunks do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from persistent import Persistent
from ZODB.POSException import ConflictError

from wendelin.core.model.objects.document import Document
from wendelin.core.security import ACCESS, private, protected

MARK_SIZE = 16
SEGMENT = 32  # marks that are moved out of the record that every chunk writes, together
RECENT = 2 * SEGMENT  # marks in that record, at most
DEFAULT_COUNT = 256

#: The record of `ChunkMarks`: the newest marks, those before, how many were added ever, how many repeats dropped.
State = tuple[bytes, tuple["MarkSegment", ...], int, int]


def mark_of_id(reference: str, chunk_id: str) -> bytes:
    """The mark of a chunk that the client gave an id."""
    return hashlib.blake2b(f"{reference}\0{chunk_id}".encode("utf-8", "surrogatepass"), digest_size=MARK_SIZE).digest()


def mark_of_body(reference: str, digest: bytes) -> bytes:
    """The mark of a chunk that is known by the digest of its bytes alone."""
    tag = reference.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(tag + digest, digest_size=MARK_SIZE, person=b"body").digest()


def has_mark(marks: bytes, mark: bytes) -> bool:
    """Whether ``mark`` stands in a row of marks."""
    at = marks.find(mark)
    while at >= 0 and at % MARK_SIZE:
        at = marks.find(mark, at + 1)
    return at >= 0


class MarkSegment(Persistent):
    """Marks that are not written any more."""

    def __init__(self, marks: bytes) -> None:
        self.marks = marks


class ChunkMarks(Persistent):
    """The marks of the last chunks, and how many repeats were dropped.

    The newest stand in this record, which stays small because every chunk writes it; older ones in segments.
    ``count`` is the number of marks that were ever added.
    """

    def __init__(self) -> None:
        self.recent = b""
        self.older: tuple[MarkSegment, ...] = ()
        self.count = self.dropped = 0

    def __contains__(self, mark: bytes) -> bool:
        return has_mark(self.recent, mark) or any(has_mark(segment.marks, mark) for segment in self.older)

    def add(self, mark: bytes, keep: int = DEFAULT_COUNT) -> None:
        """Remember a chunk; of those before, at least ``keep``."""
        self.recent += mark
        self.count += 1
        if len(self.recent) > RECENT * MARK_SIZE:
            oldest, self.recent = self.recent[: SEGMENT * MARK_SIZE], self.recent[SEGMENT * MARK_SIZE :]
            segments = -(-max(keep - SEGMENT, 0) // SEGMENT)
            self.older = (*self.older, MarkSegment(oldest))[-segments:] if segments else ()

    def __getstate__(self) -> State:
        return self.recent, self.older, self.count, self.dropped

    def __setstate__(self, state: State) -> None:
        self.recent, self.older, self.count, self.dropped = state

    def _p_resolveConflict(self, old: State, saved: State, new: State) -> State:
        """Theirs, followed by mine; refused when the same chunk is among both, or when theirs cannot all be seen."""
        theirs = _added(old, saved)
        mine = _added(old, new)
        if theirs is None or mine is None:
            raise ConflictError("too many chunks were stored at the same moment to compare them")
        if any(has_mark(theirs, mine[at : at + MARK_SIZE]) for at in range(0, len(mine), MARK_SIZE)):
            raise ConflictError("another process is storing the same chunk at this moment")
        recent, older, count, dropped = saved
        return recent + mine, older, count + len(mine) // MARK_SIZE, dropped + new[3] - old[3]


def _added(old: State, state: State) -> bytes | None:
    """The marks that ``state`` has beyond ``old``; None when they do not all stand in its record."""
    size = (state[2] - old[2]) * MARK_SIZE
    recent = state[0]
    if size < 0 or size > len(recent):
        return None  # cleared meanwhile, or more than a record holds
    return recent[len(recent) - size :]


class ChunkDates(Persistent):
    """The date of the last chunk by policy, of those that keep an order: what it is read from, and a number.

    Two processes that date chunks of one document at the same moment conflict; the second looks again.
    """

    def __init__(self) -> None:
        self.last: dict[str, tuple[str, int]] = {}

    def note(self, policy_id: str, date: tuple[str, int] | None) -> None:
        """Remember the date of a chunk; None forgets that of the last."""
        others = {key: value for key, value in self.last.items() if key != policy_id}
        self.last = others if date is None else {**others, policy_id: date}


class MarkedDocument(Document):
    """A document that takes chunks, and knows which it has taken."""

    chunk_marks: ChunkMarks | None = None
    chunk_dates: ChunkDates | None = None

    @private
    def last_date(self, policy_id: str) -> tuple[str, int] | None:
        """The date of the last chunk that came through a policy which keeps an order."""
        return None if self.chunk_dates is None else self.chunk_dates.last.get(policy_id)

    @private
    def note_date(self, policy_id: str, date: tuple[str, int] | None) -> None:
        """Remember the date of a chunk; None for one that came as it came, which ends the order."""
        if date is None and self.last_date(policy_id) is None:
            return
        if self.chunk_dates is None:
            self.chunk_dates = ChunkDates()
        self.chunk_dates.note(policy_id, date)

    @private
    def marks(self) -> ChunkMarks:
        """The marks, made at first use."""
        if self.chunk_marks is None:
            self.chunk_marks = ChunkMarks()
        return self.chunk_marks

    @private
    def forget_chunks(self) -> None:
        """What was stored is gone on purpose, so that it may be sent again."""
        if self.chunk_marks is not None:
            dropped, self.chunk_marks = self.chunk_marks.dropped, ChunkMarks()
            self.chunk_marks.dropped = dropped
        self.chunk_dates = None

    @protected(ACCESS)
    def getRepeatCount(self) -> int:
        """How many chunks were sent again, and not stored a second time."""
        return self.chunk_marks.dropped if self.chunk_marks is not None else 0


def find_marked(parameter_dict: Mapping[str, Mapping[str, object]]) -> MarkedDocument | None:
    """The document among an operation's parameters that remembers the chunk: the first that can; None for none."""
    for items in parameter_dict.values():
        for item in items.values() if isinstance(items, Mapping) else ():
            if isinstance(item, MarkedDocument):
                return item
    return None
