"""Runs: which pages of a file stand where, as sorted NumPy arrays.

A run says that ``count`` logical pages from ``page`` on are found in extent ``extent`` from its page ``at`` on. A
table of runs is sorted, its runs do not overlap, and a page that no run covers is a hole (zeros). ``kept`` marks a
run that holds the same bytes as what it replaced (sealing, compaction), as against a write; merging relies on it.

Everything works on elementary intervals: cut all tables at every edge of any of them, look each interval up in each
table, choose, and join what continues. Hence ten thousand runs cost a millisecond, not a loop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RUN = np.dtype([("page", "<i8"), ("count", "<i8"), ("extent", "<i8"), ("at", "<i8"), ("kept", "<i8")])
Runs = NDArray[np.void]
Pages = NDArray[np.int64]
EMPTY: Runs = np.empty(0, RUN)
EMPTY.flags.writeable = False


class PageConflict(Exception):
    """Two transactions changed the same page."""


def runs(rows: list[tuple[int, int, int, int, int]]) -> Runs:
    """A table of runs from ``(page, count, extent, at, kept)`` rows, sorted by page."""
    table = np.array(rows, RUN)
    return table[np.argsort(table["page"], kind="stable")]


def distinct(values: Pages) -> Pages:
    """The values, sorted, each once (``np.unique`` imports masked arrays, at twenty times the cost)."""
    ordered = np.sort(values)
    if not len(ordered):
        return ordered
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]


def _intervals(*tables: Runs) -> tuple[Pages, Pages]:
    edges = distinct(np.concatenate([e for t in tables for e in (t["page"], t["page"] + t["count"])]))
    return edges[:-1], edges[1:]


def _look_up(table: Runs, start: Pages) -> tuple[Pages, Pages, Pages]:
    """For each interval start: extent (0: hole), page in the extent, kept."""
    if not len(table) or not len(start):
        zero = np.zeros(len(start), np.int64)
        return zero, zero, zero
    index = np.searchsorted(table["page"], start, "right") - 1
    row = table[np.maximum(index, 0)]
    inside = (index >= 0) & (start < row["page"] + row["count"])
    return (
        np.where(inside, row["extent"], 0),
        np.where(inside, row["at"] + start - row["page"], 0),
        np.where(inside, row["kept"], 0),
    )


def _join(start: Pages, stop: Pages, extent: Pages, at: Pages, kept: Pages) -> Runs:
    """A table from intervals: holes dropped, intervals that continue each other joined."""
    full = extent != 0
    start, stop, extent, at, kept = start[full], stop[full], extent[full], at[full], kept[full]
    if not len(start):
        return EMPTY
    length = stop - start
    first = np.ones(len(start), bool)
    first[1:] = (
        (start[1:] != stop[:-1])
        | (extent[1:] != extent[:-1])
        | (at[1:] != at[:-1] + length[:-1])
        | (kept[1:] != kept[:-1])
    )
    head = np.flatnonzero(first)
    table = np.empty(len(head), RUN)
    table["page"], table["extent"], table["at"], table["kept"] = start[head], extent[head], at[head], kept[head]
    table["count"] = stop[np.append(head[1:] - 1, len(start) - 1)] - start[head]
    return table


def overlay(old: Runs, new: Runs) -> Runs:
    """``new`` laid over ``old``."""
    if not len(old) or not len(new):
        return new if len(new) else old
    start, stop = _intervals(old, new)
    above, below = _look_up(new, start), _look_up(old, start)
    chosen = [np.where(above[0] != 0, a, b) for a, b in zip(above, below, strict=True)]
    return _join(start, stop, *chosen)


def clip(table: Runs, start: int, stop: int) -> Runs:
    """The part of the table within pages ``start`` to ``stop``."""
    if not len(table):
        return EMPTY
    first = max(int(np.searchsorted(table["page"], start, "right")) - 1, 0)
    last = int(np.searchsorted(table["page"], stop, "left"))
    part = table[first:last].copy()
    head = np.clip(start - part["page"], 0, part["count"])
    tail = np.clip(part["page"] + part["count"] - stop, 0, part["count"])
    part["page"] += head
    part["at"] += head
    part["count"] -= head + tail
    return part[part["count"] > 0]


def shift(table: Runs, pages: int) -> Runs:
    """The table with every page number moved by ``pages``."""
    moved = table.copy()
    moved["page"] += pages
    return moved


def changes(old: Runs, new: Runs) -> tuple[Pages, Pages, Pages, Pages]:
    """Where two tables differ: start, stop, and the new extent (0: hole) and page in it; neighbours joined."""
    if not len(old) and not len(new):
        zero = np.zeros(0, np.int64)
        return zero, zero, zero, zero
    start, stop = _intervals(old, new)
    before, after = _look_up(old, start), _look_up(new, start)
    differ = (before[0] != after[0]) | (before[1] != after[1])
    start, stop, extent, at = start[differ], stop[differ], after[0][differ], after[1][differ]
    marked = np.where(extent == 0, np.int64(-(1 << 62)), extent)  # a hole must survive the joining
    position = np.where(extent == 0, start, at)
    table = _join(start, stop, marked, position, np.zeros_like(start))
    hole = table["extent"] == -(1 << 62)
    return (
        table["page"],
        table["page"] + table["count"],
        np.where(hole, 0, table["extent"]),
        np.where(hole, 0, table["at"]),
    )


def holes(table: Runs, start: int, stop: int) -> list[tuple[int, int]]:
    """The uncovered ``(start, stop)`` ranges of pages within ``start`` to ``stop``."""
    part = clip(table, start, stop)
    low = np.concatenate(([start], part["page"] + part["count"]))
    high = np.concatenate((part["page"], [stop]))
    return [(int(a), int(b)) for a, b in zip(low, high, strict=True) if a < b]


def ranges(pairs: list[tuple[int, int]]) -> Runs:
    """A table that covers the ``(start, stop)`` pairs."""
    bounds = np.array(pairs, np.int64).reshape(-1, 2)
    table = np.zeros(len(bounds), RUN)
    table["page"], table["count"], table["extent"] = bounds[:, 0], bounds[:, 1] - bounds[:, 0], 1
    table["at"] = table["page"]
    return table[np.argsort(table["page"], kind="stable")]


def parted(table: Runs, by: Runs) -> tuple[Runs, Runs]:
    """The part of a table that ``by`` covers, and the part that it does not."""
    if not len(table) or not len(by):
        return EMPTY, table
    start, stop = _intervals(table, by)
    extent, at, kept = _look_up(table, start)
    inside = _look_up(by, start)[0] != 0
    return _join(start, stop, np.where(inside, extent, 0), at, kept), _join(
        start, stop, np.where(inside, 0, extent), at, kept
    )


def merge(base: Runs, theirs: Runs, mine: Runs, trust_theirs: bool, trust_mine: bool) -> Runs:
    """Both sides' changes to ``base``; :class:`PageConflict` when a page was changed by both.

    A change that is marked kept, on a side whose marks can be trusted, gives way: it holds the bytes of ``base``.
    """
    start, stop = _intervals(base, theirs, mine)
    b, t, m = (_look_up(table, start) for table in (base, theirs, mine))
    their_change = (t[0] != b[0]) | (t[1] != b[1])
    my_change = (m[0] != b[0]) | (m[1] != b[1])
    if trust_mine:
        my_change &= ~(their_change & (m[2] != 0))
    if trust_theirs:
        their_change &= ~(my_change & (t[2] != 0))
    same = (t[0] == m[0]) & (t[1] == m[1])
    if bool((their_change & my_change & ~same).any()):
        raise PageConflict
    chosen = [np.where(my_change, mc, tc) for mc, tc in zip(m, t, strict=True)]
    return _join(start, stop, *chosen)
