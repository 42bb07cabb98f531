"""A body of 256 MB through a real server in a process of its own: stored exactly, and never held in memory."""

from __future__ import annotations

import hashlib
import http.client
import multiprocessing
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgpack
import pytest
import ZODB
from waitress import serve

from tests.conftest import make_storage
from tests.plugins.ingestion.ingest_fixtures import PASSWORD, basic
from wendelin.core.database import Database, class_factory, open_database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
MIB = 1 << 20
PIECE = 1920
CONFIG = """
<zodb main>
  <filestorage>
    path {folder}/Data.fs
    blob-dir {folder}/blobs
  </filestorage>
</zodb>
"""


def events() -> Iterator[bytes]:
    """Blocks of whole events, 248 MiB in all, each with other bytes in it."""
    filler = os.urandom(PIECE - 8)
    for block in range(248):
        yield b"".join(
            msgpack.packb([msgpack.ExtType(0, bytes(8)), {"message": struct.pack(">II", block, at) + filler}])
            for at in range(MIB // (PIECE + 24))
        )


def single_event() -> Iterator[bytes]:
    """One event whose payload has 240 MiB."""
    yield msgpack.packb([2**31, {"message": bytes(1)}])[:-3] + b"\xc6" + struct.pack(">I", 240 * MIB)
    for block in range(240):
        yield struct.pack(">I", block) * (MIB // 4)


def run_server(folder: str, port: int) -> None:
    serve(make_application(open_database(f"{folder}/zodb.conf")), host="127.0.0.1", port=port, _quiet=True)


def peak(pid: int) -> int:
    """Bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Process id and port of a server with the policies ``pydata`` (payload) and ``default`` (the body as it is)."""
    storage = make_storage(tmp_path, "erp5_wendelin")
    database = Database(ZODB.DB(storage, class_factory=class_factory))
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        site.acl_users.add_user("zope", PASSWORD, ["Manager"])
        site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata")
    database.close()
    (tmp_path / "zodb.conf").write_text(CONFIG.format(folder=tmp_path))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=run_server, args=(str(tmp_path), port))
    process.start()
    assert process.pid is not None
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            process.join(0.1)
        yield process.pid, port
    finally:
        process.terminate()
        process.join(30)


def request(port: int, method: str, path: str, body: Any = None, size: int = 0, chunk_id: str = "") -> tuple[int, Any]:
    headers = basic("zope") | {"Content-Type": "application/octet-stream"}
    if chunk_id:
        headers["X-Fluentd-Chunk-Id"] = chunk_id
    digest = hashlib.sha256()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=250)) as connection:
        connection.request(method, path, body, headers | ({"Content-Length": str(size)} if size else {}))
        answer = connection.getresponse()
        while block := answer.read(MIB):
            digest.update(block)
    return answer.status, digest.hexdigest()


@pytest.mark.parametrize(
    "make, policy, tag",
    [
        (events, "pydata", "pydata"),
        (single_event, "pydata", "pydata"),
        (events, "default", "test_sensor.test_product"),
    ],
    ids=["events", "one event", "as it is"],
)
def test_a_body_of_256_mb_is_stored_without_being_held(
    server: tuple[int, int], make: Callable[[], Iterator[bytes]], policy: str, tag: str
) -> None:
    pid, port = server
    blocks = list(make())
    size = sum(map(len, blocks))
    assert size > 240 * MIB
    expected = hashlib.sha256()
    for block in _payloads(blocks, make) if policy == "pydata" else blocks:
        expected.update(block)
    url = f"/erp5/portal_ingestion_policies/{policy}/ingest?reference={tag}"
    warm = msgpack.packb([0, {"message": b"x"}])
    assert request(port, "POST", url, warm[:-1], len(warm) - 1)[0] in (204, 400)
    first = request(port, "PUT", "/erp5/data_stream_module/1", b"", 0)[0] if policy == "default" else 204
    assert first == 204
    before = peak(pid)
    assert request(port, "POST", url, iter(blocks), size, "large")[0] == 204
    grown = peak(pid) - before
    assert grown < 64 * MIB, f"the server's peak grew by {grown / MIB:.0f} MiB"
    assert request(port, "POST", url, iter(blocks), size, "large")[0] == 204  # sent again
    assert request(port, "GET", "/erp5/data_stream_module/1/getData") == (200, expected.hexdigest())


def _payloads(blocks: list[bytes], make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    if make is single_event:
        yield from blocks[1:]
    else:
        for block in blocks:
            yield from _unpacked(block)


def _unpacked(block: bytes) -> Iterator[bytes]:
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=len(block))
    unpacker.feed(block)
    for event in unpacker:
        yield event[1]["message"]
