"""Big files and big arrays against their peers, in one run: a line of JSON per workload.

    python benchmarks/bigdata.py [--quick] [--folder DIR] [ROW ...]

Each line: ``{"workload", "goal", "figure", "holds", "peers"}``. Figures are ratios against a peer measured in the
same seconds, medians of several. ``--quick`` takes under a minute at smaller sizes, at which fixed costs weigh more;
a full run five, with 12 GiB of disk and 4 of memory.
Rows: see ``ROWS``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import bigdata_appends
import bigdata_rows
from bigdata_measure import Sizes, folder_of

ROWS = {**bigdata_rows.ROWS, **bigdata_appends.ROWS}


def main() -> None:
    """Run the rows asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], help="which rows; all when none is named")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="a folder on the disk to be measured")
    arguments = parser.parse_args()
    sizes = Sizes.of(arguments.quick)
    with folder_of(Path(arguments.folder), f"wendelin-benchmark-{id(sizes)}") as base:
        for name in arguments.rows or ROWS:
            ROWS[name](base, sizes)


if __name__ == "__main__":
    main()
