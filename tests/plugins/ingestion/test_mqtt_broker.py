"""Real MQTT clients through a real Mosquitto, which is stopped and started."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from transaction.interfaces import TransientError

from tests.plugins.ingestion.forward_fixtures import find_program, stored, wait_for_size
from tests.plugins.ingestion.mqtt_fixtures import *  # noqa: F403
from tests.plugins.ingestion.mqtt_fixtures import configure, messages
from wendelin.core.database import Database
from wendelin.core.site import get_site
from wendelin.plugins.ingestion.mqtt.client import MQTTClient
from wendelin.plugins.ingestion.mqtt.configuration import Subscription
from wendelin.plugins.ingestion.mqtt.storage import MessageStorage


class Broker:
    """A Mosquitto of the test, with a folder of its own, where it keeps its sessions."""

    def __init__(self, folder: Path) -> None:
        self.program = find_program("mosquitto")
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "passwords").touch(mode=0o600)
        subprocess.run(
            [find_program("mosquitto_passwd"), "-b", "passwords", "ada", "secret"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/passwords\n"
            f"persistence true\npersistence_location {folder}/\nmax_queued_messages 10000\nuser root\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([self.program, "-c", "mosquitto.conf"], cwd=self.folder, stderr=log)
        deadline = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@contextmanager
def running(
    database: Database, broker: Broker, *subscriptions: Subscription, store: Callable[..., None] | None = None
) -> Iterator[MQTTClient]:
    """Our client, in a thread, as ``wendelin mqtt`` runs it."""
    configuration = configure(*subscriptions, port=broker.port, username="ada", password="secret")
    storage = MessageStorage(database, configuration)
    if store is not None:
        storage.store = store  # type: ignore[method-assign]
    client = MQTTClient(configuration, storage)
    thread = threading.Thread(target=client.run, daemon=True)
    thread.start()
    try:
        yield client
    finally:
        client.stop()
        thread.join(20)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_until_subscribed(client: MQTTClient) -> None:
    def filters(connection: Any) -> object:
        tool = get_site(connection).portal_ingestion_policies
        sessions = tool.__dict__.get("mqtt_sessions") or {}
        return client.storage.session_name in sessions and sessions[client.storage.session_name].filters

    wait_for(lambda: client.storage.database.run(filters))


@contextmanager
def publisher(broker: Broker) -> Iterator[Callable[..., None]]:
    """``publish(topic, payload)`` with QoS 1, by paho."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("ada", "secret")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        yield lambda topic, payload, **options: client.publish(
            topic, payload, **({"qos": 1} | options)
        ).wait_for_publish(10)
    finally:
        client.disconnect()
        client.loop_stop()


def test_paho_through_mosquitto(allowed: Database, broker: Broker) -> None:
    payloads = [bytes([number]) * number * 40 for number in range(100)]
    subscriptions = (Subscription("plant/+/stream", "pydata"), Subscription("plant/#"))
    with running(allowed, broker, *subscriptions) as client, publisher(broker) as publish:
        wait_until_subscribed(client)
        for payload in payloads:
            publish("plant/7/stream", payload)
        publish("plant/7/state", b"on")
        publish("other", b"not for us")
        publish("plant/8/state", b"off", qos=0)
        wait_for_size(allowed, sum(map(len, payloads)))
        wait_for(lambda: len(messages(allowed)) == 2)
    assert stored(allowed) == {"pydata.pydata": b"".join(payloads)}
    # without a promise of delivery it may overtake
    assert sorted(messages(allowed)) == [("plant/7/state", b"on"), ("plant/8/state", b"off")]


def test_mosquitto_pub(allowed: Database, broker: Broker) -> None:
    program = find_program("mosquitto_pub")
    with running(allowed, broker) as client:
        wait_until_subscribed(client)
        command = [program, "-p", str(broker.port), "-u", "ada", "-P", "secret", "-q", "1", "-t", "a/b", "-m", "21.5"]
        subprocess.run(command, check=True, timeout=20)
        wait_for_size(allowed, 4)
    assert stored(allowed) == {"pydata.pydata": b"21.5"}


def test_what_is_published_while_we_are_away_waits_and_nothing_is_stored_twice(
    allowed: Database, broker: Broker
) -> None:
    with running(allowed, broker) as client, publisher(broker) as publish:
        wait_until_subscribed(client)
        publish("keep", b"<retained>", retain=True)
        wait_for_size(allowed, 10)
    with publisher(broker) as publish:
        for _ in range(30):
            publish("a", b"same")
    broker.stop()
    with running(allowed, broker):  # the broker is away at the beginning
        time.sleep(1.2)
        broker.start()
        wait_for_size(allowed, 10 + 30 * 4)
    assert stored(allowed) == {"pydata.pydata": b"<retained>" + b"same" * 30}


def test_a_kill_after_the_commit_and_before_the_acknowledgement(allowed: Database, broker: Broker) -> None:
    with running(allowed, broker) as client, publisher(broker) as publish:
        wait_until_subscribed(client)
        client._client.ack = lambda number, qos: None  # the process dies before its acknowledgements are sent
        for number in range(10):
            publish("a", b"%d" % number)
        wait_for_size(allowed, 10)
    with running(allowed, broker), publisher(broker) as publish:
        publish("a", b"end")
        wait_for_size(allowed, 13)
    assert stored(allowed) == {"pydata.pydata": b"0123456789end"}


def test_what_is_refused_is_dropped_and_what_has_to_wait_waits(allowed: Database, broker: Broker) -> None:
    failures = [TransientError("away")]

    def store(batch: Any) -> None:
        if failures:
            raise failures.pop()
        real.store(batch)

    real = MessageStorage(allowed, configure(Subscription("good/#", "pydata"), Subscription("bad", "other")))
    with running(allowed, broker, store=store) as client:
        wait_until_subscribed(client)
        with publisher(broker) as publish:
            for topic in ("good/1", "bad", "good/2"):
                publish(topic, topic.encode())
        wait_for_size(allowed, 12)
    assert stored(allowed) == {"pydata.pydata": b"good/1good/2"}
