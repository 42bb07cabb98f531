"""The database server of an instance: is it there, why not, and one for a command while the instance is stopped."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import zc.lockfile

from wendelin.core.database import Database, open_database
from wendelin.core.errors import DatabaseLocked, LauncherError
from wendelin.core.instance.var_folder import PRIVATE_UMASK, Instance
from wendelin.core.launcher.guard import die_with_parent
from wendelin.core.launcher.supervised_process import module_command
from wendelin.core.launcher.supervision import wait_until

# Without its index file, a server reads the whole Data.fs first: some 100 MB/s, so an hour is not absurd.
OPENING_SECONDS = 3600


def server_command(instance: Instance) -> tuple[str, ...]:
    """The server in this very environment: it resolves conflicts with our classes."""
    return module_command("wendelin.core.launcher.database_process", "-C", str(instance.find_config("zeo.conf")))


def listens(address: str) -> bool:
    """True when a server accepts connections at a socket's path or ``host:port`` (of an older instance, or HTTP)."""
    is_path = address.startswith("/")
    with socket.socket(socket.AF_UNIX if is_path else socket.AF_INET) as probe:
        probe.settimeout(5)
        try:
            if is_path:
                probe.connect(address)
            else:
                host, _, port = address.rpartition(":")
                probe.connect((host, int(port)))
        except OSError:
            return False
        return True


def check_lock(instance: Instance) -> None:
    """`DatabaseLocked` when another process, of whatever instance, has this Data.fs open."""
    path = instance.data_folder / "Data.fs.lock"
    if not path.exists():
        return
    try:
        zc.lockfile.LockFile(str(path)).close()
    except zc.lockfile.LockError as error:
        holder = path.read_text("utf-8", "replace").strip()
        raise DatabaseLocked(
            f"the database {instance.data_folder / 'Data.fs'} is locked by another process"
            + (f" ({holder})" if holder else "")
        ) from error


def last_line(log: Path) -> str:
    """The last line of a log that says something; a traceback's last line is its error."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()] if log.is_file() else []
    return lines[-1] if lines else "no message"


@contextmanager
def instance_database(instance: Instance) -> Iterator[Database]:
    """The database of an instance for a command; its own server is started for that long when nothing runs it."""
    instance.require()
    instance.set_environment()
    with database_server(instance), open_database(instance.database_config) as database:
        yield database


@contextmanager
def database_server(instance: Instance) -> Iterator[None]:
    """A server for the time of the block, unless one listens already or the engine is somewhere else."""
    address = instance.read_facts().get("zeo_address")
    if not address or listens(address):
        yield
        return
    check_lock(instance)
    address = renew_address(instance)
    log = instance.log_folder / "database.log"
    with open(log, "ab") as output:
        # in a session of its own: Ctrl-C in `wendelin shell` is for the shell
        server = subprocess.Popen(
            server_command(instance),
            stdout=output,
            stderr=output,
            start_new_session=True,
            umask=PRIVATE_UMASK,
            preexec_fn=die_with_parent,
        )
    try:
        wait_until(lambda: started(server, address, log), OPENING_SECONDS, "the database server does not start")
        yield
    finally:
        server.terminate()
        server.wait()
        with suppress(FileNotFoundError):
            Path(address).unlink()


def renew_address(instance: Instance) -> str:
    """Where a server of this instance listens now: a former one may have had another address, or its folder is gone."""
    address = instance.choose_zeo_address()
    if address != instance.read_facts().get("zeo_address"):
        instance.write_database_config(address)
        instance.write_facts(**instance.read_facts() | {"zeo_address": address})
        instance.set_environment()
    return address


def started(server: subprocess.Popen[bytes], address: str, log: Path) -> bool:
    """True when it listens; `LauncherError` when it ended."""
    if server.poll() is not None:
        raise LauncherError(f"the database server ended at once: {last_line(log)} (see {log})")
    return listens(address)
