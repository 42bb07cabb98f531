"""An array with two connections against a plain model: whatever is done in whatever order, nothing is lost or torn, and
nothing that was cut off, undone or rolled back comes again.

``WENDELIN_EXAMPLES`` sets the number of examples; ``CONTRIBUTING.md`` says how to run many.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import ZODB
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from tests.core.bigdata.machine_model import KINDS, Action, Held, Kind, Side, State, pages_of
from tests.core.bigdata.sessions import Session, open_database
from wendelin.core.bigdata import BigArray
from wendelin.core.bigdata.extents import record_store
from wendelin.core.bigdata.extents.page_size import PAGE
from wendelin.core.bigdata.memory import pagemap
from wendelin.core.errors import StaleView

MAX_SIZE = 24 * PAGE
SIDES = st.integers(0, 1)
OFFSETS = st.integers(0, MAX_SIZE) | st.integers(0, MAX_SIZE // PAGE).map(lambda page: page * PAGE)
LENGTHS = st.integers(1, 300) | st.sampled_from([PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 5 * PAGE])
LOOKS = st.sampled_from(["held", "file", "array", "snapshots", "all", "stored"])


def within(size: int, offset: int, length: int) -> tuple[int, int]:
    """An offset and a length inside of so many bytes, of any two numbers: hardly an example is in vain."""
    offset = offset % size if size else 0
    return offset, min(length, size - offset)


def rows_at(model: State, offset: int, length: int) -> tuple[int, int]:
    """The rows near a position: from, to."""
    first, count = within(model.rows, offset // max(model.unit, 1), max(length // max(model.unit, 1), 1))
    return first, first + count if model.unit else first


class Machine(RuleBasedStateMachine):
    """Two connections, one array; views are held over everything, and looked at now and then only."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.db = self.open()
        self.counter = 0
        self.sides: list[Side] = []

    def open(self) -> ZODB.DB:
        """The database under test."""
        return open_database(self.folder)

    @initialize(kind=st.sampled_from(KINDS), size=st.integers(0, 6 * PAGE))
    def create(self, kind: Kind, size: int) -> None:
        unit = math.prod(kind.row) * kind.dtype.itemsize
        rows = size // unit if unit else size % 7
        start = State(kind, bytes(rows * unit), kind.row, rows)
        session = Session(self.db)
        session.root["array"] = BigArray(start.shape, kind.dtype, kind.order)
        session.commit()
        session.close()
        self.history: list[tuple[State, list[Action]]] = [(start, [])]
        self.sides = [Side(self.db, start, 0) for _ in range(2)]

    @property
    def committed(self) -> State:
        return self.history[-1][0]

    def data(self, length: int) -> bytes:
        self.counter += 1
        return np.random.default_rng(self.counter).bytes(length)

    # ---------------------------------------------------------------- what a transaction does

    @rule(side=SIDES, length=LENGTHS)
    def append(self, side: int, length: int) -> None:
        actor = self.sides[side]
        unit, model = actor.model.unit, actor.model
        if not unit:
            empty = np.empty((length % 4, *model.row) if model.kind.order == "C" else (*model.row, length % 4))
            actor.array.append(empty)
            actor.do(("count", length % 4))
        elif len(model.data) + length + unit <= MAX_SIZE:
            data = self.data(max(length // unit, 1) * unit)
            actor.array.append(actor.values(data))
            actor.do(("append", data))

    @rule(side=SIDES, offset=OFFSETS, length=LENGTHS)
    def write(self, side: int, offset: int, length: int) -> None:
        actor = self.sides[side]
        unit = actor.model.unit
        first, last = rows_at(actor.model, offset, length)
        if first < last:
            data = self.data((last - first) * unit)
            actor.array[actor.part(first, last)] = actor.values(data)
            actor.do(("write", first * unit, data))

    @rule(side=SIDES, offset=OFFSETS, length=LENGTHS)
    def write_file(self, side: int, offset: int, length: int) -> None:
        actor = self.sides[side]
        model = actor.model
        if model.unit != 1 or offset + length > MAX_SIZE:
            offset, length = within(len(model.data), offset, length)
        if length:
            data = self.data(length)
            actor.array.file.write(offset, data)
            if offset > len(model.data):
                actor.do(("resize", offset, model.row))
            inside = len(actor.model.data) - offset
            if data[:inside]:
                actor.do(("write", offset, data[:inside]))
            if data[inside:]:
                actor.do(("append", data[inside:]))

    @rule(side=SIDES, size=OFFSETS, longer=st.sampled_from([None, None, None, (), (0,), (2,)]))
    def resize(self, side: int, size: int, longer: tuple[int, ...] | None) -> None:
        """More or fewer rows, now and then rows of another shape."""
        actor = self.sides[side]
        kind = actor.model.kind
        row = actor.model.row if longer is None else (*longer, *kind.row)
        unit = math.prod(row) * kind.dtype.itemsize
        rows = size // unit if unit else size % 7
        actor.array.resize((rows, *row) if kind.order == "C" else (*row, rows))
        actor.do(("resize", rows, row))

    @rule(side=SIDES)
    def savepoint(self, side: int) -> None:
        actor = self.sides[side]
        actor.savepoints.append((actor.session.tm.savepoint(), actor.model, list(actor.done)))

    @precondition(lambda self: any(side.savepoints for side in self.sides))
    @rule(side=SIDES, which=st.integers(0, 2))
    def roll_back(self, side: int, which: int) -> None:
        actor = self.sides[side]
        if actor.savepoints:
            index = which % len(actor.savepoints)
            savepoint, actor.model, done = actor.savepoints[index]
            savepoint.rollback()
            actor.done = list(done)
            del actor.savepoints[index + 1 :]

    # ---------------------------------------------------------------- views that are held

    @rule(side=SIDES, others=st.integers(0, 2), whole=st.booleans(), offset=OFFSETS, length=LENGTHS)
    def hold(self, side: int, others: int, whole: bool, offset: int, length: int) -> None:
        """Take a view, and let go of all but some others."""
        actor = self.sides[side]
        del actor.held[others:]
        first, last = (0, actor.model.rows) if whole else rows_at(actor.model, offset, length)
        if first < last and actor.model.unit:
            view = actor.array[actor.part(first, last)]
            actor.held.append(Held(view, first * actor.model.unit, actor.model.kind.order))

    @rule(side=SIDES, which=st.integers(0, 2), offset=OFFSETS, length=LENGTHS)
    def write_to_held(self, side: int, which: int, offset: int, length: int) -> None:
        """Without a word to the array: nothing gets a chance to bring the view up to date."""
        actor = self.sides[side]
        if not actor.held:
            self.hold(side=side, others=0, whole=True, offset=0, length=0)
        if not actor.held:
            return
        held = actor.held[which % len(actor.held)]
        size = max(min(held.end, len(actor.model.data)) - held.offset, 0)
        offset, length = within(size, offset, length)
        if length:
            data = self.data(length)
            held.bytes[offset : offset + length] = np.frombuffer(data, "u1")
            actor.do(("write", held.offset + offset, data))

    @precondition(lambda self: any(held.end > len(s.model.data) for s in self.sides for held in s.held))
    @rule(side=SIDES, how=st.sampled_from(["commit", "savepoint", "append", "resize"]))
    def write_behind_the_end(self, side: int, how: str) -> None:
        """To a view from before the file was made shorter: that cannot be kept, and is not kept for later."""
        actor = self.sides[side]
        size = len(actor.model.data)
        held = next((h for h in actor.held if h.end > size), None)
        if held is None:
            return
        held.bytes[max(size - held.offset, 0) :] = 7
        with pytest.raises(StaleView):
            if how == "commit" or (how == "append" and not actor.model.unit):
                actor.session.commit()
            elif how == "savepoint":
                actor.session.tm.savepoint()
            elif how == "append":
                actor.array.append(actor.values(bytes(actor.model.unit)))
            else:
                actor.array.resize((0,) * actor.array.ndim)
        self.abort(side)

    def snapshot(self, side: int) -> None:
        actor = self.sides[side]
        actor.snapshots = [*actor.snapshots[-1:], (actor.array.snapshot(), actor.model.data)]

    # ---------------------------------------------------------------- ends of transactions

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
                last_page = len(actor.model.data) // PAGE
                touched, theirs = pages_of(actor.done), pages_of(since)
                assert touched & theirs or last_page in touched | theirs, "disjoint writers must not conflict"
        else:
            merged = self.committed
            for action in actor.done:
                merged = merged.after(action)
            if actor.done:
                self.history.append((merged, actor.done))
        self.begin(side)

    def begin(self, side: int) -> None:
        self.sides[side].begin(self.committed, len(self.history) - 1)

    @rule(side=SIDES, committing=st.sampled_from([True, True, False]))
    def end(self, side: int, committing: bool) -> None:
        if committing:
            self.commit(side)
        else:
            self.abort(side)

    def abort(self, side: int) -> None:
        self.sides[side].session.abort()
        self.begin(side)

    @rule(side=SIDES, what=st.sampled_from(["compact", "pack", "reopen", "undo", "undo", "snapshot"]))
    def look_after(self, side: int, what: str) -> None:
        """What happens now and then."""
        getattr(self, what)(side)

    def compact(self, side: int) -> None:
        self.abort(side)
        self.sides[side].array.file.compact()
        self.sides[side].done.append(("compact",))
        self.commit(side)

    def pack(self, _: int) -> None:
        for side in (0, 1):
            self.abort(side)
        self.db.pack()

    def reopen(self, side: int) -> None:
        self.sides[side].session.close()
        self.sides[side] = Side(self.db, self.committed, len(self.history) - 1)

    def undo(self, _: int) -> None:
        """Undo the last transaction, when that was one that changed the data."""
        if len(self.history) < 2 or self.history[-1][1][0][0] in ("undo", "compact"):
            return
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

    @rule(side=SIDES, what=LOOKS)
    def look(self, side: int, what: str) -> None:
        if what == "stored":
            self.look_from_outside()
        else:
            self.sides[side].check(what)

    def look_from_outside(self) -> None:
        """What is stored, whatever the two connections have in memory."""
        outside = Side(self.db, self.committed, 0)
        outside.check("all")
        outside.session.close()

    def teardown(self) -> None:
        try:
            for actor in self.sides:
                actor.check("all")
            if self.sides:
                self.look_from_outside()
        finally:
            for actor in self.sides:
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
    limits["bigarray.DIRECT_SIZE"] = limits["writing.DIRECT_SIZE"]
    for name, value in {**{f"wendelin.core.bigdata.{n}": v for n, v in limits.items()}, **patches}.items():
        monkeypatch.setattr(name, value)
    monkeypatch.setattr(record_store, "_folder", None)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=PHASES,
        ),
    )
