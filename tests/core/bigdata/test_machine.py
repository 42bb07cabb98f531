"""A file with two connections against a plain model: whatever is done in whatever order, nothing is lost or torn.

``WENDELIN_EXAMPLES`` sets the number of examples (the full run takes 2000).
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import ZODB
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from tests.core.bigdata.sessions import Session, open_database
from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.extents import record_store
from wendelin.core.bigdata.memory import pagemap

PAGE = 4096
MAX_SIZE = 24 * PAGE
SIDES = st.integers(0, 1)
OFFSETS = st.integers(0, MAX_SIZE) | st.integers(0, MAX_SIZE // PAGE).map(lambda page: page * PAGE)
LENGTHS = st.integers(1, 300) | st.sampled_from([PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 5 * PAGE])


class Side:
    """One connection with its model: the state it began with, and what it did since."""

    def __init__(self, db: Any, committed: bytes, began: int) -> None:
        self.session = Session(db)
        self.kept: np.ndarray | None = None
        self.savepoints: list[tuple[Any, bytearray, list[Any]]] = []
        self.begin(committed, began)

    def begin(self, committed: bytes, began: int) -> None:
        self.model, self.done, self.began, self.savepoints = bytearray(committed), [], began, []

    @property
    def array(self) -> BigArray:
        return self.session.root["array"]

    def do(self, action: tuple[Any, ...]) -> None:
        apply(self.model, action)
        self.done.append(action)


def apply(model: bytearray, action: tuple[Any, ...]) -> None:
    """The meaning of an action."""
    kind, *arguments = action
    if kind == "append":
        model += arguments[0]
    elif kind == "write":
        offset, data = arguments
        model[offset : offset + len(data)] = data
    elif kind == "resize":
        size = arguments[0]
        del model[size:]
        model += bytes(size - len(model))


def pages_of(actions: list[Any]) -> set[int]:
    """The pages that writes touch."""
    writes = [a for a in actions if a[0] == "write"]
    return {page for _, offset, data in writes for page in range(offset // PAGE, (offset + len(data) - 1) // PAGE + 1)}


class Machine(RuleBasedStateMachine):
    """Two connections, one array of bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.db = self.open()
        self.counter = 0

    def open(self) -> ZODB.DB:
        """The database under test."""
        return open_database(self.folder)

    @initialize(size=st.integers(0, 6 * PAGE))
    def create(self, size: int) -> None:
        session = Session(self.db)
        session.root["array"] = BigArray((size,), "u1")
        session.commit()
        session.close()
        self.history: list[tuple[bytes, list[Any]]] = [(bytes(size), [])]
        self.sides = [Side(self.db, bytes(size), 0) for _ in range(2)]

    @property
    def committed(self) -> bytes:
        return self.history[-1][0]

    def data(self, length: int) -> bytes:
        self.counter += 1
        return np.random.default_rng(self.counter).bytes(length)

    # ---------------------------------------------------------------- what a transaction does

    @rule(side=SIDES, length=LENGTHS)
    def append(self, side: int, length: int) -> None:
        actor, data = self.sides[side], self.data(length)
        if len(actor.model) + length <= MAX_SIZE:
            actor.array.append(np.frombuffer(data, "u1"))
            actor.do(("append", data))

    @rule(side=SIDES, offset=OFFSETS, length=LENGTHS, kept=st.booleans())
    def write(self, side: int, offset: int, length: int, kept: bool) -> None:
        actor = self.sides[side]
        length = min(length, len(actor.model) - offset)
        if length <= 0:
            return
        data = self.data(length)
        target = actor.kept if kept and actor.kept is not None and len(actor.kept) >= offset + length else actor.array
        target[offset : offset + length] = np.frombuffer(data, "u1")
        actor.do(("write", offset, data))

    @rule(side=SIDES, offset=OFFSETS, length=LENGTHS)
    def write_file(self, side: int, offset: int, length: int) -> None:
        actor = self.sides[side]
        length = min(length, len(actor.model) - offset)
        if length > 0:
            data = self.data(length)
            actor.array.file.write(offset, data)
            actor.do(("write", offset, data))

    @rule(side=SIDES, size=OFFSETS)
    def resize(self, side: int, size: int) -> None:
        actor = self.sides[side]
        actor.array.resize((size,))
        actor.do(("resize", size))
        actor.kept = None  # an array from before may be longer than the file: another test's matter

    @rule(side=SIDES)
    def keep_view(self, side: int) -> None:
        self.sides[side].kept = self.sides[side].array[:]

    @rule(side=SIDES)
    def savepoint(self, side: int) -> None:
        actor = self.sides[side]
        if actor.kept is not None:
            actor.array[0:1]  # with implicit transactions a savepoint knows of views taken, or used through the array
        actor.savepoints.append((actor.session.tm.savepoint(), bytearray(actor.model), list(actor.done)))

    @precondition(lambda self: any(side.savepoints for side in self.sides))
    @rule(side=SIDES, data=st.data())
    def roll_back(self, side: int, data: st.DataObject) -> None:
        actor = self.sides[side]
        if actor.savepoints:
            index = data.draw(st.integers(0, len(actor.savepoints) - 1))
            savepoint, model, done = actor.savepoints[index]
            savepoint.rollback()
            actor.model, actor.done = bytearray(model), list(done)
            del actor.savepoints[index + 1 :]

    # ---------------------------------------------------------------- ends of transactions

    @rule(side=SIDES)
    def commit(self, side: int) -> None:
        actor = self.sides[side]
        since = [action for _, actions in self.history[actor.began + 1 :] for action in actions]
        try:
            actor.session.commit()
        except ConflictError:
            actor.session.abort()
            assert since, "a conflict with nobody"
            kinds = {action[0] for action in (*since, *actor.done)}
            assert not kinds <= {"append", "compact"}, "appends must not conflict"
            if kinds <= {"write", "compact"}:
                last_page = len(actor.model) // PAGE
                touched, theirs = pages_of(actor.done), pages_of(since)
                assert touched & theirs or last_page in touched | theirs, "disjoint writers must not conflict"
        else:
            merged = bytearray(self.committed)
            for action in actor.done:
                apply(merged, action)
            if actor.done:
                self.history.append((bytes(merged), actor.done))
        actor.begin(self.committed, len(self.history) - 1)

    @rule(side=SIDES)
    def abort(self, side: int) -> None:
        self.sides[side].session.abort()
        self.sides[side].begin(self.committed, len(self.history) - 1)

    @rule(side=SIDES)
    def compact(self, side: int) -> None:
        self.abort(side)
        self.sides[side].array.file.compact()
        self.sides[side].done.append(("compact",))
        self.commit(side)

    @rule()
    def pack(self) -> None:
        for side in (0, 1):
            self.abort(side)
        self.db.pack()

    @rule(side=SIDES)
    def reopen(self, side: int) -> None:
        actor = self.sides[side]
        actor.session.close()
        self.sides[side] = Side(self.db, self.committed, len(self.history) - 1)

    @precondition(lambda self: len(self.history) > 1 and self.history[-1][1][0][0] not in ("undo", "compact"))
    @rule()
    def undo(self) -> None:
        """Undo the last transaction, when that was one that changed the data."""
        for side in (0, 1):
            self.abort(side)
        last = self.db.undoInfo(0, 1)
        if not last or last[0]["description"] != b"" or self.counts() != len(self.history):
            return
        session = Session(self.db)
        self.db.undo(last[0]["id"], session.tm.get())
        session.tm.get().note("undo")
        session.commit()
        session.close()
        self.history.append((self.history[-2][0], [("undo",)]))
        for side in (0, 1):
            self.abort(side)

    def counts(self) -> int:
        """Transactions that the database remembers about the data, when nothing was packed or compacted."""
        return len(self.db.undoInfo(0, 10_000)) - 1

    # ---------------------------------------------------------------- what must hold

    @invariant()
    def agrees(self) -> None:
        for actor in getattr(self, "sides", ()):
            array = actor.array
            assert array.shape == (len(actor.model),)
            assert array.file.read() == bytes(actor.model)
            assert array[:].tobytes() == bytes(actor.model)
            if actor.kept is not None:
                common = min(len(actor.kept), len(actor.model))
                assert actor.kept[:common].tobytes() == bytes(actor.model[:common])

    def teardown(self) -> None:
        for actor in getattr(self, "sides", ()):
            actor.session.close()
        self.db.close()
        shutil.rmtree(self.folder)


