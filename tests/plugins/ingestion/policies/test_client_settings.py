"""Configurations to copy: on the policy's page, and printed; each does what it says, with what its program sends."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import wave
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
from webtest import TestApp

from tests.plugins.ingestion.forward_fixtures import Receiver, policies, receive, stored  # noqa: F401
from tests.web_fixtures import PASSWORD, Server
from wendelin.core.database import Database
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.policies.client_settings import (
    ForwardReceiver,
    holds_lines,
    main,
    make_settings,
    read_receiver,
)

LINES = [b"first line", "zweite Zeile, größer".encode(), b"", b"last\tone"]


def texts(url: str, tag: str = "pydata", **more: Any) -> dict[str, str]:
    found = make_settings(f"{url}/erp5/", "pydata", tag, "zope", **more)
    return {each.id: each.text.replace(" PASSWORD", f" {PASSWORD}") for each in found}


def value_of(text: str, name: str) -> str:
    """The value of a setting in a configuration of Fluentd or Fluent Bit; comments do not count."""
    found = re.findall(rf"^\s*{re.escape(name)}[ ]+(.*?)(?:\s+#.*)?$", text, re.MULTILINE | re.IGNORECASE)
    assert len(found) == 1, (name, found)
    return str(found[0])


def event(message: bytes) -> list[Any]:
    now = time.time_ns()
    moment = msgpack.ExtType(0, (now // 10**9).to_bytes(4, "big") + (now % 10**9).to_bytes(4, "big"))
    return [moment, {"message": message}]


def post(address: str, body: bytes, user: str, password: str, content_type: str) -> int:
    login = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(address, body, {"Authorization": login, "Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def use_operation(database: Database, reference: str) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        (supply,) = [s for s in site.data_supply_module.objectValues() if s.getReference() == "pydata"]
        (line,) = [line for line in supply.objectValues() if line.getReference() == "ingestion_operation"]
        line.setResource(f"data_operation_module/{reference}")


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((2, 2, 44100, 0, "NONE", ""))
        sound.writeframes(os.urandom(200_000))
    return path


def test_every_text_names_the_policy_and_no_password() -> None:
    found = make_settings("https://example.org/erp5/", "pydata", "a b", "ada")
    assert len({each.id for each in found}) == len(found) == 7
    for each in found:
        assert not re.search(r"(?<!\$)\{", each.text)
        assert "a b" in each.text or "a%20b" in each.text
        assert (".wav" in each.text) == (each.takes == "files"), "programs that read lines change other files"
    texts = {each.id: each.text for each in found}
    assert "streamtool_uri https://example.org/erp5/portal_ingestion_policies/pydata\n" in texts["fluentd_plugin"]
    assert value_of(texts["fluent_bit_http"], "URI") == "/erp5/portal_ingestion_policies/pydata/ingest?reference=a%20b"
    assert value_of(texts["fluent_bit_http"], "Port") == "443" and value_of(texts["fluent_bit_http"], "tls") == "on"
    assert value_of(texts["fluent_bit_http"], "Host") == "example.org"


def test_localhost_is_the_address_that_the_servers_listen_on() -> None:
    found = texts("http://localhost:5080")
    for name, key in (("fluent_bit_http", "Host"), ("fluent_bit_forward", "Host"), ("fluentd_forward", "host")):
        assert value_of(found[name], key) == "127.0.0.1"
    assert value_of(texts("https://localhost")["fluent_bit_http"], "Host") == "localhost"  # as the certificate says


def test_forward_config(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ["--var", str(tmp_path), "--policy", "pydata"]
    assert main(options) == 0
    both = capsys.readouterr().out
    assert "@type forward" in both and "[OUTPUT]" in both and "http://127.0.0.1:5080/erp5" in both
    main([*options, "--fluentd"])
    assert "[OUTPUT]" not in capsys.readouterr().out
    main([*options, "--fluent-bit", "--path", "/var/log/x.log"])
    only = capsys.readouterr().out
    assert "@type" not in only and "/var/log/x.log" in only


def test_forward_config_never_reads_lines_of_what_may_be_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for path in ("/data/*.wav", "/data/**", "/var/log/syslog", "/data/x.npy"):
        main(["--var", str(tmp_path), "--policy", "p", "--path", path])
        printed = capsys.readouterr().out
        assert "@type tail" not in printed and "[INPUT]" not in printed
        assert "@type bin" in printed and f"wendelin send '{path}'" in printed
    main(["--var", str(tmp_path), "--policy", "p", "--path", "/var/log/syslog", "--lines"])
    assert "@type tail" in capsys.readouterr().out
    assert all(map(holds_lines, ("a.log", "/x/*.csv", "a.log.1", "/var/log/app.log*", "a.JSON", "README.txt")))


def test_the_receiver_is_as_its_settings_say(tmp_path: Path) -> None:
    settings = tmp_path / "forward.toml"
    assert read_receiver(settings) == ForwardReceiver()
    settings.write_text('user = "x"\nport = 4000\nhost = "192.0.2.7"\nshared_key = "secret"\n')
    receiver = read_receiver(settings)
    assert receiver == ForwardReceiver("192.0.2.7", 4000, has_key=True, has_tls=False)
    found = texts("http://example.org", receiver=receiver)
    for name in ("fluentd_forward", "fluent_bit_forward"):
        assert value_of(found[name], "port") == "4000" and value_of(found[name], "host") == "192.0.2.7"
        assert value_of(found[name], "shared_key") == "KEY" and "tls" not in found[name] and "secret" not in found[name]
    settings.write_text('host = "0.0.0.0"\n[tls]\ncertificate = "c.pem"\n')
    found = texts("http://example.org", receiver=read_receiver(settings))
    assert value_of(found["fluentd_forward"], "transport") == "tls"
    assert value_of(found["fluent_bit_forward"], "tls") == "on"
    assert value_of(found["fluentd_forward"], "host") == "example.org"
    assert "shared_key" not in found["fluentd_forward"] and "Shared_Key" not in found["fluent_bit_forward"]
    settings.write_text("port = ")
    with pytest.raises(BadRequest, match=r"forward\.toml"):
        read_receiver(settings)


def test_the_tab(policies: Any, make_client: Callable[..., TestApp]) -> None:  # noqa: F811
    page = make_client("zope").get("/erp5/portal_ingestion_policies/pydata/view").click("^Clients$")
    assert page.html.find("pre", id="fluentd_forward").text.startswith("# Fluentd")
    assert "http://localhost/erp5/portal_ingestion_policies/pydata" in page.text
    assert "<script" in page.text and "onclick" not in page.text


# -- each text, run with what its program sends


def test_wendelin_send_as_printed(policies: Database, server: Server, wav: Path) -> None:  # noqa: F811
    text = texts(server.url, files=str(wav.parent / "*.wav"))["send"]
    text = re.sub(r"WENDELIN_PASSWORD=\S+", f"WENDELIN_PASSWORD={shlex.quote(PASSWORD)}", text)
    folder = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": os.pathsep.join([folder, os.environ["PATH"]]),
        "XDG_STATE_HOME": str(wav.parent),
    }
    child = subprocess.Popen(["bash", "-c", f"exec env {text}"], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while stored(policies).get("pydata.pydata") != wav.read_bytes():
            assert child.poll() is None and time.monotonic() < deadline, child.stderr and child.stderr.read()
            time.sleep(0.1)
    finally:
        child.terminate()
        child.wait(30)
        assert child.stderr is not None
        child.stderr.close()


def test_curl_as_printed(policies: Database, server: Server, tmp_path: Path) -> None:  # noqa: F811
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (tmp_path / "chunk").write_bytes(msgpack.packb(event(b"sent by curl")))
    text = re.sub(r"-u \S+", f"-u {shlex.quote(f'zope:{PASSWORD}')}", texts(server.url)["curl"])
    subprocess.run(["bash", "-c", text.replace("curl ", "curl -sS --fail ", 1)], cwd=tmp_path, check=True)
    assert stored(policies) == {"pydata.pydata": b"sent by curl"}


def test_fluentd_with_its_plugins_as_printed(policies: Database, server: Server, wav: Path) -> None:  # noqa: F811
    """fluent-plugin-bin: events of 2,048 bytes; fluent-plugin-wendelin: a POST for each chunk, the tag as it is."""
    text, data = texts(server.url)["fluentd_plugin"], wav.read_bytes()
    address = f"{value_of(text, 'streamtool_uri')}/ingest?reference={value_of(text, 'tag')}"
    body = b"".join(msgpack.packb(event(data[at : at + 2048])) for at in range(0, len(data), 2048))
    for _ in range(2):
        login = value_of(text, "user"), value_of(text, "password")
        assert post(address, body, *login, "application/octet-stream") == 204
    assert stored(policies) == {"pydata.pydata": data}


def test_fluentd_over_http_as_printed(policies: Database, server: Server) -> None:  # noqa: F811
    text = texts(server.url)["fluentd_http"]
    records = [
        {"message": line.decode(), "time": 1767225600000000000 + n, "tag": "pydata"} for n, line in enumerate(LINES)
    ]
    body = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    login = value_of(text, "username"), value_of(text, "password")
    for chunk_id in ("5f1", "5f1", "5f2"):
        address = value_of(text, "endpoint").replace("${chunk_id}", chunk_id)
        assert post(address, body, *login, "application/x-ndjson") == 204
    assert stored(policies) == {"pydata.pydata": body * 2}
    with as_user(SYSTEM), policies.transaction() as connection:
        get_site(connection).portal_ingestion_policies["pydata"].edit(maximum_rate=1)
    refusals = {post(address, body, *login, "application/x-ndjson") for _ in range(3)}
    refusals |= {post(address, b"{", *login, "application/x-ndjson"), post(address, body, "zope", "x", "text/plain")}
    assert refusals - {204} <= set(map(int, value_of(text, "retryable_response_codes").split(",")))


def test_fluent_bit_over_http_as_printed(policies: Database, server: Server) -> None:  # noqa: F811
    use_operation(policies, "wendelin_ingest_text_lines")
    text = texts(server.url)["fluent_bit_http"]
    assert value_of(text, "Format") == "msgpack" and value_of(text, "tls") == "off"
    address = f"http://{value_of(text, 'Host')}:{value_of(text, 'Port')}{value_of(text, 'URI')}"
    events = [[[event(b"")[0], {}], {"log": line.decode()}] for line in LINES]
    login = value_of(text, "HTTP_User"), value_of(text, "HTTP_Passwd")
    assert post(address, b"".join(map(msgpack.packb, events)), *login, "application/msgpack") == 204
    assert stored(policies) == {"pydata.pydata": b"".join(line + b"\n" for line in LINES)}


@pytest.mark.parametrize("name", ["fluentd_forward", "fluent_bit_forward"])
@pytest.mark.parametrize("with_tls", [False, True], ids=["plain", "tls"])
def test_forward_as_printed(
    policies: Database,  # noqa: F811
    receive: Callable[..., Receiver],  # noqa: F811
    tmp_path: Path,
    name: str,
    with_tls: bool,
) -> None:
    use_operation(policies, "wendelin_ingest_text_lines")
    options = {"tls": make_certificate(tmp_path)} if with_tls else {}
    with receive(**options) as receiver:
        text = texts("http://localhost", receiver=ForwardReceiver(None, receiver.port, False, with_tls))[name]
        connection = socket.create_connection((value_of(text, "host"), int(value_of(text, "port"))), timeout=20)
        if with_tls:
            assert "tls" in text
            client = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
            connection = client.wrap_socket(connection, server_hostname=value_of(text, "host"))
        with connection:
            assert value_of(text, "require_ack_response") == "true"
            message = [value_of(text, "tag"), [event(line) for line in LINES], {"chunk": "one"}]
            connection.sendall(msgpack.packb(message))
            answer = msgpack.Unpacker(io.BytesIO(connection.recv(1000))).unpack()
    assert answer == {"ack": "one"}
    assert stored(policies) == {"pydata.pydata": b"".join(line + b"\n" for line in LINES)}


def make_certificate(folder: Path) -> ssl.SSLContext:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    files = ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([openssl, *command.split(), *files], cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.skipif(shutil.which("fluentd") is None, reason="fluentd is not installed")
@pytest.mark.parametrize("name", ["fluentd_http", "fluentd_forward"])
def test_fluentd_reads_what_is_printed(tmp_path: Path, name: str) -> None:
    text = texts("http://127.0.0.1:5080")[name].replace("/var/lib/fluentd", str(tmp_path))
    (tmp_path / "fluent.conf").write_text(text)
    subprocess.run(["fluentd", "--dry-run", "-c", str(tmp_path / "fluent.conf")], check=True)


@pytest.mark.skipif(shutil.which("fluent-bit") is None, reason="fluent-bit is not installed")
@pytest.mark.parametrize("name", ["fluent_bit_http", "fluent_bit_forward"])
def test_fluent_bit_reads_what_is_printed(tmp_path: Path, name: str) -> None:
    text = texts("http://127.0.0.1:5080")[name].replace("/var/lib/fluent-bit", str(tmp_path))
    (tmp_path / "fluent-bit.conf").write_text(text)
    subprocess.run(["fluent-bit", "--dry-run", "-c", str(tmp_path / "fluent-bit.conf")], check=True)


@pytest.mark.browser
def test_copying(policies: Any, server: Any, browser_page: Any) -> None:  # noqa: F811
    browser_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser_page.goto("/erp5/portal_ingestion_policies/pydata/clients")
    browser_page.locator("button[data-copy=fluentd_plugin]").click()
    browser_page.get_by_text("Copied").wait_for()
    copied = browser_page.evaluate("navigator.clipboard.readText()")
    assert f"streamtool_uri {server.url}/erp5/portal_ingestion_policies/pydata" in copied
