"""The tail of a file without a database: what each change does to its bytes, and how two transactions are merged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ZODB.POSException import ConflictError

from wendelin.core.bigdata.extents.page_size import PAGE
from wendelin.core.bigdata.tail.tail import HOLE, INLINE, Chunk, InlineChunk, Tail, trim


def content(chunks: tuple[Chunk, ...]) -> bytes:
    parts = []
    for chunk in chunks:
        data = bytes(chunk.length) if chunk.kind == HOLE else chunk.source.data[chunk.skip : chunk.skip + chunk.length]
        assert len(data) == chunk.length > 0
        parts.append(data)
    return b"".join(parts)


def tail_of(*pieces: bytes, start: int = 0) -> Tail:
    tail = Tail()
    tail.start = tail.end = start
    for piece in pieces:
        append(tail, piece)
    return tail


def append(tail: Tail, piece: bytes) -> None:
    tail.add(INLINE, InlineChunk(b"??" + piece + b"?"), 2, len(piece))


def copy_of(tail: Tail) -> Tail:
    copy = Tail()
    copy.__setstate__(tail.__getstate__())
    return copy


PIECES = st.lists(st.binary(min_size=1, max_size=5), max_size=5)


@given(PIECES, st.integers(0, 26))
def test_trimmed_chunks_lack_their_first_bytes(pieces: list[bytes], size: int) -> None:
    assert content(trim(tail_of(*pieces).chunks, size)) == b"".join(pieces)[size:]


@given(PIECES, st.integers(0, 25))
@example([b"123", b"abcdef"], 4)
def test_a_cut_tail_ends_there(pieces: list[bytes], size: int) -> None:
    whole = b"".join(pieces)
    size = min(size, len(whole))
    tail = tail_of(*pieces, start=PAGE)
    before = tail.generation, tail.revision
    tail.cut(PAGE + size)
    assert (content(tail.chunks), tail.start, tail.end) == (whole[:size], PAGE, PAGE + size)
    assert tail.generation != before[0] and tail.revision != before[1]


def test_what_is_appended_stands_at_the_end_under_a_number_of_its_own() -> None:
    tail = tail_of(b"one", b"two", start=PAGE)
    tail.add(INLINE, InlineChunk(b"three"), 0, 5, number=7)
    assert (content(tail.chunks), tail.start, tail.end) == (b"onetwothree", PAGE, PAGE + 11)
    assert len({chunk.number for chunk in tail.chunks}) == 3 and tail.chunks[-1].number == 7


def test_every_change_has_a_revision() -> None:
    tail = tail_of(bytes(PAGE), b"two", b"three", b"four")
    seen = {tail.revision}
    for count, change in enumerate(
        (
            lambda: append(tail, b"x"),
            lambda: tail.drop_last(1),
            lambda: tail.consume(PAGE),
            lambda: tail.cut(PAGE + 9),
            lambda: tail.grow(PAGE + 10),
            lambda: tail.rewrite(0, b"new"),
            tail.touch,
        ),
        2,
    ):
        change()
        seen.add(tail.revision)
        assert len(seen) == count


@pytest.mark.parametrize(("count", "left"), [(0, b"onetwothree"), (1, b"onetwo"), (2, b"one"), (3, b"")])
def test_the_last_chunks_are_dropped(count: int, left: bytes) -> None:
    tail = tail_of(b"one", b"two", b"three", start=PAGE)
    tail.drop_last(count)
    assert (content(tail.chunks), tail.start, tail.end) == (left, PAGE, PAGE + len(left))


@pytest.mark.parametrize("pages", [0, 1, 2, 3])
def test_consumed_pages_are_in_the_map(pages: int) -> None:
    data = bytes(range(256)) * (PAGE // 128)
    tail = tail_of(data[:100], data[100:], start=PAGE)
    tail.consume((1 + pages) * PAGE)
    assert (tail.start, tail.end) == ((1 + pages) * PAGE, (1 + max(pages, 2)) * PAGE)
    assert content(tail.chunks) == data[pages * PAGE :]


@pytest.mark.parametrize("data", [b"", b"new"])
def test_a_rewritten_tail_begins_anew(data: bytes) -> None:
    tail = tail_of(b"old", start=2 * PAGE)
    before = tail.generation
    tail.rewrite(PAGE, data)
    assert (content(tail.chunks), tail.start, tail.end) == (data, PAGE, PAGE + len(data))
    assert tail.generation != before


class TestGrowing:
    def test_chunks_are_followed_by_a_hole(self) -> None:
        tail = tail_of(b"one", start=PAGE)
        before = tail.generation
        tail.grow(PAGE + 5)
        assert (content(tail.chunks), tail.start, tail.end) == (b"one\0\0", PAGE, PAGE + 5)
        assert tail.generation != before

    @pytest.mark.parametrize("rest", [0, 1, PAGE - 1])
    def test_an_empty_tail_moves_on(self, rest: int) -> None:
        tail = tail_of(start=PAGE)
        tail.grow(4 * PAGE + rest)
        assert (content(tail.chunks), tail.start, tail.end) == (bytes(rest), 4 * PAGE, 4 * PAGE + rest)

    def test_to_the_size_that_it_has(self) -> None:
        tail = tail_of(b"one")
        before = tail.generation
        tail.grow(3)
        assert (content(tail.chunks), tail.end) == (b"one", 3)
        assert tail.generation != before


def test_a_state_is_read_as_it_was_written() -> None:
    tail = tail_of(b"one", b"two", start=PAGE)
    tail.grow(PAGE + 9)
    tail.pin_down()
    copy = copy_of(tail)
    assert copy.chunks == tail.chunks and copy.__getstate__() == tail.__getstate__()
    assert (copy.start, copy.end, copy.revision) == (tail.start, tail.end, tail.revision)
    assert (copy.generation, copy.pin) == (tail.generation, tail.pin) and copy.pin != 0


class TestMerging:
    """`base` is what both began with; they committed first."""

    @pytest.fixture
    def base(self) -> Tail:
        return tail_of(b"b" * PAGE, b"b" * (PAGE + 9), start=PAGE)

    @pytest.fixture
    def theirs(self, base: Tail) -> Tail:
        return copy_of(base)

    @pytest.fixture
    def mine(self, base: Tail) -> Tail:
        return copy_of(base)

    def merge(self, *tails: Tail) -> Tail:
        states: list[Any] = [tail.__getstate__() for tail in tails]
        merged = Tail()
        merged.__setstate__(Tail()._p_resolveConflict(*states))
        assert content(merged.chunks) and merged.end == merged.start + len(content(merged.chunks))
        assert merged.revision not in {tail.revision for tail in tails}
        return merged

    def test_appends_stand_in_the_order_of_commits(self, base: Tail, theirs: Tail, mine: Tail) -> None:
        append(theirs, b"theirs")
        append(mine, b"mine")
        append(mine, b"too")
        merged = self.merge(base, theirs, mine)
        assert content(merged.chunks) == content(base.chunks) + b"theirsminetoo"
        assert merged.start == PAGE

    @pytest.mark.parametrize(("their_pages", "my_pages"), [(0, 1), (1, 0), (1, 2), (2, 1), (2, 2)])
    def test_sealing_merges_with_appends_and_with_sealing(
        self, base: Tail, theirs: Tail, mine: Tail, their_pages: int, my_pages: int
    ) -> None:
        append(theirs, b"theirs")
        theirs.consume((1 + their_pages) * PAGE)
        append(mine, b"mine")
        mine.consume((1 + my_pages) * PAGE)
        merged = self.merge(base, theirs, mine)
        pages = max(their_pages, my_pages)
        assert merged.start == (1 + pages) * PAGE
        assert content(merged.chunks) == content(base.chunks)[pages * PAGE :] + b"theirsmine"

    @pytest.mark.parametrize("whose", ["theirs", "mine"])
    def test_a_rewritten_tail_conflicts(self, base: Tail, theirs: Tail, mine: Tail, whose: str) -> None:
        changed, other = (theirs, mine) if whose == "theirs" else (mine, theirs)
        changed.rewrite(PAGE, b"x" * (2 * PAGE + 9))
        append(other, b"more")
        with pytest.raises(ConflictError, match="rewritten or truncated"):
            self.merge(base, theirs, mine)

    def test_two_that_rewrote_conflict(self, base: Tail, theirs: Tail, mine: Tail) -> None:
        theirs.rewrite(PAGE, b"x" * 3 * PAGE)
        mine.rewrite(PAGE, b"y" * 3 * PAGE)
        with pytest.raises(ConflictError):
            self.merge(base, theirs, mine)

    def test_what_i_pinned_conflicts_and_what_they_pinned_stays(self, base: Tail, theirs: Tail, mine: Tail) -> None:
        append(theirs, b"theirs")
        append(mine, b"mine")
        mine.pin_down()
        with pytest.raises(ConflictError):
            self.merge(base, theirs, mine)
        assert self.merge(base, mine, theirs).pin == mine.pin

    @pytest.mark.parametrize("step", [-1, 1])
    @pytest.mark.parametrize("whose", ["theirs", "mine"])
    def test_any_other_generation_conflicts(self, base: Tail, theirs: Tail, mine: Tail, whose: str, step: int) -> None:
        for tail in (base, theirs, mine):
            tail.generation = 5
        append(theirs, b"theirs")
        append(mine, b"mine")
        self.merge(base, theirs, mine)
        (theirs if whose == "theirs" else mine).generation += step
        with pytest.raises(ConflictError):
            self.merge(base, theirs, mine)

    @pytest.mark.parametrize("step", [-1, 1])
    def test_any_other_pin_conflicts(self, base: Tail, theirs: Tail, mine: Tail, step: int) -> None:
        for tail in (base, theirs, mine):
            tail.pin = 5
        append(theirs, b"theirs")
        append(mine, b"mine")
        self.merge(base, theirs, mine)
        mine.pin += step
        with pytest.raises(ConflictError):
            self.merge(base, theirs, mine)

    def test_an_append_is_not_taken_back_once_others_followed(self, base: Tail, theirs: Tail, mine: Tail) -> None:
        append(theirs, b"theirs")
        mine.drop_last(1)
        with pytest.raises(ConflictError, match="taken back"):
            self.merge(base, theirs, mine)

    def test_nor_is_sealing(self, base: Tail, theirs: Tail, mine: Tail) -> None:
        append(theirs, b"theirs")
        before = base.start
        mine.start = before - PAGE
        with pytest.raises(ConflictError, match="taken back"):
            self.merge(base, theirs, mine)

    def test_nor_is_more_sealed_than_was_committed(self, base: Tail, theirs: Tail, mine: Tail) -> None:
        append(theirs, b"theirs")
        append(mine, b"m" * 2 * PAGE)
        mine.consume(4 * PAGE)
        with pytest.raises(ConflictError):
            self.merge(base, theirs, mine)
