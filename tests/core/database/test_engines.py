"""The contract of `wendelin.core.database.testing` for each engine, and what is particular to one of them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from transaction import TransactionManager
from ZODB.blob import Blob

from wendelin.core.database import Database, open_database
from wendelin.core.database.testing import EngineContract
from wendelin.core.errors import DatabaseConfigurationError, DatabaseLocked, DatabaseUnavailable, StorageFull


class TestMemory(EngineContract):
    @pytest.fixture
    def config_path(self) -> None:
        return None

    @pytest.fixture
    def database(self, config_path):
        with Database.memory() as database:
            yield database

    def read_elsewhere(self, database: Database, config_path) -> str:
        """A database in memory belongs to one process: read through a second connection instead."""
        with database.connect() as connection, connection.root()["blob"].open("r") as stream:
            data = stream.read()
            return f"{connection.root()['word']} {len(data)} {sum(data)}"


FILE_STORAGE = """
<zodb main>
  <filestorage>
    path {folder}/Data.fs
    blob-dir {folder}/blobs
  </filestorage>
</zodb>
"""


class TestFileStorage(EngineContract):
    @pytest.fixture
    def config_path(self, tmp_path: Path) -> Path:
        path = tmp_path / "zodb.conf"
        path.write_text(FILE_STORAGE.format(folder=tmp_path))
        return path

    def read_elsewhere(self, database: Database, config_path: Path) -> str:
        database.close()  # a FileStorage is open in one process only
        return super().read_elsewhere(database, config_path)

    def test_a_second_process_is_told_that_it_is_locked(self, database: Database, config_path: Path) -> None:
        command = [
            sys.executable,
            "-c",
            "import sys; from wendelin.core.database import open_database as o; o(sys.argv[1])",
        ]
        result = subprocess.run([*command, str(config_path)], capture_output=True, text=True, timeout=60)
        assert "DatabaseLocked" in result.stderr.splitlines()[-1]

    def test_the_same_process_is_told_as_well(self, database: Database, config_path: Path) -> None:
        with pytest.raises(DatabaseLocked):
            open_database(config_path)

    def test_commits_survive_a_kill(self, config_path: Path) -> None:
        code = (
            "import sys, os, signal\n"
            "from wendelin.core.database import open_database\n"
            "database = open_database(sys.argv[1])\n"
            "for n in range(20):\n"
            "    with database.transaction() as connection: connection.root()['n'] = n\n"
            "with database.connect() as connection:\n"
            "    connection.root()['n'] = -1\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        result = subprocess.run([sys.executable, "-c", code, str(config_path)], timeout=60)
        assert result.returncode == -signal.SIGKILL
        with open_database(config_path) as database, database.connect() as connection:
            assert connection.root()["n"] == 19

    def test_a_torn_tail_is_cut_back_to_the_last_whole_transaction(self, config_path: Path, tmp_path: Path) -> None:
        with open_database(config_path) as database:
            for number in range(3):
                with database.transaction() as connection:
                    connection.root()["n"] = number
        data = tmp_path / "Data.fs"
        (tmp_path / "Data.fs.index").unlink()
        os.truncate(data, data.stat().st_size - 7)
        with open_database(config_path) as database, database.connect() as connection:
            assert connection.root()["n"] == 1


ZEO_SERVER = """
<zeo>
  address {address}
</zeo>
<filestorage 1>
  path {folder}/Data.fs
  blob-dir {folder}/blobs
</filestorage>
"""
ZEO_CLIENT = """
%import ZEO
<zodb main>
  <clientstorage>
    server {address}
    storage 1
    blob-dir {folder}/blobs
    shared-blob-dir true
    server-sync true
    wait-timeout {wait}
  </clientstorage>
