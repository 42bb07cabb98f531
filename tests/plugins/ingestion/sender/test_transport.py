"""``wendelin send`` over HTTP: a server that is slow, says no, or is real; and kill -9 of the sender."""

from __future__ import annotations

import mimetypes
import os
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.ingestion.forward_fixtures import policies, stored  # noqa: F401
from tests.web_fixtures import PASSWORD, Server
from wendelin.core.errors import BadRequest, InstanceNotFound, Unauthorized
from wendelin.core.instance.var_folder import Credentials, Instance
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.sender.command import find_login, find_position_file, find_target, main, make_parser
from wendelin.plugins.ingestion.sender.transport import GaveUp, Transport, plain


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
    transport = Transport(flaky, "py data", "a/b", Credentials("ada", "secret"), say=told.append)
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
    with as_user(SYSTEM), policies.connect() as connection:
        (stream,) = get_site(connection).data_stream_module.objectValues()
        assert (stream.getFilename(), stream.getContentType()) == ("sound.wav", mimetypes.guess_type("a.wav")[0])
    (tmp_path / "wrong").write_text("not this\n")
    (tmp_path / "sound.wav").write_bytes(data * 2)
    with pytest.raises(Unauthorized):
        main([*arguments, "--password-file", str(tmp_path / "wrong")])


def test_a_log_file_sent_to_a_policy_of_text_lines_stays_what_it_is(
    policies: Any,  # noqa: F811
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with as_user(SYSTEM), policies.transaction() as connection:
        tool = get_site(connection).portal_ingestion_policies
        tool.IngestionPolicyTool_addIngestionPolicy("text", data_operation="wendelin_ingest_text_lines")
        tool.IngestionPolicyTool_addIngestionPolicy("json", data_operation="wendelin_ingest_json_lines")
    data = b"".join(b"line %d\n" % number for number in range(5000)) + b"not yet comple"
    (tmp_path / "app.log").write_bytes(data)
    monkeypatch.setenv("WENDELIN_USER", "zope")
    monkeypatch.setenv("WENDELIN_PASSWORD", PASSWORD)
    options = ["--url", f"{server.url}/erp5/", "--position-file", str(tmp_path / "p.json"), "--chunk-size", "10000"]
    main([str(tmp_path / "app.log"), "--policy", "text", *options])
    with open(tmp_path / "app.log", "ab") as stream:
        stream.write(b"te\n")
    main([str(tmp_path / "app.log"), "--policy", "text", *options])
    assert stored(policies) == {"text.text": data + b"te\n"}
    options[3] = str(tmp_path / "p2.json")
    with pytest.raises(BadRequest, match="not files"):
        main([str(tmp_path / "app.log"), "--policy", "json", *options])


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


def test_without_an_instance_and_an_address_it_says_so_instead_of_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WENDELIN_URL", raising=False)
    with pytest.raises(InstanceNotFound, match="--url"):
        main([str(tmp_path / "a.wav"), "--policy", "p", "--var", str(tmp_path / "none")])


def test_what_an_instance_keeps_is_for_its_own_site_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WENDELIN_URL", raising=False)
    instance = Instance(tmp_path / "var")
    instance.make_folders()
    instance.write_facts(host="127.0.0.1", port=5099)
    instance.write_database_config("127.0.0.1:1")
    made = instance.make_credentials()
    own = ["x", "--policy", "p", "--var", str(instance.var)]
    choices: list[tuple[list[str], bool]] = [
        ([], True),
        (["--url", "http://127.0.0.1:5099/erp5"], True),
        (["--url", "https://other.example.org/erp5/"], False),
    ]
    for more, is_own in choices:
        arguments = make_parser().parse_args(own + more)
        url, found = find_target(arguments)
        assert (found is not None) == is_own
        assert find_login(arguments, found) == (made if is_own else None)
        position_file = find_position_file(arguments, url, "p", found)
        assert position_file.is_relative_to(instance.var) == is_own
