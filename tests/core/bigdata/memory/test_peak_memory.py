"""Memory is bounded by what is looked at: peak private memory of a child process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SIZE = 512 << 20
LIMIT = 100 << 20

PRELUDE = """
import resource, sys
from pathlib import Path
import numpy as np
from tests.core.bigdata.sessions import Session, open_database
from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.bigdata.npy import NpyStream

def private():
    with open("/proc/self/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith(("Private_Dirty", "Swap:"))) * 1024

folder, size = Path(sys.argv[1]), int(sys.argv[2])
session = Session(open_database(folder))
root, start = session.root, private()
"""

WORK = {
    "append": """
file = root["file"] = BigFile()
for _ in range(size // (4 << 20)):
    file.append(bytes(range(256)) * (16 << 10))
peak = private()
session.commit()
assert file.size == size
""",
    "assign": """
array = root["array"] = BigArray((size // 8,), "f8")
array[:] = 3
peak = private()
session.commit()
""",
    "sum": """
array = root["array"] = BigArray((size // 8,), "f8")
array[:] = 3
session.commit()
assert np.sum(array) == 3 * len(array)
assert array.snapshot()[:].sum() == 3 * len(array)
peak = private()
""",
    "download": """
array = root["array"] = BigArray((size // 8,), "f8")
array[:] = 3
session.commit()
assert sum(map(len, NpyStream(array.snapshot()).iterate())) > size
assert sum(map(len, array.file.iterate())) == size
peak = private()
""",
    "views with savepoints": """
array = root["array"] = BigArray((size // 8,), "f8")
session.commit()
peak = 0
for block in array.blocks(1 << 20):
    block[:] = 5
    peak = max(peak, private())
    session.tm.savepoint()
session.commit()
assert array[:].min() == 5
""",
    "compact": """
file = root["file"] = BigFile()
session.commit()
for _ in range(size // (1 << 20)):
    file.append(bytes(1 << 20))
    session.commit()
file.compact()
peak = private()
session.commit()
assert file.fragments == 1
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("work", WORK)
def test_private_memory_stays_small(work: str, tmp_path: Path) -> None:
    program = f"{PRELUDE}{WORK[work]}\nprint(max(peak, private()) - start)"
    command = [sys.executable, "-c", program, str(tmp_path), str(SIZE)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < LIMIT
