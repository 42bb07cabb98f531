"""Real programs that send over HTTP: curl, syslog-ng's http(), collectd's write_http; what arrives is compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.forward_fixtures import find_program, stored
from tests.web_fixtures import PASSWORD, Server
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

RAW_OPERATION = "data_operation_module/wendelin_ingest_data"


@pytest.fixture
def web_database(web_database: Database) -> Database:
    """``pydata`` appends what records carry, ``raw`` the body as it came."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        tool = get_site(connection).portal_ingestion_policies
        tool.IngestionPolicyTool_addIngestionPolicy("pydata", "Pydata")
        _, supply, _ = tool.IngestionPolicyTool_addIngestionPolicy("raw", "Raw", batch_mode=True)
        for line in supply.objectValues():
            if line.getReference() == "ingestion_operation":
                line.edit(resource=RAW_OPERATION)
    return web_database


def ingest_url(server: Server, policy: str, reference: str = "") -> str:
    return f"{server.url}/erp5/portal_ingestion_policies/{policy}/ingest?reference={reference or policy}"


@contextmanager
def running(command: list[str], folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the foreground, until the end of the block; what it says is in ``folder/output``."""
    with open(folder / "output", "wb") as output:
        child = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=os.environ | environment)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for(condition: Callable[[], object], folder: Path) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, (folder / "output").read_text()
        time.sleep(0.1)


@pytest.mark.parametrize(
    "form",
    [
        ["-H", "Content-Type: application/octet-stream", "--data-binary", "@chunk"],
        ["--data-urlencode", "data_chunk@chunk"],
        ["-F", "data_chunk=@chunk"],
        ["-H", "Content-Type: application/octet-stream", "-H", "Transfer-Encoding: chunked", "--data-binary", "@chunk"],
        ["--anyauth", "-H", "Content-Type: application/octet-stream", "--data-binary", "@chunk"],
    ],
    ids=["binary", "urlencoded", "multipart", "chunked", "anyauth"],
)
def test_curl(server: Server, tmp_path: Path, form: list[str]) -> None:
    data = bytes(range(256)) * 700
    (tmp_path / "chunk").write_bytes(pack(data[:2048], data[2048:]))
    command = [find_program("curl"), "-sS", "-u", f"zope:{PASSWORD}", "-w", "%{http_code}", *form]
    done = subprocess.run(
        [*command, ingest_url(server, "pydata")], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "204", done.stdout + done.stderr
    assert stored(server.database) == {"pydata.pydata": data}


SYSLOG_NG = """\
@version: 3.38
options { stats-freq(0); };
source s_file { file("%(folder)s/lines.log" follow-freq(0.2) flags(no-parse)); };
destination d_http {
  http(url("%(url)s") method("POST") user("zope") password("%(password)s") user-agent("syslog-ng")
    headers("Content-Type: text/plain") body("${MESSAGE}") body-suffix("\\n") delimiter("\\n")
    batch-lines(50) batch-timeout(200) workers(1));
};
log { source(s_file); destination(d_http); };
"""


@pytest.mark.slow
def test_syslog_ng(server: Server, tmp_path: Path) -> None:
    program = find_program("syslog-ng")
    modules = subprocess.run([program, "--module-registry"], capture_output=True, text=True).stdout
    if "http" not in modules:
        pytest.skip("syslog-ng's http() is not installed: syslog-ng-mod-http")
    lines = "".join(f"line {number} of the sensor, with 21.5 \u00b0C\n" for number in range(300))
    (tmp_path / "lines.log").write_text(lines, "utf-8")
    values = {"folder": tmp_path, "url": ingest_url(server, "raw"), "password": PASSWORD}
    (tmp_path / "syslog-ng.conf").write_text(SYSLOG_NG % values)
    command = [program, "-F", "--no-caps", "-f", "syslog-ng.conf"]
    for option, name in (("-R", "persist"), ("-p", "pid"), ("-c", "control")):
        command += [option, str(tmp_path / name)]
    with running(command, tmp_path):
        wait_for(lambda: len(stored(server.database).get("raw.raw", b"")) >= len(lines.encode()), tmp_path)
    assert stored(server.database) == {"raw.raw": lines.encode()}


COLLECTD = """\
Hostname "the-test"
FQDNLookup false
BaseDir "%(folder)s"
PIDFile "%(folder)s/pid"
TypesDB "%(types)s"
Interval 1
LoadPlugin uptime
LoadPlugin write_http
LoadPlugin csv
<Plugin csv>
  DataDir "%(folder)s/csv"
  StoreRates false
</Plugin>
<Plugin write_http>
  <Node "wendelin">
    URL "%(url)s"
    User "zope"
    Password "%(password)s"
    Format "JSON"
    BufferSize 4096
  </Node>
</Plugin>
"""


@pytest.mark.slow
def test_collectd(server: Server, tmp_path: Path) -> None:
    program = find_program("collectd")
    types = Path("/usr/share/collectd/types.db")
    if not types.is_file():
        pytest.skip("collectd's types.db is not installed: collectd-core")
    values = {"folder": tmp_path, "types": types, "url": ingest_url(server, "raw"), "password": PASSWORD}
    (tmp_path / "collectd.conf").write_text(COLLECTD % values)
    with running([program, "-f", "-C", str(tmp_path / "collectd.conf")], tmp_path) as child:
        wait_for(lambda: len(list((tmp_path / "csv").rglob("uptime-*"))), tmp_path)
        time.sleep(3)
        if b"write_http" in (tmp_path / "output").read_bytes() and child.poll() is not None:
            pytest.skip("collectd's write_http cannot be loaded: libyajl2, libcurl3-gnutls")
        child.terminate()  # what is in its buffer goes out
        child.wait(20)
        wait_for(lambda: stored(server.database), tmp_path)
    # bodies are JSON arrays one after another; the same values stand in collectd's own files
    assert sent_values(stored(server.database)["raw.raw"]) == written_values(tmp_path / "csv")


def sent_values(body: bytes) -> list[tuple[int, float]]:
    decoder, text, found = json.JSONDecoder(), body.decode("utf-8"), []
    while text:
        items, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        found += [(int(item["time"]), float(item["values"][0])) for item in items if item["plugin"] == "uptime"]
    return sorted(found)


def written_values(folder: Path) -> list[tuple[int, float]]:
    found: list[tuple[int, float]] = []
    for path in folder.rglob("uptime-*"):
        rows: Any = re.findall(r"^([\d.]+),([\d.]+)$", path.read_text(), re.MULTILINE)
        found += [(int(float(moment)), float(value)) for moment, value in rows]
    return sorted(found)
