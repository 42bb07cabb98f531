"""Where the pages of a file are to be found, as of one state of it, and how to reach the files that hold them."""

from __future__ import annotations

from wendelin.core.bigdata.extents.extent_map import Extents
from wendelin.core.bigdata.extents.page_size import PAGE, pages_of
from wendelin.core.bigdata.extents.runs import EMPTY, Runs, overlay, runs
from wendelin.core.bigdata.extents.stores import store_of
from wendelin.core.bigdata.memory.mapping import Scratch
from wendelin.core.bigdata.memory.paged_file import PagedState
from wendelin.core.bigdata.tail.sealing import compose, plan
from wendelin.core.bigdata.tail.tail import Tail

LARGE_SCRATCH = 1 << 14  # pages: above 64 MiB the scratch file is on disk


class PageSource:
    """Where a file's pages are to be found: runs and extents as of one state of the file."""

    def __init__(self) -> None:
        self.extents: Extents = {}
        self.scratch: Scratch | None = None

    def find(self, file: PagedState, first: int, last: int) -> Runs:
        """The runs of pages ``first`` to ``last``."""
        tail, table = file.tail, file.extent_map
        whole = tail.start // PAGE
        found = EMPTY
        if first < whole:
            found = table.runs(first, min(last, whole))
            self.extents.update(table.extents(first, min(last, whole)))
        if last > whole:
            ready, extents, ranges = plan(tail, max(first, whole), min(last, pages_of(tail.end)))
            self.extents.update(extents)
            found = overlay(found, overlay(ready, self._composed(tail, ranges)))
        return found

    def _composed(self, tail: Tail, ranges: list[tuple[int, int]]) -> Runs:
        if not ranges:
            return EMPTY
        large = sum(high - low for low, high in ranges) > LARGE_SCRATCH
        if self.scratch is not None:
            self.scratch.forget_before(tail.start // PAGE)
        if (
            self.scratch is None
            or self.scratch.on_disk < large
            or self.scratch.used > 4 * len(self.scratch.slots) + 4096
        ):
            self.scratch = Scratch(large)
        rows = []
        for low, high in ranges:
            page = low
            for block in compose(tail, [(low, high)]):
                for at in range(0, len(block), PAGE):
                    slot = self.scratch.place(page, bytes(block[at : at + PAGE]))
                    rows.append((page, 1, self.scratch.number, slot, 0))
                    page += 1
        return overlay(EMPTY, _joined(rows))

    def path_of(self, number: int) -> str:
        """A local file with an extent's bytes."""
        if self.scratch is not None and number == self.scratch.number:
            return f"/proc/self/fd/{self.scratch.descriptor}"
        handle = self.extents[number]
        return store_of(handle).path(handle)


def _joined(rows: list[tuple[int, int, int, int, int]]) -> Runs:
    joined: list[tuple[int, int, int, int, int]] = []
    for page, count, number, at, kept in rows:
        if joined:
            first, so_far, _, begin, _ = joined[-1]
            if first + so_far == page and begin + so_far == at:
                joined[-1] = first, so_far + count, number, begin, kept
                continue
        joined.append((page, count, number, at, kept))
    return runs(joined)
