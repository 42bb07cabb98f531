"""The servers of `benchmarks/ingestion.py`, each a process: ZEO, the site, and the bare application it is measured by.

python benchmarks/ingestion_servers.py site FOLDER PORT
python benchmarks/ingestion_servers.py bare FOLDER PORT     waitress as it comes
python benchmarks/ingestion_servers.py tuned FOLDER PORT    the same, with the settings of development.ini
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from waitress import serve

from wendelin.core.business_templates import bootstrap, install
from wendelin.core.database import Database, open_database
from wendelin.core.model.objects.site import create_site, get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application

USER, PASSWORD = "bench", "a password of the benchmark"
TUNED = ("threads", "channel_timeout", "max_request_body_size", "recv_bytes", "inbuf_overflow")
SERVER = """
<zeo>
  address {folder}/zeo.sock
</zeo>
<filestorage 1>
  path {folder}/Data.fs
  blob-dir {folder}/blobs
</filestorage>
"""
CLIENT = """
%import ZEO
<zodb main>
  cache-size 20000
  <clientstorage>
    server {folder}/zeo.sock
    storage 1
    wait-timeout 30
    server-sync true
    blob-dir {folder}/blobs
    shared-blob-dir true
  </clientstorage>
</zodb>
"""


def start_database(folder: Path) -> subprocess.Popen[bytes]:
    """A ZEO server over an empty FileStorage, and ``client.conf`` to reach it."""
    folder.mkdir(parents=True)
    (folder / "zeo.conf").write_text(SERVER.format(folder=folder))
    (folder / "client.conf").write_text(CLIENT.format(folder=folder))
    command = [sys.executable, "-m", "ZEO.runzeo", "-C", str(folder / "zeo.conf")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_site(folder: Path, policies: Iterable[str]) -> None:
    """The site with a user and the policies, each of which has its supply and product."""
    with open_database(folder / "client.conf") as database, as_user(SYSTEM):
        with database.transaction() as connection:
            site = create_site(connection.root())
            bootstrap(site)
            install(site, "erp5_wendelin")
            site.acl_users.add_user(USER, PASSWORD, ["Manager"])
        add_policies(database, list(policies))


def add_policies(database: Database, names: list[str]) -> None:
    """Policies, a hundred in a transaction."""
    for start in range(0, len(names), 100):
        with database.transaction() as connection:
            tool = get_site(connection).portal_ingestion_policies
            for name in names[start : start + 100]:
                tool.IngestionPolicyTool_addIngestionPolicy(name, name)


def fill(folder: Path, policies: int, streams: int) -> None:
    """Add policies, and streams, to a running site."""
    with open_database(folder / "client.conf") as database, as_user(SYSTEM):
        add_policies(database, [f"further{number}" for number in range(policies)])
        for start in range(0, streams, 500):
            with database.transaction() as connection:
                module = get_site(connection).data_stream_module
                for number in range(start, min(start + 500, streams)):
                    module.newContent(portal_type="Data Stream", reference=f"further{number}.further{number}")


def bare_application(folder: Path) -> Callable[..., Any]:
    """Appends the body of each request to the file that the query names, and answers when it is on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    locks: dict[str, threading.Lock] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        name = environ["QUERY_STRING"].rpartition("=")[2]
        body = environ["wsgi.input"].read()
        with locks.setdefault(name, threading.Lock()), open(folder / name, "ab") as target:
            target.write(body)
            target.flush()
            os.fsync(target.fileno())
        start_response("204 No Content", [])
        return []

    return application


def read_settings() -> dict[str, str]:
    """What development.ini says about waitress."""
    found = ConfigParser(interpolation=None)
    found.read(Path(__file__).parents[1] / "development.ini")
    return {name: found["server:main"][name] for name in TUNED}


def main(kind: str, folder: str, port: str) -> None:
    if kind == "site":
        application = make_application(open_database(Path(folder) / "client.conf"))
    else:
        application = bare_application(Path(folder))
    settings: dict[str, Any] = {"threads": 8} if kind == "bare" else read_settings()
    serve(application, host="127.0.0.1", port=int(port), _quiet=True, **settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