PHASES = [phase for phase in Phase if os.environ.get("WENDELIN_SHRINK", "1") == "1" or phase != Phase.shrink]
EXAMPLES = int(os.environ.get("WENDELIN_EXAMPLES", "25"))


class RecordMachine(Machine):
    """The same on an engine without blobs."""

    def open(self) -> ZODB.DB:
        record_store.use_cache(str(self.folder / "cache"))
        return ZODB.DB(FileStorage(str(self.folder / "Data.fs")))


def refused() -> int:
    """What a process meets that changed its user without ``exec``."""
    raise PermissionError(errno.EACCES, "the table of pages is refused")


VARIANTS = {
    "blobs": (Machine, {}),
    "records": (RecordMachine, {}),
    "runs copied in": (Machine, {"wendelin.core.bigdata.memory.mapping.MANY_RUNS": 2}),
    "plain pagemap": (Machine, {"wendelin.core.bigdata.memory.pagemap.written": pagemap.read}),
    "memory compared": (Machine, {"wendelin.core.bigdata.memory.pagemap._pagemap": refused}),
}


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("variant", VARIANTS)
def test_machine(monkeypatch: pytest.MonkeyPatch, variant: str) -> None:
    machine, patches = VARIANTS[variant]
    limits = {"bigfile.SEAL_SIZE": 4 * PAGE, "bigfile.SEAL_CHUNKS": 2, "writing.DIRECT_SIZE": 2 * PAGE}
    for name, value in {**{f"wendelin.core.bigdata.{n}": v for n, v in limits.items()}, **patches}.items():
        monkeypatch.setattr(name, value)
    monkeypatch.setattr(record_store, "_folder", None)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=PHASES,
        ),
    )
