"""``wendelin send``: positions, following files, and a real server that is killed, slow, or says no."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.plugins.ingestion.forward_fixtures import policies, stored  # noqa: F401
from tests.web_fixtures import *  # noqa: F403
from tests.web_fixtures import PASSWORD, Server
from wendelin.core.errors import BadRequest, NotFound, Unauthorized
from wendelin.plugins.ingestion.chunks import iter_payload
from wendelin.plugins.ingestion.sender.command import main
from wendelin.plugins.ingestion.sender.positions import PositionFile, sole_sender
from wendelin.plugins.ingestion.sender.progress import ProgressBar
from wendelin.plugins.ingestion.sender.tailing import PIECE_SIZE, Sender, pack_events
from wendelin.plugins.ingestion.sender.transport import GaveUp, Transport, plain


class Target:
    """What a server does: takes each chunk id once."""

    def __init__(self) -> None:
        self.chunks: dict[str, bytes] = {}
        self.fail_after = sys.maxsize

    def send(self, body: bytes, chunk_id: str) -> None:
        self.chunks.setdefault(chunk_id, body)
        if len(self.chunks) >= self.fail_after:
            self.fail_after = sys.maxsize
            raise ConnectionError("killed after the server stored it, before it was known")

    @property
    def data(self) -> bytes:
        return b"".join(b"".join(iter_payload(body)) for body in self.chunks.values())


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def make_sender(tmp_path: Path, target: Target) -> Callable[..., Sender]:
    """A sender as after a fresh start: it knows what the position file says."""

    def make(chunk_size: int = 1000) -> Sender:
        return Sender(PositionFile(tmp_path / "positions.json"), target.send, chunk_size)

    return make


def follow(sender: Sender, pattern: str, *steps: Callable[[], object]) -> None:
    """Follow; between two rounds, one of the steps happens."""
    remaining = list(steps)

    class Done(Exception):
        pass

    def pause(seconds: float) -> None:
        if not remaining:
            raise Done
        remaining.pop(0)()

    with pytest.raises(Done):
        sender.follow([pattern], pause)


def test_events_are_those_of_fluent_plugin_bin() -> None:
    data = os.urandom(5000)
    events = list(msgpack.Unpacker(io.BytesIO(pack_events(data))))
    assert [len(record["message"]) for _, record in events] == [PIECE_SIZE, PIECE_SIZE, 904]
    assert all(time.code == 0 and len(time.data) == 8 for time, _ in events)
    assert b"".join(iter_payload(pack_events(data))) == data


def test_many_files_in_order_and_only_what_is_new(tmp_path: Path, make_sender: Any, target: Target) -> None:
    for name in ("b.bin", "a.bin", "c.txt"):
        (tmp_path / name).write_bytes(name.encode() * 500)
    assert make_sender().send_once([str(tmp_path / "*.bin")]) == 2
    assert target.data == b"a.bin" * 500 + b"b.bin" * 500
    with open(tmp_path / "a.bin", "ab") as stream:
        stream.write(b"more")
    make_sender().send_once([str(tmp_path / "*.bin")])
    assert target.data.endswith(b"b.bin" * 500 + b"more")
    count = len(target.chunks)
    make_sender().send_once([str(tmp_path / "*.bin")])
    assert len(target.chunks) == count


def test_no_file_is_an_error(tmp_path: Path, make_sender: Any) -> None:
    with pytest.raises(NotFound):
        make_sender().send_once([str(tmp_path / "*.bin")])


@pytest.mark.parametrize("seed", range(20))
def test_interrupted_anywhere_every_byte_arrives_once(
    tmp_path: Path, make_sender: Any, target: Target, seed: int
) -> None:
    chance = random.Random(seed)
    path, sent = tmp_path / "file.bin", b""
    for _ in range(8):
        more = chance.randbytes(chance.randrange(4000))
        with open(path, "ab") as stream:
            stream.write(more)
        sent += more
        target.fail_after = len(target.chunks) + chance.randrange(1, 6)
        try:
            make_sender(chance.choice([700, 1000, 1500])).send_once([str(path)])
        except ConnectionError:
            continue
    target.fail_after = sys.maxsize
    make_sender().send_once([str(path)])
    assert target.data == sent


def test_a_renamed_file_goes_on_and_the_new_one_starts(tmp_path: Path, make_sender: Any, target: Target) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"1" * 1500)

    def rotate() -> None:
        with open(log, "ab") as stream:
            stream.write(b"2" * 10)
        log.rename(tmp_path / "app.log.1")
        log.write_bytes(b"3" * 20)

    def write_late() -> None:
        with open(tmp_path / "app.log.1", "ab") as stream:
            stream.write(b"late")

    follow(make_sender(), str(log), rotate, write_late, lambda: None)
    assert target.data == b"1" * 1500 + b"2" * 10 + b"3" * 20 + b"late"
    make_sender().send_once([str(tmp_path / "app.log*")])  # the renamed one is known by its inode
    assert target.data == b"1" * 1500 + b"2" * 10 + b"3" * 20 + b"late"


def test_a_truncated_file_starts_again_with_equal_bytes(tmp_path: Path, make_sender: Any, target: Target) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"x" * 100)
    follow(
        make_sender(),
        str(log),
        lambda: log.write_bytes(b""),
        lambda: log.write_bytes(b"x" * 100),
        lambda: (tmp_path / "late.log").write_bytes(b"!"),
    )
    assert target.data == b"x" * 200
    log.write_bytes(b"y" * 300)  # replaced by something longer while nobody looked
    make_sender().send_once([str(log)])
    assert target.data == b"x" * 200 + b"y" * 300


def test_the_position_file_is_for_one_and_has_to_be_whole(tmp_path: Path) -> None:
    path = tmp_path / "positions.json"
    with sole_sender(path), pytest.raises(BadRequest, match="another sender"), sole_sender(path):
        pass
    path.write_text("{")
    with pytest.raises(BadRequest, match="cannot be read"):
        PositionFile(path)


def test_progress_bar() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream, enabled=True)
    bar(Path("a.wav"), 0, 4_000_000)
    bar(Path("a.wav"), 4_000_000, 4_000_000)
    bar.say("hello")
    assert "100%" in stream.getvalue() and "4.0 of 4.0 MB" in stream.getvalue()
    assert stream.getvalue().endswith("\nwendelin send: hello\n")
    quiet = io.StringIO()
    ProgressBar(quiet)(Path("a"), 1, 2)
    assert quiet.getvalue() == ""


# -- over HTTP


class Flaky(BaseHTTPRequestHandler):
    """Answers with what the test put into ``answers``, then 204."""

    protocol_version = "HTTP/1.1"
    answers: list[int] = []
    seen: list[tuple[str, str, str | None]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["X-Fluentd-Chunk-Id"], self.headers["Authorization"]))
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0" if status == 204 else "14")
        self.end_headers()
        self.wfile.write(b"" if status == 204 else b"<p>because</p>")

    def log_message(self, *arguments: Any) -> None:
        return


@pytest.fixture
def flaky() -> Iterator[str]:
    Flaky.answers, Flaky.seen = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Flaky)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/erp5/"
    server.shutdown()
    server.server_close()


def test_what_may_pass_is_tried_again_under_one_id(flaky: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("wendelin.plugins.ingestion.sender.transport.time.sleep", pauses.append)
    Flaky.answers = [503, 0, 429, 500]
    told: list[str] = []
    transport = Transport(flaky, "py data", "a/b", ("ada", "secret"), say=told.append)
    transport.send(b"body", "id-1")
    login = "Basic " + b64encode(b"ada:secret").decode()
    assert Flaky.seen == [("/erp5/portal_ingestion_policies/py%20data/ingest?reference=a%2Fb", "id-1", login)] * 5
    assert len(pauses) == len(told) == 4 and pauses[-1] > pauses[0]
    transport.close()


@pytest.mark.parametrize(
    "status, error", [(401, Unauthorized), (403, Unauthorized), (400, BadRequest), (404, BadRequest)]
)
def test_what_will_not_pass_is_told_at_once(flaky: str, status: int, error: type[Exception]) -> None:
    Flaky.answers = [status]
    with pytest.raises(error, match="because"):
        Transport(flaky, "p", "p", None).send(b"body", "x")
    assert len(Flaky.seen) == 1


def test_giving_up() -> None:
    with pytest.raises(GaveUp):
        Transport("http://127.0.0.1:9/erp5/", "p", "p", None, give_up_after=0, say=lambda text: None).send(b"", "x")
    with pytest.raises(BadRequest, match="address"):
        Transport("ftp://x", "p", "p", None)


def test_answers_are_told_as_text() -> None:
    assert plain("<html><head><title>T</title></head><body>No such <b>policy</b></body></html>") == "No such policy"


def test_the_command_against_the_site(
    policies: Any,  # noqa: F811
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = os.urandom(300_000)
    (tmp_path / "sound.wav").write_bytes(data)
    monkeypatch.setenv("WENDELIN_USER", "zope")
    monkeypatch.setenv("WENDELIN_PASSWORD", PASSWORD)
    options = ["--url", f"{server.url}/erp5/", "--position-file", str(tmp_path / "p.json"), "--chunk-size", "100000"]
    arguments = [str(tmp_path / "*.wav"), "--policy", "pydata", *options]
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert stored(policies) == {"pydata.pydata": data}
    (tmp_path / "wrong").write_text("not this\n")
    (tmp_path / "sound.wav").write_bytes(data * 2)
    with pytest.raises(Unauthorized):
        main([*arguments, "--password-file", str(tmp_path / "wrong")])


@pytest.mark.slow
def test_kill_9_in_the_middle_loses_and_repeats_nothing(
    policies: Any,  # noqa: F811
    server: Server,
    tmp_path: Path,
) -> None:
    data = os.urandom(6_000_000)
    (tmp_path / "big.bin").write_bytes(data)
    command = [sys.executable, "-m", "wendelin.core.cli", "send", str(tmp_path / "big.bin"), "--policy", "pydata"]
    command += ["--url", f"{server.url}/erp5/", "--position-file", str(tmp_path / "p.json"), "--chunk-size", "30000"]
    environment = os.environ | {"WENDELIN_USER": "zope", "WENDELIN_PASSWORD": PASSWORD}
    killed = 0
    for number in range(30):
        child = subprocess.Popen(command, env=environment)
        before = len(stored(policies).get("pydata.pydata", b""))
        deadline = time.monotonic() + 30
        while child.poll() is None and len(stored(policies).get("pydata.pydata", b"")) < before + 600_000:
            assert time.monotonic() < deadline
            time.sleep(0.001 * (number % 5))
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            killed += 1
        if child.wait() == 0:
            break
    assert killed >= 3
    assert stored(policies) == {"pydata.pydata": data}
