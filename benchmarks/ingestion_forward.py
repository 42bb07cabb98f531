"""Small events: the forward receiver against the site's own HTTP path.

    python benchmarks/ingestion_forward.py [--quick]

Prints one JSON object: events/s of both, measured in turns in the same run against one database server, and ratios.
``single``: one event of 100 bytes in each request or message. ``chunk``: 100 of them in each. The forward messages
are acknowledged, as the requests are answered, after the commit; a forward client has up to WINDOW of them under way.
Takes two minutes and 100 MB of disk.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ingestion_servers as servers
import msgpack

EVENT_SIZE = 100
CHUNK_LENGTH = 100
CLIENTS = 4
WINDOW = 100
POLICY = "events"


def make_event(seed: bytes) -> list[Any]:
    moment = msgpack.ExtType(0, time.time_ns().to_bytes(8, "big"))
    return [moment, {"message": (seed + os.urandom(EVENT_SIZE))[:EVENT_SIZE]}]


def make_body(length: int, seed: bytes) -> bytes:
    return b"".join(msgpack.packb(make_event(seed)) for _ in range(length))


def send_http(port: int, length: int, until: float, seed: bytes) -> int:
    """Post bodies of ``length`` events on one connection; the number of events that were acknowledged."""
    login = b64encode(f"{servers.USER}:{servers.PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/octet-stream"}
    path = f"/erp5/portal_ingestion_policies/{POLICY}/ingest?reference={POLICY}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    count = 0
    while time.monotonic() < until:
        connection.request("POST", path, make_body(length, seed + b"%d" % count), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 204:
            raise RuntimeError(f"{answer.status}: {text[:200]!r}")
        count += length
    connection.close()
    return count


def send_forward(port: int, length: int, until: float, seed: bytes) -> int:
    """Send messages of ``length`` events on one connection; the number of events that were acknowledged."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    unpacker = msgpack.Unpacker()
    sent = acknowledged = 0
    while time.monotonic() < until or acknowledged < sent:
        if time.monotonic() < until:
            room = WINDOW - (sent - acknowledged)
            messages = [make_message(length, seed, number) for number in range(sent, sent + room)]
            connection.sendall(b"".join(messages))
            sent += room
        unpacker.feed(connection.recv(65536))
        acknowledged += sum(1 for _ in unpacker)
    connection.close()
    return acknowledged * length


def make_message(length: int, seed: bytes, number: int) -> bytes:
    option = {"chunk": f"{seed.hex()}-{number}"}
    if length == 1:
        packed: bytes = msgpack.packb([POLICY, *make_event(seed), option])
    else:
        packed = msgpack.packb([POLICY, make_body(length, seed), option])
    return packed


def measure(send: Callable[[int, int, float, bytes], int], port: int, length: int, seconds: float) -> float:
    """Events per second of all clients together."""
    counts: list[int] = []
    started = time.monotonic()

    def work() -> None:
        counts.append(send(port, length, started + seconds, os.urandom(8)))

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != CLIENTS:
        raise RuntimeError("a client failed: see above")
    return sum(counts) / (time.monotonic() - started)


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if child.poll() is not None:
                raise RuntimeError("a server ended at once") from None
            time.sleep(0.05)


def run(folder: Path, seconds: float, rounds: int) -> dict[str, Any]:
    database = servers.start_database(folder)
    children = [database]
    try:
        servers.make_site(folder, [POLICY])
        shutil.copy(folder / "client.conf", folder / "zodb.conf")
        ports = {"http": servers.free_port(), "forward": servers.free_port()}
        site = [sys.executable, servers.__file__, "site", str(folder), str(ports["http"])]
        forward = [sys.executable, "-m", "wendelin.core.cli", "--var", str(folder), "forward"]
        forward += ["--user", servers.USER, "--port", str(ports["forward"])]
        for name, command in (("http", site), ("forward", forward)):
            with open(folder / f"{name}.log", "wb") as log:
                children.append(subprocess.Popen(command, stdout=log, stderr=log))
            wait_for(ports[name], children[-1])
        return {
            name: compare(ports, length, seconds, rounds) for name, length in (("single", 1), ("chunk", CHUNK_LENGTH))
        }
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait()


def compare(ports: dict[str, int], length: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Both in turns; the median of each, and of the ratios."""
    found: dict[str, list[float]] = {"http": [], "forward": []}
    for _ in range(rounds):
        for name, send in (("http", send_http), ("forward", send_forward)):
            found[name].append(measure(send, ports[name], length, seconds))
            print(f"{name}, {length} events at a time: {found[name][-1]:.0f}/s", file=sys.stderr)
    ratios = [forward / http for http, forward in zip(found["http"], found["forward"], strict=True)]
    return {
        "http_events_per_second": round(statistics.median(found["http"])),
        "forward_events_per_second": round(statistics.median(found["forward"])),
        "ratio": round(statistics.median(ratios), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="some seconds; proves that it works, and nothing else")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wendelin-forward-"))
    try:
        figures = run(folder / "database", *((1.0, 1) if arguments.quick else (8.0, 3)))
    finally:
        shutil.rmtree(folder)
    print(json.dumps({"benchmark": "ingestion_forward", "clients": CLIENTS, "quick": arguments.quick} | figures))


if __name__ == "__main__":
    main()
