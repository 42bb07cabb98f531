"""The receivers as an operator runs them: settings files in ``var``, started with all else by the launcher."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest

from tests.core.launcher.instances import WENDELIN, RunningInstance, processes_of, wait_until
from wendelin.core.errors import NotFound
from wendelin.core.instance.var_folder import Instance
from wendelin.core.launcher.check import Client, create_policy, find_stream
from wendelin.core.launcher.processes import plugin_processes
from wendelin.plugins.ingestion.receivers.forward.command import main as forward_main

POLICY = "receivers"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_processes_are_those_that_have_settings(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.write_facts(host="127.0.0.1", port=1)

    def names() -> set[str]:
        return {process.name for process in plugin_processes(instance, {}, frozenset())} & {"forward", "mqtt"}

    assert names() == set()
    (tmp_path / "forward.toml").write_text('user = "zope"')
    (tmp_path / "mqtt.toml").write_text("enabled = false")
    assert names() == {"forward"}
    (tmp_path / "mqtt.toml").write_text("not TOML")  # started, to say what is wrong
    assert names() == {"forward", "mqtt"}


def test_without_an_instance_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no instance"):
        forward_main(["--var", str(tmp_path), "--user", "zope"])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def instance(tmp_path: Path, port: int) -> Iterator[RunningInstance]:
    var = tmp_path / "var"
    var.mkdir()
    (var / "forward.toml").write_text(f'user = "zope"\nport = {port}\n[[match]]\ntag = "**"\npolicy = "{POLICY}"\n')
    running = RunningInstance(var, "--configure")
    yield running
    running.stop()
    assert not processes_of(var)


def send_acknowledged(port: int, chunk_id: str, message: bytes) -> bool:
    """One chunk; True when it was acknowledged."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(msgpack.packb([POLICY, [[1, {"message": message}]], {"chunk": chunk_id}]))
            return bool(connection.recv(1000) == msgpack.packb({"ack": chunk_id}))
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kill_9_of_the_receiver_and_of_the_sender(instance: RunningInstance, port: int, tmp_path: Path) -> None:
    client = Client(instance.facts["url"], instance.facts["user"], instance.facts["password"])
    create_policy(client, POLICY)
    wait_until(lambda: "forward" in instance.pids(), "the receiver does not run")
    pid = instance.pids()["forward"]
    sent = b""
    for number in range(60):
        message = b"<%d>" % number
        if number == 30:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: send_acknowledged(port, f"id-{number}", message), "nothing is acknowledged")  # noqa: B023
        assert send_acknowledged(port, f"id-{number}", message)  # the acknowledgement was lost
        sent += message
    stream = find_stream(client, POLICY)
    assert client.expect(200, "GET", f"{stream}/getData") == sent
    assert instance.pids()["forward"] != pid

    file = tmp_path / "sound.wav"
    data = os.urandom(6_000_000)
    file.write_bytes(data)
    command = [*WENDELIN, "--var", str(instance.var), "send", str(tmp_path / "*.wav"), "--policy", POLICY]
    command += ["--chunk-size", "20000", "--follow"]

    def size() -> int:
        return len(client.expect(200, "GET", f"{stream}/getData"))

    for _ in range(4):
        before = size()
        child = subprocess.Popen(command)
        wait_until(lambda: size() >= min(before + 200_000, len(sent + data)), "nothing arrives")  # noqa: B023
        child.kill()
        child.wait()
    child = subprocess.Popen(command)
    with open(file, "ab") as stream_end:
        stream_end.write(b"more")
    wait_until(lambda: size() >= len(sent + data) + 4, "not all is sent")
    child.terminate()
    assert child.wait(20) == 0
    assert client.expect(200, "GET", f"{stream}/getData") == sent + data + b"more"
