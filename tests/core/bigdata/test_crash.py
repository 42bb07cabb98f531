"""SIGKILL at every step of flush and commit: after reopening, each array equals the last committed state.

``WENDELIN_KILLS`` sets the number of runs (the full suite takes 50).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.core.bigdata.killed_writer import replay
from tests.core.bigdata.sessions import Session, open_database

KILLS = int(os.environ.get("WENDELIN_KILLS", "12"))
ROOT = Path(__file__).parents[3]
STEPS = 70  # barriers of one transaction, about


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kill_at_every_step(tmp_path: Path) -> None:
    for run in range(KILLS):
        folder = tmp_path / str(run)
        folder.mkdir()
        step = 1 + run * 4 * STEPS // KILLS
        command = [sys.executable, "-m", "tests.core.bigdata.killed_writer", str(folder), str(step)]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=100)
        assert result.returncode == -signal.SIGKILL, result.stderr.decode()
        check(folder, step)


def check(folder: Path, step: int) -> None:
    """The database holds a whole transaction, the last acknowledged or the one being committed."""
    acknowledged = len((folder / "acknowledged").read_text().splitlines())
    db = open_database(folder)
    session = Session(db)
    last = session.root["last"]
    assert acknowledged <= last <= acknowledged + 1, f"killed at step {step}"
    array, data = replay(last)
    np.testing.assert_array_equal(session.root["array"][:], array, f"killed at step {step}")
    assert session.root["file"].read() == data, f"killed at step {step}"
    session.root["array"][0] = 1234
    session.root["file"].append(b"goes on")
    session.commit()
    assert session.root["file"].read(len(data)) == b"goes on"
    session.close()
    db.close()