</zodb>
"""


class ZeoServer:
    """A real ``runzeo`` process in a folder of its own, that can be killed and started again."""

    def __init__(self, folder: Path, wait: int = 20) -> None:
        self.socket = folder / "zeo.sock"
        self.server_config = folder / "zeo.conf"
        self.server_config.write_text(ZEO_SERVER.format(folder=folder, address=self.socket))
        self.config_path = folder / "zodb.conf"
        self.config_path.write_text(ZEO_CLIENT.format(folder=folder, address=self.socket, wait=wait))

    def start(self) -> None:
        command = [sys.executable, "-m", "ZEO.runzeo", "-C", str(self.server_config)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def zeo(tmp_path: Path):
    server = ZeoServer(tmp_path)
    server.start()
    yield server
    server.kill()


class TestZeo(EngineContract):
    @pytest.fixture
    def config_path(self, zeo: ZeoServer) -> Path:
        return zeo.config_path

    def test_a_client_reads_what_another_has_just_written(self, config_path: Path, database: Database) -> None:
        with open_database(config_path) as other:
            for number in range(50):
                with database.transaction() as connection:
                    connection.root()["n"] = number
                with other.connect() as connection:
                    assert connection.root()["n"] == number

    def test_a_killed_server_is_reported_and_heals(self, zeo: ZeoServer, tmp_path: Path) -> None:
        text = zeo.config_path.read_text()
        with open_database(zeo.config_path) as patient, patient.transaction() as connection:
            connection.root()["n"] = 1
        zeo.config_path.write_text(text.replace("wait-timeout 20", "wait-timeout 1"))
        with open_database(zeo.config_path) as database:
            zeo.kill()
            for _ in range(2):
                with pytest.raises(DatabaseUnavailable) as caught, database.transaction() as connection:
                    connection.root()["n"] = 2
                assert caught.value.retry_after > 0
            assert len(list(database.zodb.pool)) == 1, "every failed try leaves a connection behind"
            manager = TransactionManager(explicit=True)
            manager.begin()  # as a web request does: the connection then asks the server while it is opened
            with pytest.raises(DatabaseUnavailable):
                database.open(manager)
            assert not list(database.zodb.pool), "a connection that could not be opened stays in the pool"
            zeo.start()
            deadline = time.monotonic() + 30
            while True:
                try:
                    with database.transaction() as connection:
                        connection.root()["n"] += 1
                    break
                except DatabaseUnavailable:
                    assert time.monotonic() < deadline, "the client did not find the server again"
            with database.connect() as connection:
                assert connection.root()["n"] == 2


SQLITE = """
%import relstorage
<zodb main>
  <relstorage>
    blob-dir {folder}/blob-cache
    shared-blob-dir false
    keep-history {keep}
    <sqlite3>
      data-dir {folder}/data
    </sqlite3>
  </relstorage>
</zodb>
"""


class TestSqlite(EngineContract):
    keep_history = "true"

    @pytest.fixture
    def config_path(self, tmp_path: Path) -> Path:
        pytest.importorskip("relstorage")
        (tmp_path / "data").mkdir()
        path = tmp_path / "zodb.conf"
        path.write_text(SQLITE.format(folder=tmp_path, keep=self.keep_history))
        return path


class TestSqliteHistoryFree(TestSqlite):
    keep_history = "false"


POSTGRESQL = """
%import relstorage
<zodb main>
  <relstorage>
    blob-dir {folder}/blob-cache
    shared-blob-dir false
    keep-history true
    <postgresql>
      dsn dbname='wendelin' user='wendelin' host='127.0.0.1' port='{port}' password='wendelin'
    </postgresql>
  </relstorage>
</zodb>
"""


class PostgresServer:
    """A temporary PostgreSQL cluster; the server refuses to run as root, so as the user ``postgres`` then."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self.bin = folder, bin_folder
        self.owner = "postgres" if os.getuid() == 0 else None
        if self.owner:
            shutil.chown(folder, self.owner)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        password = folder / "password"
        password.write_text("wendelin\n")
        if self.owner:
            shutil.chown(password, self.owner)
        self.run(
            "initdb", "-D", "cluster", "-U", "wendelin", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"
        )

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.folder,
            user=self.owner,
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PGPASSWORD": "wendelin", "LC_ALL": "C.UTF-8"},
            timeout=90,
        )

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off -c shared_buffers=16MB"
        self.run("pg_ctl", "-D", "cluster", "-w", "-l", "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", "cluster", "-w", "-m", mode, "stop")


def find_postgresql() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``: on Debian not in the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).parent if program else None


@pytest.fixture(scope="class")
def postgresql():
    import tempfile

    bin_folder = find_postgresql()
    if bin_folder is None:
        pytest.skip("no PostgreSQL server is installed")
    pytest.importorskip("psycopg2")
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # short: its socket's path has a limit
        server = PostgresServer(Path(name), bin_folder)
        server.start()
        yield server
        server.stop()


