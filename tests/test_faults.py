"""Nothing acknowledged is lost, and the site answers again by itself: SIGKILL for its processes under load.

Four clients that retry as Fluentd does send 200 chunks while the web server and the database server are killed again
and again. Afterwards every chunk that was answered 204 is in the stream, whole. A logger that waits for no
acknowledgement sends numbered records to the forward receiver meanwhile: each is stored once, in its order.
"""

from __future__ import annotations

import http.client
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import msgpack
import pytest

from tests.core.launcher.instances import WENDELIN, RunningInstance, processes_of, wait_until
from wendelin.core.instance.var_folder import free_port
from wendelin.core.launcher.check import Client, create_policy, event_time, find_stream

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CLIENTS, REQUESTS, MARK_SIZE = 4, 50, 4096
REFERENCE = "faults"


@pytest.fixture
def instance(tmp_path: Path):
    running = RunningInstance(tmp_path / "var", "--configure")
    yield running
    running.stop()
    assert not processes_of(tmp_path / "var")


def make_mark(client: int, number: int) -> bytes:
    """A payload that can be found again, and that differs in every byte position from its neighbours."""
    return (f"<{client}:{number:03d}>".encode() * MARK_SIZE)[:MARK_SIZE]


class Sender(threading.Thread):
    """Posts its chunks in order, each until it is acknowledged; knows what was, and how often it had to try again."""

    def __init__(self, client: Client, number: int, seed: int) -> None:
        super().__init__(name=f"sender-{number}")
        self.client, self.number = client, number
        self.random = random.Random(seed)
        self.acknowledged: list[bytes] = []
        self.failures: Counter[str] = Counter()

    def run(self) -> None:
        for number in range(REQUESTS):
            mark = make_mark(self.number, number)
            body = msgpack.packb([event_time(), {"message": mark}], use_bin_type=True)
            while not self.send(body):
                time.sleep(self.random.uniform(0.1, 0.5))
            self.acknowledged.append(mark)
            time.sleep(self.random.uniform(0, 0.1))

    def send(self, body: bytes) -> bool:
        """True when the chunk was acknowledged; anything else is tried again, as Fluentd does."""
        path = f"portal_ingestion_policies/{REFERENCE}/ingest?reference={REFERENCE}"
        try:
            status, _ = self.client.request("POST", path, body, Content_Type="application/octet-stream")
        except (OSError, http.client.HTTPException) as error:
            self.failures[type(error).__name__] += 1
            return False
        if status != 204:
            self.failures[str(status)] += 1
        return status == 204


def test_kill_9_of_web_and_database_under_load_loses_nothing(instance: RunningInstance) -> None:
    client = Client(instance.facts["url"], instance.facts["user"], instance.facts["password"])
    create_policy(client, REFERENCE)
    senders = [Sender(client, number, seed=number) for number in range(CLIENTS)]
    for sender in senders:
        sender.start()
    killed = kill_while_sending(instance, senders)
    for sender in senders:
        sender.join(200)
        assert not sender.is_alive(), f"{sender.name} is not done: {sender.failures}"
    assert killed["web"] and killed["database"]
    assert sum((sender.failures for sender in senders), Counter()), "no request met a dead process: no test"

    wait_until(lambda: instance.get()[0] == 200, "the site does not answer again")
    stored = client.expect(200, "GET", f"{find_stream(client, REFERENCE)}/getData")
    assert len(stored) % MARK_SIZE == 0, "a chunk is torn"
    found = [stored[start : start + MARK_SIZE] for start in range(0, len(stored), MARK_SIZE)]
    for sender in senders:
        assert len(sender.acknowledged) == REQUESTS
        missing = [mark[:8] for mark in sender.acknowledged if mark not in found]
        assert not missing, f"acknowledged, and not there: {missing}"
    assert set(found) == {mark for sender in senders for mark in sender.acknowledged}


RECORDS, RECORD_SIZE = 6000, 512


def make_record(number: int) -> bytes:
    return f"<{number:06d}>".encode().ljust(RECORD_SIZE, b".")


class Logger(threading.Thread):
    """Sends records in Message mode over one connection, and hears nothing of them, as ``fluent-logger`` does."""

    def __init__(self, port: int) -> None:
        super().__init__(name="logger")
        self.port, self.number = port, 0

    def run(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for self.number in range(RECORDS):
                record = {"message": make_record(self.number)}
                connection.sendall(msgpack.packb(["faults", int(time.time()), record]))
                time.sleep(0.002)


def test_kill_9_of_the_database_loses_and_doubles_nothing_of_a_logger(instance: RunningInstance) -> None:
    client = Client(instance.facts["url"], instance.facts["user"], instance.facts["password"])
    create_policy(client, REFERENCE)
    port, log = free_port(), instance.var / "forward.log"
    command = [*WENDELIN, "forward", "--var", str(instance.var), "--user", "zope", "--port", str(port)]
    with open(log, "wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as receiver:
        try:
            wait_until(lambda: b"listening" in log.read_bytes(), "the receiver does not start")
            logger = Logger(port)
            logger.start()
            kills = 0
            while logger.is_alive():
                pid = instance.kill("database")
                kills += 1
                instance.wait_for_another("database", pid)
                time.sleep(random.Random(kills).uniform(0.2, 1.5))
            assert kills > 3 and logger.number == RECORDS - 1

            def stored() -> bytes:
                status, data = client.request("GET", f"{find_stream(client, REFERENCE)}/getData")
                return data if status == 200 and len(data) >= RECORDS * RECORD_SIZE else b""

            data = wait_until(stored, f"records are missing: {log.read_text()[-2000:]}")
        finally:
            receiver.terminate()
    assert [data[at : at + RECORD_SIZE] for at in range(0, len(data), RECORD_SIZE)] == [
        make_record(number) for number in range(RECORDS)
    ]
    assert " refused " not in log.read_text().replace("Connection refused", "")


def kill_while_sending(instance: RunningInstance, senders: list[Sender]) -> Counter[str]:
    """SIGKILL for web and database server in turn, each some requests after the one before was started again."""
    killed: Counter[str] = Counter()
    for name in ("web", "database", "database", "web"):
        goal = sum(len(sender.acknowledged) for sender in senders) + 25
        wait_until(
            lambda goal=goal: (
                sum(len(sender.acknowledged) for sender in senders) >= goal
                or not any(sender.is_alive() for sender in senders)
            ),
            "the senders get nothing acknowledged any more",
            100,
        )
        if any(sender.is_alive() for sender in senders):
            pid = instance.kill(name)
            killed[name] += 1
            instance.wait_for_another(name, pid)
    return killed
