"""Ingestion over HTTP against a bare waitress application that appends the body to a file and fsyncs it.

    python benchmarks/ingestion.py [--quick]

Prints JSON: for each case the figures of both, measured in turns in the same run, and their ratios; and what many
policies and streams cost. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
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
from pathlib import Path
from typing import Any

import ingestion_servers as servers
import msgpack
from memory import touch_memory

PIECE = 2048  # what fluent-plugin-bin makes one event of
TOUCHED = 1500 << 20
CASES = {
    # name: (bytes of a body, clients, streams)
    "1 MiB, 4 clients, 4 streams": (1 << 20, 4, 4),
    "1 MiB, 4 clients, 1 stream": (1 << 20, 4, 1),
    "10 KiB, 8 clients, 8 streams": (10 << 10, 8, 8),
}


def make_body(size: int, seed: bytes) -> bytes:
    """A chunk of about ``size`` bytes whose records carry random bytes; ``seed`` makes it differ from all others."""
    pieces = max(size // PIECE, 1)
    data = os.urandom(PIECE * pieces)
    time_ = msgpack.ExtType(0, time.time_ns().to_bytes(8, "big"))
    return b"".join(
        msgpack.packb([time_, {"message": seed + data[at * PIECE + len(seed) : (at + 1) * PIECE]}])
        for at in range(pieces)
    )


class Client(threading.Thread):
    """Posts bodies, each on a connection of its own as Fluentd does, until the time is up; keeps how long each took."""

    def __init__(self, port: int, policy: str, size: int, until: float) -> None:
        super().__init__()
        self.port, self.policy, self.size, self.until = port, policy, size, until
        self.seconds: list[float] = []
        self.sent = 0
        self.failed: list[str] = []

    def run(self) -> None:
        base = bytearray(make_body(self.size, b""))
        login = b64encode(f"{servers.USER}:{servers.PASSWORD}".encode()).decode()
        head = (
            f"POST /erp5/portal_ingestion_policies/{self.policy}/ingest?reference={self.policy} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self.port}\r\nAuthorization: Basic {login}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(base)}\r\nConnection: close\r\n\r\n"
        ).encode()
        while time.perf_counter() < self.until:
            base[-16:] = os.urandom(16)  # no two bodies are the same: this is not about repeats
            started = time.perf_counter()
            answer = self.post(head, base)
            self.seconds.append(time.perf_counter() - started)
            self.sent += len(base)
            if not answer.startswith(b"HTTP/1.1 204"):
                self.failed.append(answer[:200].decode("latin-1"))

    def post(self, head: bytes, body: bytearray) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(head)
            connection.sendall(body)
            return connection.recv(65536)


def measure(port: int, names: list[str], size: int, clients: int, seconds: float) -> dict[str, float]:
    """Requests and megabytes a second, and latencies in milliseconds."""
    started = time.perf_counter()
    threads = [Client(port, names[at % len(names)], size, started + seconds) for at in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - started
    failed = [text for thread in threads for text in thread.failed]
    if failed:
        raise SystemExit(f"{len(failed)} requests failed, the first with {failed[0]}")
    latencies = sorted(second for thread in threads for second in thread.seconds)
    return {
        "requests_per_second": len(latencies) / taken,
        "mb_per_second": sum(thread.sent for thread in threads) / taken / 1e6,
        "p50_ms": statistics.median(latencies) * 1000,
        "p99_ms": latencies[min(int(len(latencies) * 0.99), len(latencies) - 1)] * 1000,
    }


def start_server(kind: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A server process that accepts connections."""
    port = servers.free_port()
    process = subprocess.Popen([sys.executable, servers.__file__, kind, str(folder), str(port)])
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.1)
    raise SystemExit(f"the server {kind!r} does not start")


def medians_of(runs: list[dict[str, float]]) -> dict[str, float]:
    """Each figure's median."""
    return {key: round(statistics.median(run[key] for run in runs), 2) for key in runs[0]}


def compare(ports: dict[str, int], names: list[str], case: tuple[int, int, int], seconds: float, rounds: int) -> Any:
    """One case on all servers, turn by turn, in both orders; medians of the rounds, and of each round's ratios."""
    size, clients, streams = case
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in ports}
    for number in range(rounds):
        for kind in sorted(ports, reverse=bool(number % 2)):
            touch_memory(TOUCHED)
            found[kind].append(measure(ports[kind], names[:streams], size, clients, seconds))
    medians: dict[str, Any] = {kind: medians_of(runs) for kind, runs in found.items()}
    for peer, name in (("bare", "ratio"), ("tuned", "ratio_to_tuned")):
        rounds_of_both = list(zip(found["site"], found[peer], strict=True))
        medians[name] = {
            key: round(statistics.median(site[key] / other[key] for site, other in rounds_of_both), 3)
            for key in ("mb_per_second", "requests_per_second", "p99_ms")
        }
    return medians


def grow(folder: Path, port: int, names: list[str], quick: bool, seconds: float, rounds: int) -> dict[str, Any]:
    """The small and the large body with one policy and stream each, and again beside many."""
    policies, streams = (100, 1000) if quick else (1000, 10_000)
    cases = [(1 << 20, 4), (10 << 10, 8)]
    before = [_medians(port, names, size, clients, seconds, rounds) for size, clients in cases]
    servers.fill(folder, policies, streams)
    after = [_medians(port, names, size, clients, seconds, rounds) for size, clients in cases]
    found: dict[str, Any] = {"policies": policies, "streams": streams}
    for (size, _), alone, beside in zip(cases, before, after, strict=True):
        found[f"{size} bytes"] = {
            "alone": alone,
            "beside_many": beside,
            "times_slower": round(alone["requests_per_second"] / beside["requests_per_second"], 2),
        }
    return found


def _medians(port: int, names: list[str], size: int, clients: int, seconds: float, rounds: int) -> dict[str, float]:
    return medians_of([measure(port, names, size, clients, seconds) for _ in range(rounds)])


def run(folder: Path, quick: bool) -> dict[str, Any]:
    seconds, rounds = (1.5, 3) if quick else (3.0, 8)
    names = [f"stream{number}" for number in range(8)]
    processes = [servers.start_database(folder / "site")]
    try:
        servers.make_site(folder / "site", names)
        ports = {}
        for kind in ("bare", "tuned", "site"):
            process, ports[kind] = start_server(kind, folder / kind)
            processes.append(process)
        measure(ports["site"], names, 10 << 10, 8, 1.0)  # streams are made, code is warm
        found: dict[str, Any] = {name: compare(ports, names, case, seconds, rounds) for name, case in CASES.items()}
        found["growth"] = grow(folder / "site", ports["site"], names[:1], quick, seconds, rounds)
        return found
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument("--folder", help="where to work (a temporary folder)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ingestion-", dir=arguments.folder))
    try:
        print(json.dumps(run(folder, arguments.quick), indent=2))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
