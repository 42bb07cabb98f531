"""Four processes create documents in one module over ZEO: none may be lost, conflicts are retried."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transaction.interfaces import TransientError

from wendelin.core.database import Database, open_database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

PROCESSES = 4
#: Far more than a busy site needs: the writers do nothing but write, and one of them may be starved for a while.
ATTEMPTS = 100
PREFILLED = 1000
SERVER = """
<zeo>
  address {socket}
</zeo>
<filestorage 1>
  path {folder}/Data.fs
  blob-dir {folder}/blobs
</filestorage>
"""
CLIENT = """
%import ZEO
<zodb main>
  <clientstorage>
    server {socket}
    storage 1
    wait-timeout 30
    server-sync true
    blob-dir {folder}/client-blobs
    shared-blob-dir false
  </clientstorage>
</zodb>
"""


def run_writers(folder: Path, number: int, make_site: Callable[[Database], None]) -> dict[str, Any]:
    """Start a server and the writers; then count what is there, by the folder and by the catalog."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"folder": folder, "socket": folder / "zeo.sock"}
    (folder / "zeo.conf").write_text(SERVER.format(**names))
    (folder / "client.conf").write_text(CLIENT.format(**names))
    server = subprocess.Popen(
        [sys.executable, "-m", "ZEO.runzeo", "-C", str(folder / "zeo.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with open_database(folder / "client.conf") as database, as_user(SYSTEM):
            make_site(database)
            _prefill(database)
            started = time.monotonic()
            written = _write(folder, number)
            seconds = time.monotonic() - started
            return _counted(database, number, written) | {"seconds": round(seconds, 2)}
    finally:
        server.terminate()
        server.wait()


def _prefill(database: Database) -> None:
    """A module in use: in an empty one the first documents all share one bucket of everything."""
    with database.transaction() as connection:
        module = get_site(connection)["sample_module"]
        for n in range(PREFILLED):
            module.newContent(title=f"Document {n * 7919 % 1000}", reference=f"P-{n}")


def _write(folder: Path, number: int) -> list[dict[str, int]]:
    command = [sys.executable, __file__, str(folder / "client.conf"), str(number)]
    writers = [
        subprocess.Popen([*command, str(place)], stdout=subprocess.PIPE, text=True) for place in range(PROCESSES)
    ]
    return [json.loads(writer.communicate()[0]) for writer in writers]


def _counted(database: Database, number: int, written: list[dict[str, int]]) -> dict[str, Any]:
    """What the writers say beside what the database says."""
    with database.connect() as connection:
        site = get_site(connection)
        module, catalog = site["sample_module"], site.portal_catalog
        found = [brain.reference for brain in catalog(parent_uid=module.getUid(), sort_on="reference")]
        wanted = sorted(f"W{place}-{n}".casefold() for place in range(PROCESSES) for n in range(number))
        facts = {
            "processes": PROCESSES,
            "created": PROCESSES * number,
            "in_folder": len(module) - PREFILLED,
            "in_catalog": catalog.countResults(parent_uid=module.getUid())[0][0] - PREFILLED,
            "lost": len(set(wanted) - {reference.casefold() for reference in found}),
            "twice": len(found) - len(set(found)),
            "retries": sum(writer["tries"] for writer in written) - PROCESSES * number,
            "most_tries": max(writer["most_tries"] for writer in written),
            "given_up": sum(writer["given_up"] for writer in written),
        }
    return facts | {"sound": facts["lost"] == facts["twice"] == facts["given_up"] == 0}


def write(config: str, number: int, place: int) -> dict[str, int]:
    """One writer: a document per transaction, tried again after a conflict."""
    facts = {"tries": 0, "given_up": 0, "most_tries": 0}
    with open_database(config) as database, as_user(SYSTEM):
        for n in range(number):
            tries = _create(database, title=f"Document {n} of {place}", reference=f"W{place}-{n}")
            facts["tries"] += tries
            facts["most_tries"] = max(facts["most_tries"], tries)
            facts["given_up"] += tries == ATTEMPTS
    return facts


def _create(database: Database, **values: str) -> int:
    """Create one document; returns the number of tries. The waits are capped: three others never pause here."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with database.transaction() as connection:
                get_site(connection)["sample_module"].newContent(**values)
            return attempt
        except TransientError:
            time.sleep(random.uniform(0, min(0.005 * 2**attempt, 0.2)))
    return ATTEMPTS


if __name__ == "__main__":
    print(json.dumps(write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
