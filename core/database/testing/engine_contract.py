"""The contract of a database engine: each engine's test class inherits it and says how to open an empty database."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from transaction.interfaces import NoTransaction
from ZODB.blob import Blob
from ZODB.Connection import Connection
from ZODB.POSException import ConflictError

from wendelin.core.database import Database, open_database

READ_ELSEWHERE = """
import sys
from wendelin.core.database import open_database
with open_database(sys.argv[1]) as database, database.connect() as connection:
    root = connection.root()
    with root["blob"].open("r") as stream:
        data = stream.read()
    print(root["word"], len(data), sum(data))
"""


class EngineContract:
    """Inherit, and give a fixture ``config_path``: the ZConfig file of an empty database that processes can share.

    ``keeps_blobs`` is False for an engine without blobs. An engine whose database only one process can open overrides
    `read_elsewhere`. Undo and the state of a moment are tested where `Database.supports_undo` is true.
    """

    keeps_blobs = True

    @pytest.fixture
    def database(self, config_path: Path) -> Iterator[Database]:
        """The empty database, open."""
        with open_database(config_path) as database:
            yield database

    def test_a_commit_is_seen_by_the_next_transaction(self, database: Database) -> None:
        """What one connection committed, another one reads."""
        with database.transaction() as connection:
            connection.root()["word"] = "kept"
        with database.connect() as connection:
            assert connection.root()["word"] == "kept"

    def test_an_exception_undoes_everything(self, database: Database) -> None:
        """An exception that leaves the block of a transaction aborts it."""
        with pytest.raises(RuntimeError), database.transaction() as connection:
            connection.root()["word"] = "lost"
            raise RuntimeError("stop")
        with database.connect() as connection:
            assert "word" not in connection.root()

    def test_connect_commits_nothing_by_itself(self, database: Database) -> None:
        """The end of a `Database.connect` block drops what was not committed."""
        with database.connect() as connection:
            connection.root()["word"] = "lost"
        with database.connect() as connection:
            assert "word" not in connection.root()

    def test_a_commit_inside_connect_stays(self, database: Database) -> None:
        """A commit by the caller inside of such a block is kept."""
        with database.connect() as connection:
            connection.root()["word"] = "kept"
            connection.transaction_manager.commit()
        with database.connect() as connection:
            assert connection.root()["word"] == "kept"

    def test_a_connection_without_a_transaction_is_refused(self, database: Database) -> None:
        """Transactions are explicit: without one, using a connection is an error."""
        connection = database.open()
        try:
            with pytest.raises(NoTransaction):
                connection.root()["word"] = 1
        finally:
            connection.close()

    def test_another_process_reads_objects_and_blobs(self, database: Database, config_path: Path) -> None:
        """Objects and blob files that were committed here are read by another process."""
        if not self.keeps_blobs:
            pytest.skip("this engine has no blobs")
        with database.transaction() as connection:
            connection.root()["word"] = "kept"
            connection.root()["blob"] = Blob(bytes(range(250)) * 3600)
        answer = self.read_elsewhere(database, config_path)
        assert answer.split() == ["kept", "900000", str(sum(range(250)) * 3600)]

    def read_elsewhere(self, database: Database, config_path: Path) -> str:
        """What a program of its own finds in the database: the word, and the length and sum of the blob."""
        command = [sys.executable, "-c", READ_ELSEWHERE, str(config_path)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    def test_writers_of_one_object_conflict(self, database: Database) -> None:
        """Of two transactions that change one object, the second fails and changes nothing."""
        with database.transaction() as connection:
            connection.root()["box"] = PersistentMapping(n=0)
        with pytest.raises(ConflictError), database.transaction() as first:
            first.root()["box"]["n"] += 1
            with database.transaction() as second:
                second.root()["box"]["n"] += 10
        with database.connect() as connection:
            assert connection.root()["box"]["n"] == 10

    def test_run_tries_again_until_every_increment_counts(self, database: Database) -> None:
        """Threads that count up one number with `Database.run` lose no increment."""
        with database.transaction() as connection:
            connection.root()["box"] = PersistentMapping(n=0)

        def increment(connection: Connection) -> None:
            connection.root()["box"]["n"] += 1

        def work() -> None:
            for _ in range(10):
                database.run(increment, attempts=50)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.connect() as connection:
            assert connection.root()["box"]["n"] == 30

    def test_additions_of_different_keys_are_merged(self, database: Database) -> None:
        """Conflict resolution works: two insertions of different keys into a BTree both stay."""
        with database.transaction() as connection:
            connection.root()["tree"] = OOBTree({"a": 1})
        with database.transaction() as first:
            first.root()["tree"]["b"] = 2
            with database.transaction() as second:
                second.root()["tree"]["c"] = 3
        with database.connect() as connection:
            assert dict(connection.root()["tree"]) == {"a": 1, "b": 2, "c": 3}

    def test_history_names_who_and_what(self, database: Database) -> None:
        """The history of an object says user and description, where the engine keeps history."""
        for number in range(3):
            with database.transaction(user="zope", description=f"change {number}") as connection:
                connection.root()["n"] = number
                oid = connection.root()._p_oid
        history = database.history(oid, 10)
        if database.supports_undo:
            assert (history[0].user, history[0].description) == ("zope", "change 2")
            assert [entry.description for entry in history[:3]] == ["change 2", "change 1", "change 0"]
        else:  # an engine without history tells the present state at least, without its description
            assert history[0].tid == database.last_transaction

    def test_undo_and_the_state_of_a_moment(self, database: Database) -> None:
        """A transaction can be undone, and a former state be read."""
        if not database.supports_undo:
            pytest.skip("this engine keeps no history")
        with database.transaction() as connection:
            connection.root()["n"] = 1
        before = database.last_transaction
        with database.transaction(user="zope", description="a mistake") as connection:
            connection.root()["n"] = 2
        with database.connect(at=before) as connection:
            assert connection.root()["n"] == 1
        entry = database.undo_log()[0]
        assert (entry.user, entry.description) == ("zope", "a mistake")
        with database.transaction(user="zope", description="undo") as connection:
            database.undo(entry.undo_id, connection.transaction_manager)
        with database.connect() as connection:
            assert connection.root()["n"] == 1

    def test_pack_keeps_what_is_reachable(self, database: Database) -> None:
        """Packing drops former states, never the present one."""
        for number in range(3):
            with database.transaction() as connection:
                connection.root()["box"] = PersistentMapping(n=number)
        database.pack()
        with database.connect() as connection:
            assert connection.root()["box"]["n"] == 2
