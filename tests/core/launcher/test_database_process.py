"""The database server ends between two messages: what it works on when SIGTERM comes is finished and answered."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.database.test_engines import ZeoServer
from wendelin.core.database import open_database
from wendelin.core.launcher.database_process import main

# A signal in the middle of a commit: after its bytes were written, before the disk has them.
SIGNALLED = """
import os, sys
from ZODB.FileStorage import FileStorage
from wendelin.core.launcher.database_process import main
finish = FileStorage._finish_finish
count = 0
def finish_signalled(self, tid):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), int(sys.argv.pop()))
    return finish(self, tid)
FileStorage._finish_finish = finish_signalled
main(["-C", sys.argv[1]])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_commit_is_finished_and_answered(tmp_path: Path, number: signal.Signals) -> None:
    configuration = ZeoServer(tmp_path)
    command = [sys.executable, "-c", SIGNALLED, str(configuration.server_config), str(int(number))]
    log = tmp_path / "log"
    with open(log, "wb") as output, subprocess.Popen(command, stderr=output) as server:
        try:
            with open_database(configuration.config_path) as database:  # its root is the first transaction
                for name in ("before", "signalled"):
                    with database.transaction() as connection:
                        connection.root()[name] = 1
            assert server.wait(20) == 0
        finally:
            server.kill()
    assert f"terminated by {number.name}" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert not configuration.socket.exists()


def test_a_broken_configuration_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zeo.conf").write_text("<zeo>\n")
    with pytest.raises(SystemExit) as caught:
        main(["-C", str(tmp_path / "zeo.conf")])
    assert caught.value.code == 2
    assert "zeo" in capsys.readouterr().err
