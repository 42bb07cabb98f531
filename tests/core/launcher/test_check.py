"""``--check``: what it sends is what Fluentd sends, and it notices when something else comes back."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from pathlib import Path

import msgpack
import pytest

from tests.core.database.test_backup import SQLITE
from tests.core.launcher.instances import WENDELIN, processes_of
from wendelin.core.errors import LauncherError
from wendelin.core.launcher import check


def test_the_sound_is_ten_seconds_of_stereo() -> None:
    with wave.open(io.BytesIO(check.make_wave())) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 44100)
        assert sound.getnframes() == 10 * 44100
        frames = sound.readframes(44100)
    assert len(set(frames)) > 200, "silence would prove nothing"


def test_chunks_are_msgpack_events_as_fluentd_writes_them() -> None:
    data = bytes(range(256)) * 1000
    chunks = list(check.make_chunks(data))
    assert len(chunks) == 2
    # 92: array of 2; d7 00: EventTime; 81 a7 "message"; c5 08 00: 2048 binary bytes
    assert chunks[0][:3] == b"\x92\xd7\x00" and chunks[0][11:24] == b"\x81\xa7message\xc5\x08\x00" + data[:1]
    events = [event for chunk in chunks for event in msgpack.Unpacker(io.BytesIO(chunk), raw=False)]
    assert b"".join(record["message"] for _, record in events) == data


def test_a_difference_is_noticed() -> None:
    check.compare(b"sound", b"sound", "data_stream_module/1")
    with pytest.raises(LauncherError, match="data_stream_module/1 holds 4 bytes"):
        check.compare(b"sound", b"soun", "data_stream_module/1")


def test_the_last_event_counts() -> None:
    stream = b': connected\n\nevent: progress\ndata: {"n": 1}\n\nevent: progress\ndata: {"n": 2}\n\n'
    assert check.last_event(stream) == {"n": 2}
    with pytest.raises(LauncherError, match="told nothing"):
        check.last_event(b": connected\n\n")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_check_on_a_new_instance(tmp_path: Path) -> None:
    var = tmp_path / "var"
    command = [*WENDELIN, "standalone", "--var", str(var), "--port", "0", "--configure", "--check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, result.stderr
    assert "came back byte for byte" in result.stderr
    assert not processes_of(var)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_check_on_another_engine_by_configuration_alone(tmp_path: Path) -> None:
    pytest.importorskip("relstorage")
    var = tmp_path / "var"
    var.mkdir()
    (tmp_path / "sqlite").mkdir()
    (var / "zodb.conf").write_text(SQLITE.format(tmp_path / "sqlite"))
    command = [sys.executable, *WENDELIN[1:], "standalone", "--var", str(var), "--port", "0", "--check"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, result.stderr
    assert "Starting database" not in result.stderr and not (var / "data" / "Data.fs").exists()
