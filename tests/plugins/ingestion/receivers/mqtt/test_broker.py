"""Real MQTT clients through a real Mosquitto, which is stopped and started."""

from __future__ import annotations

import socket
import subprocess
import sys
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

from tests.conftest import make_storage
from tests.plugins.ingestion.forward_fixtures import add_policies, find_program, stored, wait_for_size
from tests.plugins.ingestion.mqtt_fixtures import *  # noqa: F403
from tests.plugins.ingestion.mqtt_fixtures import configure, messages
from wendelin.core.database import Database, open_database
from wendelin.core.model.objects.site import get_site
from wendelin.plugins.ingestion.receivers.mqtt.client import MQTTClient
from wendelin.plugins.ingestion.receivers.mqtt.configuration import Subscription
from wendelin.plugins.ingestion.receivers.mqtt.delivery import MessageDelivery


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
    delivery = MessageDelivery(database, configuration)
    if store is not None:
        delivery.store = store  # type: ignore[method-assign]
    client = MQTTClient(configuration, delivery)
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
        return client.delivery.session_name in sessions and sessions[client.delivery.session_name].filters

    wait_for(lambda: client.delivery.database.run(filters))


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


def test_a_publication_is_stored_once_whatever_matches_it(allowed: Database, broker: Broker) -> None:
    """This broker delivers it for each subscription, as MQTT lets it."""
    broker.stop()
    with open(broker.folder / "mosquitto.conf", "a") as settings:
        settings.write("allow_duplicate_messages true\n")
    broker.start()
    subscriptions = (Subscription("plant/+/stream", "pydata"), Subscription("plant/#"), Subscription("#", "pydata"))
    with running(allowed, broker, *subscriptions) as client, publisher(broker) as publish:
        wait_until_subscribed(client)
        for number in range(20):
            publish("plant/7/stream", b"%d;" % number)
        publish("plant/7/state", b"on")
        publish("end", b"end")
        wait_for(lambda: stored(allowed).get("pydata.pydata", b"").endswith(b"end"))
    assert stored(allowed)["pydata.pydata"] == b"".join(b"%d;" % number for number in range(20)) + b"end"
    assert messages(allowed) == [("plant/7/state", b"on")]


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

    real = MessageDelivery(allowed, configure(Subscription("good/#", "pydata"), Subscription("bad", "other")))
    with running(allowed, broker, store=store) as client:
        wait_until_subscribed(client)
        with publisher(broker) as publish:
            for topic in ("good/1", "bad", "good/2"):
                publish(topic, topic.encode())
        wait_for_size(allowed, 12)
    assert stored(allowed) == {"pydata.pydata": b"good/1good/2"}


def make_certificate(folder: Path) -> None:
    """``cert.pem`` and ``key.pem`` for localhost."""
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    options = ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([find_program("openssl"), *command.split(), *options], cwd=folder, check=True, capture_output=True)


SETTINGS = """\
user = "sensor"
host = "localhost"
port = {port}
username = "ada"
password = "secret"
[tls]
ca = "cert.pem"
[[subscribe]]
topic = "plant/#"
policy = "pydata"
"""


@pytest.mark.slow
def test_the_command_with_tls(broker: Broker, tmp_path: Path) -> None:
    make_certificate(tmp_path)
    broker.stop()
    with open(tmp_path / "mosquitto.conf", "a") as stream:
        stream.write(f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\n")
    broker.start()
    var = tmp_path / "var"
    var.mkdir()
    make_database(var)
    (var / "cert.pem").write_bytes((tmp_path / "cert.pem").read_bytes())
    (var / "mqtt.toml").write_text(SETTINGS.format(port=broker.port))
    log = tmp_path / "mqtt.log"
    with open(log, "wb") as output:
        child = subprocess.Popen([sys.executable, "-m", "wendelin.core.cli", "--var", str(var), "mqtt"], stderr=output)
    publish = [find_program("mosquitto_pub"), "-h", "localhost", "-p", str(broker.port), "-u", "ada", "-P", "secret"]
    publish += ["--cafile", str(tmp_path / "cert.pem"), "-q", "1", "-t", "plant/1"]
    try:
        wait_for(lambda: b"subscribed" in log.read_bytes())
        before = (var / "Data.fs").stat().st_size
        subprocess.run([*publish, "-m", "21.5"], check=True, timeout=20)
        wait_for(lambda: (var / "Data.fs").stat().st_size > before)
    finally:
        child.terminate()
        assert child.wait(20) == 0, log.read_text()
    with open_database(var / "zodb.conf") as database:
        assert stored(database) == {"pydata.pydata": b"21.5"}, log.read_text()


def make_database(var: Path) -> None:
    """A site in a FileStorage, and the ``zodb.conf`` that opens it."""
    make_storage(var, "erp5_wendelin").close()
    (var / "zodb.conf").write_text(
        f"<zodb main>\n<filestorage>\npath {var}/Data.fs\nblob-dir {var}/blobs\n</filestorage>\n</zodb>\n"
    )
    with open_database(var / "zodb.conf") as database:
        add_policies(database)
