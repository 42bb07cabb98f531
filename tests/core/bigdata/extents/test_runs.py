"""The algebra of runs against page-by-page dictionaries."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from wendelin.core.bigdata.extents.runs import (
    EMPTY,
    PageConflict,
    Runs,
    changes,
    clip,
    holes,
    merge,
    overlay,
    parted,
    ranges,
    runs,
)

PAGES = 24
Pages = dict[int, tuple[int, int, int]]


def table_of(pages: Pages) -> Runs:
    """A table of single-page runs, joined where they continue each other."""
    return overlay(EMPTY, runs([(page, 1, *source) for page, source in pages.items()]))


def pages_of(table: Runs) -> Pages:
    return {page + i: (extent, at + i, kept) for page, count, extent, at, kept in table.tolist() for i in range(count)}


SOURCES = st.tuples(st.integers(1, 3), st.integers(0, 5), st.integers(0, 1))
TABLES = st.dictionaries(st.integers(0, PAGES - 1), SOURCES)


@given(TABLES, TABLES)
def test_overlay_is_the_newer_over_the_older(old: Pages, new: Pages) -> None:
    assert pages_of(overlay(table_of(old), table_of(new))) == {**old, **new}


@given(TABLES, st.integers(0, PAGES), st.integers(0, PAGES))
def test_clip_and_holes_part_a_range(table: Pages, start: int, stop: int) -> None:
    found = pages_of(clip(table_of(table), start, stop))
    assert found == {page: source for page, source in table.items() if start <= page < stop}
    free = {page for low, high in holes(table_of(table), start, max(start, stop)) for page in range(low, high)}
    assert free == set(range(start, stop)) - table.keys()


@given(TABLES, TABLES)
def test_changes_turn_one_table_into_the_other(old: Pages, new: Pages) -> None:
    state = {page: source[:2] for page, source in old.items()}
    for start, stop, extent, at in zip(*(part.tolist() for part in changes(table_of(old), table_of(new))), strict=True):
        for page in range(start, stop):
            state[page] = (extent, at + page - start)
            if not extent:
                del state[page]
    assert state == {page: source[:2] for page, source in new.items()}


@given(TABLES, TABLES)
def test_parted_splits_by_cover(table: Pages, by: Pages) -> None:
    inside, outside = parted(table_of(table), table_of(by))
    assert pages_of(inside) == {page: s for page, s in table.items() if page in by}
    assert pages_of(outside) == {page: s for page, s in table.items() if page not in by}


@given(TABLES, TABLES, TABLES)
def test_merge_keeps_both_sides_or_says_conflict(base: Pages, theirs: Pages, mine: Pages) -> None:
    def changed(side: Pages, page: int) -> bool:
        return side.get(page, (0, 0, 0))[:2] != base.get(page, (0, 0, 0))[:2]

    pages = base.keys() | theirs.keys() | mine.keys()
    both = [p for p in pages if changed(theirs, p) and changed(mine, p)]
    clash = any(theirs.get(p, (0, 0, 0))[:2] != mine.get(p, (0, 0, 0))[:2] for p in both)
    tables = [table_of(side) for side in (base, theirs, mine)]
    if clash:
        with pytest.raises(PageConflict):
            merge(*tables, trust_theirs=False, trust_mine=False)
        return
    merged = pages_of(merge(*tables, trust_theirs=False, trust_mine=False))
    wanted = {p: (mine if changed(mine, p) else theirs).get(p) for p in pages}
    assert {p: s[:2] for p, s in merged.items()} == {p: s[:2] for p, s in wanted.items() if s is not None}


@pytest.mark.parametrize(
    ("second", "joined"),
    [
        ((12, 3, 1, 7, 0), [(10, 5, 1, 5, 0)]),
        ((13, 3, 1, 8, 0), None),
        ((12, 3, 2, 7, 0), None),
        ((12, 3, 1, 8, 0), None),
        ((12, 3, 1, 6, 0), None),
        ((12, 3, 1, 7, 1), None),
    ],
)
def test_runs_that_continue_each_other_are_one(second: tuple[int, int, int, int, int], joined: list[Any]) -> None:
    first = (10, 2, 1, 5, 0)
    assert overlay(runs([first]), runs([second])).tolist() == (joined or [first, second])


def test_ranges_cover_their_pages() -> None:
    inside, outside = parted(runs([(0, 10, 1, 5, 0)]), ranges([(6, 7), (2, 4)]))
    assert inside.tolist() == [(2, 2, 1, 7, 0), (6, 1, 1, 11, 0)]
    assert outside.tolist() == [(0, 2, 1, 5, 0), (4, 2, 1, 9, 0), (7, 3, 1, 12, 0)]


def test_a_kept_page_gives_way_to_a_write() -> None:
    base, written, kept = ({0: (e, 0, k)} for e, k in ((1, 0), (2, 0), (3, 1)))
    tables = [table_of(side) for side in (base, written, kept)]
    assert merge(*tables, trust_theirs=False, trust_mine=True)["extent"].tolist() == [2]
    tables = [table_of(side) for side in (base, kept, written)]
    assert merge(*tables, trust_theirs=True, trust_mine=False)["extent"].tolist() == [2]
    with pytest.raises(PageConflict):
        merge(*tables, trust_theirs=False, trust_mine=False)


def test_ten_thousand_runs_overlay_in_one_go() -> None:
    base = runs([(0, 1 << 18, 1, 0, 0)])
    pages = np.random.default_rng(0).choice(1 << 18, 10_000, replace=False)
    laid = overlay(base, runs([(int(page), 1, 2, i, 0) for i, page in enumerate(sorted(pages))]))
    assert int(laid["count"].sum()) == 1 << 18
    assert int(laid["count"][laid["extent"] == 2].sum()) == 10_000
