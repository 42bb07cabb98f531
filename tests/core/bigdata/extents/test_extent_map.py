"""The extent map without a database: pages laid, cut and found again, and what two transactions did put together."""

from __future__ import annotations

from typing import Any

import pytest
from ZODB.POSException import ConflictError

from wendelin.core.bigdata.extents.extent_map import (
    PREPARED_SEGMENTS,
    REGION_PAGES,
    SEGMENT_PAGES,
    Segment,
    SegmentTable,
    merge_writes,
    pack_state,
    unpack_state,
)
from wendelin.core.bigdata.extents.runs import runs

Row = tuple[int, int, int, int, int]


def handles(*numbers: int) -> dict[int, str]:
    return {number: f"extent {number}" for number in numbers}


def table_of(*rows: Row) -> SegmentTable:
    table = SegmentTable()
    table.put(runs(list(rows)), handles(*(row[2] for row in rows)))
    return table


def test_a_run_over_the_edge_of_a_segment_is_in_both() -> None:
    table = table_of((SEGMENT_PAGES - 3, 6, 7, 10, 0))
    assert table.segments.keys() == {0, 1}
    assert table.runs(SEGMENT_PAGES - 2, SEGMENT_PAGES + 2).tolist() == [
        (SEGMENT_PAGES - 2, 2, 7, 11, 0),
        (SEGMENT_PAGES, 2, 7, 13, 0),
    ]
    assert table.extents(SEGMENT_PAGES, SEGMENT_PAGES + 1) == handles(7)


@pytest.mark.parametrize("far", [3, 63, 64, 65, 1000])
def test_segments_without_pages_are_not_made(far: int) -> None:
    rows = [(5, 1, 1, 0, 0), (far * SEGMENT_PAGES - 1, 2, 2, 0, 0)]
    table = table_of(*rows)
    assert table.segments.keys() == {0, far - 1, far}
    found = table.runs(0, (far + 1) * SEGMENT_PAGES)
    assert [(row[0], row[2]) for row in found.tolist()] == [(5, 1), (rows[1][0], 2), (far * SEGMENT_PAGES, 2)]
    assert table.extents(0, SEGMENT_PAGES) == handles(1)


def test_segments_are_found_in_order_and_only_where_asked() -> None:
    table = SegmentTable()
    for number in (5, 2, 9):
        table.put(runs([(number * SEGMENT_PAGES, 1, number, 0, 0)]), handles(number))

    def found(start: int, stop: int) -> list[int]:
        return [at for at, _ in table.within(start, stop)]

    first, second, third = (number * SEGMENT_PAGES for number in (2, 5, 9))
    assert found(0, 100 * SEGMENT_PAGES) == [0, first, second, third]
    assert found(first, second) == [first]
    assert found(first, second + 1) == [first, second]
    assert found(second + SEGMENT_PAGES, third) == []
    assert found(second + SEGMENT_PAGES - 1, third + 1) == [second, third]
    assert table.runs(1, 2).tolist() == []


@pytest.mark.parametrize(
    ("page", "segments", "ends"),
    [
        (SEGMENT_PAGES + 3, {0, 1}, [4, SEGMENT_PAGES + 3]),
        (SEGMENT_PAGES + 1, {0, 1}, [4, SEGMENT_PAGES + 1]),
        (SEGMENT_PAGES, {0}, [4]),
        (2, {0}, [2]),
        (0, set(), []),
        (5 * SEGMENT_PAGES + 1, {0, 1, 3}, [4, SEGMENT_PAGES + 4, 3 * SEGMENT_PAGES + 4]),
    ],
)
def test_what_is_cut_is_gone(page: int, segments: set[int], ends: list[int]) -> None:
    table = table_of(*((number * SEGMENT_PAGES, 4, number + 1, 0, 0) for number in (0, 1, 3)))
    table.cut(page)
    assert table.segments.keys() == segments
    found = table.runs(0, 9 * SEGMENT_PAGES)
    assert (found["page"] + found["count"]).tolist() == ends


def test_a_segment_holds_the_extents_that_it_names_and_no_others() -> None:
    table = table_of((0, 4, 1, 0, 0), (4, 4, 2, 0, 0))
    table.put(runs([(0, 4, 3, 0, 0)]), handles(3, 99))
    assert table.extents(0, 8) == handles(2, 3)
    table.cut(4)
    assert table.extents(0, 8) == handles(3)


def test_an_adopted_segment_is_a_copy() -> None:
    source = table_of((3, 2, 1, 0, 0))
    table = SegmentTable()
    table.adopt(4, source.segments[0])
    assert table.runs(0, 5 * SEGMENT_PAGES).tolist() == [(4 * SEGMENT_PAGES + 3, 2, 1, 0, 0)]
    table.cut(4 * SEGMENT_PAGES + 4)
    assert source.runs(0, 9).tolist() == [(3, 2, 1, 0, 0)]


