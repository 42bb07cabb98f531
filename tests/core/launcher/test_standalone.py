"""The launcher with all its processes: start, kill, restart, stop, and its sentences."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zc.lockfile

from tests.core.launcher.instances import RunningInstance, listening_ports, processes_of, wait_until, wendelin
from wendelin.core.instance.var_folder import Instance
from wendelin.core.launcher.supervision import Control

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory):
    running = RunningInstance(tmp_path_factory.mktemp("instance") / "var")
    yield running
    running.stop()


def test_it_says_where_it_is_and_how_to_log_in(instance: RunningInstance) -> None:
    printed = instance.output.read_text()
    assert instance.facts["url"] in printed and instance.facts["password"] in printed
    assert instance.facts["user"] == "zope"
    assert instance.get()[0] == 200


def test_secrets_are_for_the_owner_only(instance: RunningInstance) -> None:
    for name in ("credentials.json", "instance.json", "zodb.conf", "run/supervisord.conf"):
        assert stat.S_IMODE((instance.var / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(instance.var.stat().st_mode) == 0o700


def test_the_password_is_kept_as_a_hash(instance: RunningInstance) -> None:
    assert instance.facts["password"].encode() not in (instance.var / "data" / "Data.fs").read_bytes()


def test_all_processes_run(instance: RunningInstance) -> None:
    assert {"database", "web", "worker"} <= set(instance.pids())


@pytest.mark.parametrize("name", ["web", "worker", "database"])
def test_a_killed_process_is_started_again_and_the_site_answers(instance: RunningInstance, name: str) -> None:
    pid = instance.kill(name)
    instance.wait_for_another(name, pid)
    wait_until(lambda: instance.get()[0] == 200, f"the site does not answer after {name} was killed")
    assert f"{name} ended and was started again" in wait_until(
        lambda: (text := instance.output.read_text()).count(f"{name} ended") and text, "the launcher does not say so"
    )


def test_while_the_database_is_away_the_answer_is_503_and_heals(instance: RunningInstance) -> None:
    control = Control(**Instance(instance.var).read_facts()["supervisor"])
    with control.connected() as supervisor:
        supervisor.stopProcess("database")
    try:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(instance.facts["url"], timeout=60)
        assert caught.value.code == 503
        assert int(caught.value.headers["Retry-After"]) > 0
    finally:
        with control.connected() as supervisor:
            supervisor.startProcess("database")
    wait_until(lambda: instance.get()[0] == 200, "the site does not heal")


def test_a_second_launcher_is_refused(instance: RunningInstance) -> None:
    result = wendelin(instance.var, "standalone", "--port", "0")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(f"wendelin: the instance in {instance.var} is running already")


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = wendelin(tmp_path / "var", "standalone", "--port", str(port))
    assert result.returncode == 1
    assert result.stderr.strip() == (
        f"wendelin: port {port} of 127.0.0.1 cannot be used (Address already in use): choose another with --port"
    )


def test_a_locked_database_is_one_sentence(tmp_path: Path) -> None:
    data = tmp_path / "var" / "data"
    data.mkdir(parents=True)
    lock = zc.lockfile.LockFile(str(data / "Data.fs.lock"))
    try:
        result = wendelin(tmp_path / "var", "standalone", "--port", "0")
    finally:
        lock.close()
    assert result.returncode == 1
    assert "is locked by another process" in result.stderr and "Traceback" not in result.stderr


def test_a_broken_server_configuration_is_one_sentence(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    (var / "zeo.conf").write_text("<zeo>\n  no-such-key 1\n</zeo>\n")
    result = wendelin(var, "standalone", "--port", "0")
    assert result.returncode == 1
    assert "the database server does not start" in result.stderr and "Traceback" not in result.stderr
    assert not processes_of(var)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = wendelin(tmp_path / "file" / "var", "standalone", "--port", "0")
    assert result.returncode == 1 and "cannot be written to" in result.stderr


def readable_by_others(folder: Path) -> Iterator[Path]:
    """What other users of the machine can get at in a folder that they can enter."""
    for path in folder.iterdir():
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & 0o011:
            yield from readable_by_others(path)
        elif not stat.S_ISDIR(mode) and mode & 0o066:
            yield path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running(tmp_path: Path, number: int) -> None:
    """On a path that is too long for sockets, so that this way works too; then a second start on the same data."""
    var = tmp_path / ("long-" * 20) / "var"
    var.mkdir(parents=True)
    var.chmod(0o755)  # as an operator may have made it
    first = RunningInstance(var)
    try:
        assert first.get()[0] == 200
        assert listening_ports(var) == {urlsplit(first.facts["url"]).port}, (
            "something besides the web server listens on TCP"
        )
        assert list(readable_by_others(var)) == []
        status = first.stop(number)
    finally:
        first.process.kill()
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    wait_until(lambda: not processes_of(var), "processes are left")
    if number != signal.SIGTERM:
        return
    second = RunningInstance(var)
    try:
        assert second.facts["password"] == first.facts["password"]
        assert second.get()[0] == 200
        assert "Created" not in second.output.read_text()
    finally:
        second.stop()


def test_a_killed_supervisord_takes_everything_with_it(tmp_path: Path) -> None:
    var = tmp_path / "var"
    running = RunningInstance(var)
    os.kill(int((var / "run" / "supervisord.pid").read_text()), signal.SIGKILL)
    assert running.process.wait(60) == 1
    assert "supervisord ended by itself" in running.output.read_text().splitlines()[-1]
    wait_until(lambda: not processes_of(var), "processes are left")


def test_a_database_that_is_killed_at_the_first_start_is_waited_for(tmp_path: Path) -> None:
    """SIGKILL while the site is made, and while it is configured."""
    var, told = tmp_path / "var", tmp_path / "var.out"
    killed = []

    def kill_at(line: str) -> None:
        wait_until(lambda: told.exists() and line in told.read_text(), f"{line!r} is not told", 100)
        killed.append(int((var / "run" / "zeo.pid").read_text()))
        os.kill(killed[-1], signal.SIGKILL)

    def kill() -> None:
        kill_at("Created the site")
        kill_at("Configuring: ")

    thread = threading.Thread(target=kill)
    thread.start()
    running = RunningInstance(var, "--configure")
    try:
        thread.join(10)
        assert len(set(killed)) == 2
        assert "Configuring: Done" in told.read_text()
        assert running.get("data_stream_module/view")[0] == 200
    finally:
        running.stop()
