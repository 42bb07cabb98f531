"""A real ZEO server in a process of its own, over a FileStorage with blobs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import ZODB
from ZEO.ClientStorage import ClientStorage

CONFIGURATION = """
<zeo>
  address 127.0.0.1:{port}
</zeo>
<filestorage>
  path {folder}/Data.fs
  blob-dir {folder}/blobs
</filestorage>
"""


@contextlib.contextmanager
def zeo_server(folder: Path) -> Iterator[int]:
    """The port of a server that runs while the context does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = folder / "zeo.conf"
    configuration.write_text(CONFIGURATION.format(port=port, folder=folder))
    with open(folder / "zeo.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ZEO.runzeo", "-C", str(configuration)], stdout=log, stderr=log, cwd=folder
        )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        if process.poll() is not None:
            raise RuntimeError("the ZEO server did not start")
        time.sleep(0.05)
    raise TimeoutError("the ZEO server does not answer")


def zeo_database(port: int, blob_dir: Path, shared: bool) -> ZODB.DB:
    """A client; with ``shared`` the server's own blob folder, else a cache."""
    return ZODB.DB(ClientStorage(("127.0.0.1", port), blob_dir=str(blob_dir), shared_blob_dir=shared, wait_timeout=20))