class TestCountingWrites:
    """`SegmentTable.writes` changes for the 16 MiB in which something was written, and for no others."""

    def changed(self, table: SegmentTable, before: list[int]) -> set[int]:
        return {number for number, old in enumerate(before) if self.regions(table)[number] != old}

    def regions(self, table: SegmentTable) -> list[int]:
        return [table.writes(n * REGION_PAGES, (n + 1) * REGION_PAGES) for n in range(130)]

    @pytest.mark.parametrize(
        ("page", "count", "expected"),
        [
            (0, 1, {0}),
            (REGION_PAGES - 1, 1, {0}),
            (REGION_PAGES - 1, 2, {0, 1}),
            (REGION_PAGES, REGION_PAGES, {1}),
            (SEGMENT_PAGES - 1, 2, {63, 64}),
            (SEGMENT_PAGES + REGION_PAGES, 2 * REGION_PAGES + 1, {65, 66, 67}),
        ],
    )
    def test_a_write_counts_and_a_kept_run_does_not(self, page: int, count: int, expected: set[int]) -> None:
        table = SegmentTable()
        before = self.regions(table)
        table.put(runs([(page, count, 1, 0, 1)]), handles(1))
        assert self.changed(table, before) == set()
        table.put(runs([(page, count, 2, 0, 0)]), handles(2))
        assert self.changed(table, before) == expected
        before = self.regions(table)
        table.put(runs([(page, count, 3, 0, 0)]), handles(3))
        assert self.changed(table, before) == expected

    @pytest.mark.parametrize("region", [0, 1, 63, 64, 129])
    def test_a_page_that_is_not_in_the_map(self, region: int) -> None:
        table = SegmentTable()
        table.note_write(0)
        before = self.regions(table)
        table.note_write((region + 1) * REGION_PAGES - 1)
        assert self.changed(table, before) == {region}

    def test_part_of_a_region_tells_of_all_of_it(self) -> None:
        table = SegmentTable()
        table.note_write(3 * REGION_PAGES + 7)
        assert table.writes(3 * REGION_PAGES + 100, 3 * REGION_PAGES + 101) != 0


