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
  address {address}
</zeo>
<filestorage>
  path {folder}/Data.fs
  blob-dir {folder}/blobs
</filestorage>
"""


Address = tuple[str, int] | str


@contextlib.contextmanager
def zeo_server(folder: Path) -> Iterator[int]:
    """The port of a server that runs while the context does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with zeo_server_at(folder, ("127.0.0.1", port)):
        yield port


@contextlib.contextmanager
def zeo_server_at(folder: Path, address: Address) -> Iterator[None]:
    """A server that listens at an address, or on a unix socket."""
    configuration = folder / "zeo.conf"
    text = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
    configuration.write_text(CONFIGURATION.format(address=text, folder=folder))
    with open(folder / "zeo.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ZEO.runzeo", "-C", str(configuration)], stdout=log, stderr=log, cwd=folder
        )
    try:
        _wait_for(address, process)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: Address, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family) as client:
            client.connect(address)
            return
        if process.poll() is not None:
            raise RuntimeError("the ZEO server did not start")
        time.sleep(0.05)
    raise TimeoutError("the ZEO server does not answer")


def zeo_database(server: int | str, blob_dir: Path, shared: bool) -> ZODB.DB:
    """A client of a port or a unix socket; with ``shared`` the server's own blob folder, else a cache."""
    address = server if isinstance(server, str) else ("127.0.0.1", server)
    return ZODB.DB(ClientStorage(address, blob_dir=str(blob_dir), shared_blob_dir=shared, wait_timeout=20))
