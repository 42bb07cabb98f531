"""The forward receiver against the site's own HTTP path: small events, and large chunks.

    python benchmarks/ingestion_forward.py [--quick]

Prints one JSON object: events/s (of ``large``: MB/s) of both, measured in turns in the same run against one database
server, and ratios.
``single``: one event of 100 bytes in each request or message. ``chunk``: 100 of them in each. The forward messages
are acknowledged, as the requests are answered, after the commit; a forward client has up to WINDOW of them under way.
``large``: chunks of 8 MB, events of 2 KiB that cannot be compressed, as Fluentd sends them: one after another, forward
as PackedForward over a new connection each, plain and with gzip members, as text (Fluentd) and binary (Fluent Bit).
Takes three minutes and 4 GB of disk.
"""

from __future__ import annotations

import argparse
import gzip
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
import memory
import msgpack

EVENT_SIZE = 100
CHUNK_LENGTH = 100
CLIENTS = 4
WINDOW = 100
LARGE_SIZE, LARGE_EVENT = 8 << 20, 2048
FORMS = {"str": b"\xdb", "bin": b"\xc6"}  # Fluentd sends packed events as text, Fluent Bit as binary data
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


# -- large chunks


def make_large_body() -> bytearray:
    """What Fluentd's buffer holds: events that follow one another."""
    events = []
    for number in range(LARGE_SIZE // (LARGE_EVENT + 24)):
        moment = msgpack.ExtType(0, (1_700_000_000 + number).to_bytes(4, "big") + bytes(4))
        events.append(msgpack.packb([moment, {"message": os.urandom(LARGE_EVENT)}]))
    return bytearray(b"".join(events))


def compress(body: bytes) -> bytes:
    """A gzip member for each thousand events, as Fluentd's buffer makes one for each time that it is given events."""
    step = 1000 * (len(body) // (LARGE_SIZE // (LARGE_EVENT + 24)))
    return b"".join(gzip.compress(body[at : at + step], 6) for at in range(0, len(body), step))


def send_large_http(port: int, bodies: dict[str, Any], until: float) -> int:
    """Bytes of the chunks that were taken, each another one."""
    login = b64encode(f"{servers.USER}:{servers.PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/octet-stream"}
    path = f"/erp5/portal_ingestion_policies/{POLICY}/ingest?reference={POLICY}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    size, body = 0, bodies["plain"]
    while time.monotonic() < until:
        body[-16:] = os.urandom(16)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 204:
            raise RuntimeError(f"{answer.status}: {text[:200]!r}")
        size += len(body)
    connection.close()
    return size


def send_large_forward(port: int, bodies: dict[str, Any], until: float, kind: str) -> int:
    """Bytes of the events that were acknowledged."""
    kind, form = kind.split("_")
    size, content = 0, bodies[kind]
    option = {"size": LARGE_SIZE // (LARGE_EVENT + 24)} | ({"compressed": "gzip"} if kind == "gzip" else {})
    head = b"\x93" + msgpack.packb(POLICY) + FORMS[form] + len(content).to_bytes(4, "big")
    while time.monotonic() < until:
        name = os.urandom(16).hex()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            for part in (head, content, msgpack.packb({**option, "chunk": name})):
                connection.sendall(part)
            if msgpack.unpackb(connection.recv(65536)) != {"ack": name}:
                raise RuntimeError("another acknowledgement")
        size += len(bodies["plain"])
    return size


def compare_large(ports: dict[str, int], seconds: float, rounds: int) -> dict[str, Any]:
    """MB/s of HTTP, forward and forward with gzip, in turns, and the ratios of forward to HTTP."""
    plain = make_large_body()
    bodies = {"plain": plain, "gzip": compress(plain)}
    found: dict[str, list[float]] = {"http": [], "plain_str": [], "gzip_str": [], "plain_bin": [], "gzip_bin": []}
    for _ in range(rounds):
        for name, rates in found.items():
            started = time.monotonic()
            if name == "http":
                size = send_large_http(ports["http"], bodies, started + seconds)
            else:
                size = send_large_forward(ports["forward"], bodies, started + seconds, name)
            rates.append(size / (time.monotonic() - started) / 1e6)
            print(f"{name}, 8 MB at a time: {rates[-1]:.1f} MB/s", file=sys.stderr)
    return {f"{name}_mb_per_second": round(statistics.median(rates), 1) for name, rates in found.items()} | {
        f"{name}_ratio": round(statistics.median([a / b for a, b in zip(found[name], found["http"], strict=True)]), 2)
        for name in found
        if name != "http"
    }


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
        figures = {
            name: compare(ports, length, seconds, rounds) for name, length in (("single", 1), ("chunk", CHUNK_LENGTH))
        }
        large = compare_large(ports, seconds, rounds)
        return figures | {"large": large | {"receiver_peak_mb": round(memory.read_peak(children[-1].pid) / 1e6)}}
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
