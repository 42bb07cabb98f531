"""``wendelin send``: positions, and following files."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest

from wendelin.core.errors import BadRequest, NotFound
from wendelin.plugins.ingestion.formats.lines import iter_bytes
from wendelin.plugins.ingestion.sender.positions import PositionFile, sole_sender
from wendelin.plugins.ingestion.sender.progress import ProgressBar
from wendelin.plugins.ingestion.sender.tailing import PIECE_SIZE, Sender, pack_events


class Target:
    """What a server does: takes each chunk id once."""

    def __init__(self) -> None:
        self.chunks: dict[str, bytes] = {}
        self.fail_after = sys.maxsize

    def send(self, body: bytes, chunk_id: str, filename: str = "") -> None:
        self.chunks.setdefault(chunk_id, body)
        if len(self.chunks) >= self.fail_after:
            self.fail_after = sys.maxsize
            raise ConnectionError("killed after the server stored it, before it was known")

    @property
    def data(self) -> bytes:
        return b"".join(b"".join(iter_bytes(body, "files")) for body in self.chunks.values())


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
    assert b"".join(iter_bytes(pack_events(data), "files")) == data


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


HEAD = b"# logger 3; columns: time;temperature;humidity\n" * 40  # more than 1 KiB that all files of the logger share


def rewrite(path: Path, content: bytes) -> None:
    """As logrotate's copytruncate and many recorders do."""
    with open(path, "r+b") as stream:
        stream.truncate(0)
        stream.write(content)


def recreate(path: Path, content: bytes) -> None:
    """Most file systems give the new file the inode of the old one."""
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("change", [rewrite, recreate])
@pytest.mark.parametrize("lines", [0, 1, 60, 200])
@pytest.mark.parametrize("scale", [1, 3000])  # of a few kilobytes, and of more than is looked at whole
def test_a_file_written_anew_is_sent_whole_whatever_its_beginning(
    tmp_path: Path, make_sender: Any, target: Target, change: Any, lines: int, scale: int
) -> None:
    path = tmp_path / "log.csv"
    first = (HEAD + b"2026-01-01T00:00;10.5\n" * 60) * scale
    second = (HEAD + b"2026-03-01T00:00;20.5\n" * lines) * scale
    path.write_bytes(first)
    make_sender(4 << 20).send_once([str(path)])
    change(path, second)
    make_sender(4 << 20).send_once([str(path)])
    assert target.data == first + second


def test_a_file_that_grew_goes_on_whatever_its_size(tmp_path: Path, make_sender: Any, target: Target) -> None:
    path, sent = tmp_path / "file.bin", b""
    for size in (1, 4 << 20, 1, 3 << 20, 100):
        sent += os.urandom(size)
        path.write_bytes(sent)
        make_sender(1 << 20).send_once([str(path)])
    assert target.data == sent


def test_a_file_written_anew_while_it_is_sent_is_begun_again(tmp_path: Path, make_sender: Any, target: Target) -> None:
    path, first, second = tmp_path / "a.log", HEAD + b"1" * 5000, HEAD + b"2" * 5000
    path.write_bytes(first)
    sender = make_sender(1000)
    take = sender.send

    def send(body: bytes, chunk_id: str, filename: str) -> None:
        take(body, chunk_id)
        if len(target.chunks) == 4:
            rewrite(path, second)

    sender.send = send
    sender.send_once([str(path)])
    assert target.data == first[:4000] + second


def test_another_file_in_place_of_a_chunk_that_was_under_way_is_sent_whole(
    tmp_path: Path, make_sender: Any, target: Target
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(HEAD + b"1" * 500)
    target.fail_after = 2
    with pytest.raises(ConnectionError):
        make_sender(1000).send_once([str(path)])
    stored, second = target.data, HEAD + b"2" * 500
    rewrite(path, second)
    make_sender(1000).send_once([str(path)])
    assert target.data == stored + second


def test_a_file_that_is_never_still_is_an_error_and_not_an_endless_loop(
    tmp_path: Path, make_sender: Any, target: Target
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(os.urandom(3000))
    sender = make_sender(1000)
    sender.send = lambda body, chunk_id, filename: rewrite(path, os.urandom(3000))
    with pytest.raises(BadRequest, match="again and again"):
        sender.send_once([str(path)])
