"""A ZEO server merges appends with the tail's classes alone: it need not have NumPy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Two connections append to one tail; the storage of the second commit resolves the conflict, as a server's would.
PROGRAM = """
import sys

sys.modules["numpy"] = None  # importing it raises ImportError

import transaction
import ZODB
from ZODB.FileStorage import FileStorage
from wendelin.core.bigdata.tail.tail import INLINE, InlineChunk, Tail

db = ZODB.DB(FileStorage(sys.argv[1]))
managers = [transaction.TransactionManager() for _ in range(3)]
connections = [db.open(manager) for manager in managers]
connections[0].root()["tail"] = Tail()
managers[0].commit()
for manager, connection, data in zip(managers[1:], connections[1:], (b"first", b"second")):
    manager.begin()
    connection.root()["tail"].add(INLINE, InlineChunk(data), 0, len(data))
for manager in managers[1:]:
    manager.commit()
managers[0].begin()
tail = connections[0].root()["tail"]
print(b" ".join(chunk.source.data for chunk in tail.chunks).decode(), tail.end)
print([name for name in sys.modules if name.partition(".")[0] == "numpy"])
"""


def test_appends_are_merged_without_numpy(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "Data.fs")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["first second 11", "['numpy']"]  # the entry that stands in its way
