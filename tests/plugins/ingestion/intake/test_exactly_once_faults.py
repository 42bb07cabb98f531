"""Exactly once, whatever breaks: every acknowledged chunk is in the stream once, byte for byte.

Four clients that retry as Fluentd does send 500 chunks. Some answers are thrown away after the commit, some connections
are cut inside of the body, and web server and database server are killed at random moments. A disk runs full in the
second test, where the server may write no larger file than a limit.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import socket
import time
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgpack
import pytest
import ZODB
from waitress import serve

from tests.conftest import make_storage
from tests.core.launcher.instances import RunningInstance, processes_of, wait_until
from tests.plugins.ingestion.ingest_fixtures import PASSWORD
from tests.test_faults import MARK_SIZE, Sender, kill_while_sending, make_mark
from wendelin.core.database import Database, class_factory, open_database
from wendelin.core.launcher.check import Client, create_policy, event_time, find_stream
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]
CLIENTS, CHUNKS = 4, 125
REFERENCE = "faults"
PATH = f"portal_ingestion_policies/{REFERENCE}/ingest?reference={REFERENCE}"


def post_badly(client: Client, body: bytes, cut_at: int) -> None:
    """Send ``cut_at`` bytes of a body and hang up, without looking at an answer."""
    address = urlsplit(client.url)
    login = b64encode(f"{client.user}:{client.password}".encode()).decode()
    head = (
        f"POST {address.path}{PATH} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {login}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=10) as connection:
        connection.sendall(head.encode() + body[:cut_at])
        time.sleep(0.05)


class UnluckySender(Sender):
    """Loses some answers, and some connections, before it sends the chunk again."""

    def run(self) -> None:
        for number in range(CHUNKS):
            mark = make_mark(self.number, number)
            body = msgpack.packb([event_time(), {"message": mark}], use_bin_type=True)
            luck = self.random.random()
            if luck < 0.3:
                self._lose(body, len(body) if luck < 0.2 else self.random.randrange(len(body)))
            while not self.send(body):
                time.sleep(self.random.uniform(0.1, 0.5))
            self.acknowledged.append(mark)

    def _lose(self, body: bytes, cut_at: int) -> None:
        try:
            post_badly(self.client, body, cut_at)
        except OSError as error:
            self.failures[type(error).__name__] += 1


def test_lost_answers_cut_bodies_and_killed_servers(tmp_path: Path) -> None:
    instance = RunningInstance(tmp_path / "var", "--configure")
    try:
        client = Client(instance.facts["url"], instance.facts["user"], instance.facts["password"])
        create_policy(client, REFERENCE)
        senders: list[Sender] = [UnluckySender(client, number, seed=number) for number in range(CLIENTS)]
        for sender in senders:
            sender.start()
        killed = kill_while_sending(instance, senders)
        for sender in senders:
            sender.join(300)
            assert not sender.is_alive(), f"{sender.name} is not done: {sender.failures}"
        assert killed["web"] and killed["database"]
        wait_until(lambda: instance.get()[0] == 200, "the site does not answer again")
        stream = find_stream(client, REFERENCE)
        check_marks(client.expect(200, "GET", f"{stream}/getData"), CLIENTS, CHUNKS)
    finally:
        instance.stop()
    assert not processes_of(tmp_path / "var")


def check_marks(data: bytes, clients: int, chunks: int) -> None:
    """Each mark once, whole, and nothing else."""
    found = Counter(data[start : start + MARK_SIZE] for start in range(0, len(data), MARK_SIZE))
    wanted = Counter(make_mark(client, number) for client in range(clients) for number in range(chunks))
    assert [mark[:9] for mark in wanted - found] == [], "lost"
    assert [mark[:9] for mark in found - wanted] == [], "stored twice, or torn"


CONFIG = """
<zodb main>
  <filestorage>
    path {folder}/Data.fs
    blob-dir {folder}/blobs
  </filestorage>
</zodb>
"""


def run_server(folder: str, port: int, limit: int) -> None:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    serve(make_application(open_database(f"{folder}/zodb.conf")), host="127.0.0.1", port=port, _quiet=True)


class LimitedServer:
    """A server in a process of its own that may write no file beyond ``limit`` bytes (0: any)."""

    def __init__(self, folder: Path, limit: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        arguments = (str(folder), self.port, limit)
        self.process = multiprocessing.get_context("spawn").Process(target=run_server, args=arguments)
        self.process.start()
        self.client = Client(f"http://127.0.0.1:{self.port}/erp5/", "zope", PASSWORD)

    def __enter__(self) -> Client:
        wait_until(self._listens, "the server does not start")
        return self.client

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *exception: Any) -> None:
        self.process.kill()
        self.process.join(30)


@pytest.mark.parametrize("size", [20_000, 700_000])
def test_a_full_disk(tmp_path: Path, size: int) -> None:
    database = Database(ZODB.DB(make_storage(tmp_path, "erp5_wendelin"), class_factory=class_factory))
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        site.acl_users.add_user("zope", PASSWORD, ["Manager"])
        site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy(REFERENCE)
    database.close()
    (tmp_path / "zodb.conf").write_text(CONFIG.format(folder=tmp_path))
    limit = (tmp_path / "Data.fs").stat().st_size + (2 << 20)
    chunks = [random.Random(number).randbytes(size) for number in range(4 << 20 >> 14 if size < 100_000 else 12)]
    bodies = [msgpack.packb([event_time(), {"message": chunk}], use_bin_type=True) for chunk in chunks]
    acknowledged = []
    with LimitedServer(tmp_path, limit) as client:
        for number, body in enumerate(bodies):
            status, _ = client.request("POST", PATH, body, Content_Type="application/octet-stream")
            assert status == 204 or status >= 500, status
            if status == 204:
                acknowledged.append(number)
    assert 0 < len(acknowledged) < len(chunks), "the disk was never full: no test"
    with LimitedServer(tmp_path, 0) as client:
        for body in bodies:  # all again, as who does not know what became of them
            client.expect(204, "POST", PATH, body, Content_Type="application/octet-stream")
        data = client.expect(200, "GET", f"{find_stream(client, REFERENCE)}/getData")
    found = Counter(data[at : at + size] for at in range(0, len(data), size))
    assert found == Counter(chunks)