class TestPostgresql(EngineContract):
    @pytest.fixture
    def config_path(self, postgresql: PostgresServer, tmp_path: Path):
        postgresql.run("createdb", "-h", "127.0.0.1", "-p", str(postgresql.port), "-U", "wendelin", "wendelin")
        path = tmp_path / "zodb.conf"
        path.write_text(POSTGRESQL.format(folder=tmp_path, port=postgresql.port))
        yield path
        address = ("-h", "127.0.0.1", "-p", str(postgresql.port), "-U", "wendelin")
        postgresql.run("dropdb", "--force", *address, "wendelin")

    def test_a_killed_server_is_reported_and_heals(self, postgresql: PostgresServer, database: Database) -> None:
        with database.transaction() as connection:
            connection.root()["n"] = 1
        postgresql.stop()
        with pytest.raises(DatabaseUnavailable), database.transaction() as connection:
            connection.root()["n"] = 2
        postgresql.start()
        with database.transaction() as connection:
            connection.root()["n"] += 1
        with database.connect() as connection:
            assert connection.root()["n"] == 2


class TestNeo(EngineContract):
    """NEO is not on the package index: it runs where an operator installed it from its repository."""

    keeps_blobs = False

    @pytest.fixture
    def config_path(self, tmp_path: Path):
        pytest.importorskip("neo.client")
        from neo.tests.functional import NEOCluster

        cluster = NEOCluster(["main"], adapter="SQLite", temp_dir=str(tmp_path))
        cluster.start()
        path = tmp_path / "zodb.conf"
        masters = " ".join(cluster.master_nodes.split())
        path.write_text(
            f"%import neo.client\n<zodb main>\n<NEOStorage>\n"
            f"master_nodes {masters}\nname {cluster.cluster_name}\n</NEOStorage>\n</zodb>\n"
        )
        yield path
        cluster.stop()


def test_a_blob_wrapper_around_neo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with NEO's name and its configuration section is enough: the refusal comes before anything opens."""
    package = tmp_path / "site" / "neo" / "client"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "config.py").write_text("from ZODB.config import BaseConfig\nclass NeoStorage(BaseConfig): pass\n")
    (package / "component.xml").write_text(
        '<component prefix="neo.client.config"><sectiontype name="NEOStorage" datatype=".NeoStorage" '
        'implements="ZODB.storage"><key name="master_nodes" required="yes"/></sectiontype></component>'
    )
    for name in [name for name in sys.modules if name == "neo" or name.startswith("neo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    path = tmp_path / "zodb.conf"
    path.write_text(
        f"%import neo.client\n<zodb main>\n<blobstorage>\nblob-dir {tmp_path}/blobs\n"
        "<NEOStorage>\nmaster_nodes 127.0.0.1:1\n</NEOStorage>\n</blobstorage>\n</zodb>\n"
    )
    with pytest.raises(DatabaseConfigurationError, match="lose every file"):
        open_database(path)


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 3 MB; needs the right to mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this user cannot mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_and_recover(database: Database, disk: Path) -> None:
    """Write until the disk is full, with objects and with files; make room; everything acknowledged is there."""
    acknowledged = []
    for name, make in (("object", os.urandom), ("file", lambda size: Blob(os.urandom(size)))):
        with pytest.raises(StorageFull) as caught:
            for number in range(20):
                with database.transaction() as connection:
                    connection.root()[f"{name}{number}"] = make(500_000)
                acknowledged.append(f"{name}{number}")
        assert isinstance(caught.value, OSError)
    subprocess.run(["mount", "-o", "remount,size=30m", str(disk)], check=True)
    for name, value in (("late", "object"), ("late file", Blob(b"x" * 500_000))):
        with database.transaction() as connection:
            connection.root()[name] = value
        acknowledged.append(name)
    with database.connect() as connection:
        assert sorted(connection.root()) == sorted(acknowledged)
    assert "object0" in acknowledged


def test_a_full_disk_undoes_the_transaction_and_no_more(small_disk: Path) -> None:
    config = small_disk / "zodb.conf"
    config.write_text(FILE_STORAGE.format(folder=small_disk))
    with open_database(config) as database:
        fill_and_recover(database, small_disk)


def test_a_full_disk_of_the_server_undoes_the_transaction_and_no_more(small_disk: Path) -> None:
    server = ZeoServer(small_disk)
    server.start()
    try:
        with open_database(server.config_path) as database:
            fill_and_recover(database, small_disk)
    finally:
        server.kill()