class TestPreparingSegments:
    @pytest.mark.parametrize(
        ("pages", "count"),
        [
            (0, 1),
            (SEGMENT_PAGES // 2 - 1, 1),
            (SEGMENT_PAGES // 2, 2),
            (3 * SEGMENT_PAGES, 5),
            (1000 * SEGMENT_PAGES, PREPARED_SEGMENTS),
        ],
    )
    def test_as_many_as_a_file_needs_and_the_next(self, pages: int, count: int) -> None:
        table = SegmentTable()
        first = table.segments[0]
        table.prepare(pages)
        assert table.segments.keys() == set(range(count))
        assert table.prepared == set(range(1, count))
        assert table.segments[0] is first

    def test_the_next_one_when_a_segment_is_half_full(self) -> None:
        table = SegmentTable()
        table.prepare_next(SEGMENT_PAGES // 2 - 1)
        assert table.segments.keys() == {0} and not table.prepared
        table.prepare_next(SEGMENT_PAGES // 2)
        made = table.segments[1]
        table.prepare_next(SEGMENT_PAGES - 1)
        assert table.segments == {0: table.segments[0], 1: made} and table.prepared == {1}

    def test_what_is_filled_is_no_longer_prepared(self) -> None:
        table = SegmentTable()
        table.prepare(2 * SEGMENT_PAGES)
        table.put(runs([(SEGMENT_PAGES, 1, 1, 0, 0)]), handles(1))
        assert table.prepared == {2, 3}


def state(epoch: int, *rows: Row, writes: dict[int, int] | None = None) -> Any:
    return pack_state(epoch, runs(list(rows)), handles(*(row[2] for row in rows)), writes or {})


class TestMergingASegment:
    def test_pages_of_both_sides_are_kept_with_their_extents(self) -> None:
        base = (0, 2, 1, 0, 0)
        theirs, mine = (2, 2, 5, 0, 0), (4, 2, 3, 0, 0)
        merged = Segment()._p_resolveConflict(state(1, base), state(2, base, theirs), state(2, base, mine))
        epoch, table, extents, _ = unpack_state(merged)
        assert table.tolist() == [base, theirs, mine]
        assert extents == handles(1, 3, 5)
        assert epoch == 3

    def test_the_same_page_is_a_conflict(self) -> None:
        with pytest.raises(ConflictError, match="same page"):
            Segment()._p_resolveConflict(state(1), state(2, (0, 2, 1, 0, 0)), state(2, (1, 2, 2, 0, 0)))

    @pytest.mark.parametrize(("their_epoch", "trusted"), [(5, False), (6, True), (7, False)])
    def test_what_they_kept_gives_way_when_nothing_came_between(self, their_epoch: int, trusted: bool) -> None:
        states = state(5, (0, 1, 1, 0, 0)), state(their_epoch, (0, 1, 2, 0, 1)), state(6, (0, 1, 3, 0, 0))
        if not trusted:
            with pytest.raises(ConflictError):
                Segment()._p_resolveConflict(*states)
            return
        epoch, table, extents, _ = unpack_state(Segment()._p_resolveConflict(*states))
        assert (epoch, table.tolist(), extents) == (7, [(0, 1, 3, 0, 0)], handles(3))

    @pytest.mark.parametrize(("my_epoch", "trusted"), [(4, False), (5, False), (6, True), (8, True)])
    def test_what_i_kept_gives_way_unless_it_is_an_undo(self, my_epoch: int, trusted: bool) -> None:
        states = state(5, (0, 1, 1, 0, 0)), state(7, (0, 1, 2, 0, 0)), state(my_epoch, (0, 1, 3, 0, 1))
        if not trusted:
            with pytest.raises(ConflictError):
                Segment()._p_resolveConflict(*states)
            return
        epoch, table, extents, _ = unpack_state(Segment()._p_resolveConflict(*states))
        assert (epoch, table.tolist(), extents) == (max(7, my_epoch) + 1, [(0, 1, 2, 0, 0)], handles(2))

    def test_writes_of_both_sides_count(self) -> None:
        base, theirs, mine = {0: 10, 1: 11, 2: 12}, {0: 10, 1: 21, 2: 22, 3: 23}, {0: 30, 1: 11, 2: 32, 4: 34}
        assert merge_writes(base, theirs, mine) == {0: 30, 1: 21, 2: 22 ^ 32, 3: 23, 4: 34}
        states = (state(1, writes=writes) for writes in (base, theirs, mine))
        assert unpack_state(Segment()._p_resolveConflict(*states))[3] == merge_writes(base, theirs, mine)

    def test_a_state_is_read_as_it_was_written(self) -> None:
        rows = [(0, 2, 900, 4, 0), (7, 1, 3, 0, 1), (9, 1, 900, 1, 0)]
        written = pack_state(4, runs(rows), handles(3, 900), {1: 2})
        assert len(written[1]) == 20 * len(rows)
        segment = Segment()
        segment.__setstate__(written)
        assert segment.table.tolist() == rows
        assert (segment.epoch, segment.extents, segment.writes) == (4, handles(3, 900), {1: 2})
        assert segment.__getstate__() == written


class TestMergingTheSegmentTable:
    def merge(self, base: set[int], theirs: set[int], mine: set[int], /, **prepared: set[int]) -> dict[str, Any]:
        made = {name: Segment() for name in ("base", "theirs", "mine")}
        states = [
            {
                "segments": {n: made["base" if n in base else name] for n in numbers},
                "prepared": frozenset(prepared.get(name, ())),
            }
            for name, numbers in (("base", base), ("theirs", theirs), ("mine", mine))
        ]
        merged = SegmentTable()._p_resolveConflict(*states)
        names = {id(segment): name for name, segment in made.items()}
        return {
            "segments": {n: names[id(segment)] for n, segment in merged["segments"].items()},
            "prepared": merged["prepared"],
        }

    def test_different_segments_are_put_together(self) -> None:
        merged = self.merge({0}, {0, 1, 2}, {0, 3, 4}, theirs={2}, mine={4})
        assert merged["segments"] == {0: "base", 1: "theirs", 2: "theirs", 3: "mine", 4: "mine"}
        assert merged["prepared"] == {2, 4}

    def test_an_empty_one_of_mine_gives_way(self) -> None:
        merged = self.merge({0}, {0, 1}, {0, 1}, mine={1})
        assert merged == {"segments": {0: "base", 1: "theirs"}, "prepared": set()}

    def test_two_that_are_in_use_conflict(self) -> None:
        with pytest.raises(ConflictError, match="same GiB"):
            self.merge({0}, {0, 1, 2}, {0, 1, 2}, theirs={1, 2}, mine={1})

    @pytest.mark.parametrize(("theirs", "mine"), [({0}, {0, 1, 2}), ({0, 1, 2}, {0})])
    def test_a_segment_that_is_gone_conflicts(self, theirs: set[int], mine: set[int]) -> None:
        with pytest.raises(ConflictError):
            self.merge({0, 1}, theirs, mine)
