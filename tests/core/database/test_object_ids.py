"""Ids of objects are given out once, also by several processes and when the database server starts again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import Connection
from ZODB.DemoStorage import DemoStorage
from ZODB.POSException import ConflictError

from tests.core.database.test_engines import ZeoServer, zeo  # noqa: F401
from wendelin.core.database import Database, open_database
from wendelin.core.database.object_ids import fetched_ids
from wendelin.core.errors import DatabaseUnavailable


def patiently(work: Callable[[], object]) -> None:
    """Again while the server is away, as every caller does."""
    deadline = time.monotonic() + 30
    while True:
        try:
            work()
            return
        except DatabaseUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def add(database: Database, name: str) -> None:
    with database.transaction() as connection:
        connection.root()[name] = PersistentMapping(name=name)


def reads(database: Database) -> None:
    with database.connect() as connection:
        connection.root().keys()


def names(database: Database) -> dict[str, str]:
    with database.connect() as connection:
        return {key: value["name"] for key, value in connection.root().items()}


def test_clients_that_ran_on_through_restarts_give_no_id_twice(zeo: ZeoServer) -> None:  # noqa: F811
    with open_database(zeo.config_path) as first, open_database(zeo.config_path) as second:
        expected = set()
        for round_ in range(3):
            with open_database(zeo.config_path) as fresh:
                for database, who in ((fresh, "fresh"), (first, "first"), (second, "second"), (fresh, "again")):
                    for number in range(4):
                        expected.add(name := f"{who} {round_} {number}")
                        # no retry for errors other than an absent server: there must be none
                        patiently(lambda database=database, name=name: add(database, name))
            zeo.kill()
            zeo.start()
        patiently(lambda: names(first))
        assert names(first) == names(second) == {name: name for name in expected}
        with first.connect() as connection:
            oids = [value._p_oid for value in connection.root().values()]
            assert len(set(oids)) == len(expected)


def test_a_client_keeps_the_ids_it_fetched_while_the_server_runs(zeo: ZeoServer) -> None:  # noqa: F811
    with open_database(zeo.config_path) as database:
        storage = database.zodb.storage
        asked = []
        call = storage._call
        storage._call = lambda method, *arguments: (asked.append(method), call(method, *arguments))[1]
        assert len({storage.new_oid() for _ in range(150)}) == 150
        assert asked.count("new_oids") == 2


def test_ids_that_the_old_server_gave_while_it_went_away_are_not_kept(zeo: ZeoServer) -> None:  # noqa: F811
    with open_database(zeo.config_path) as database:
        storage = database.zodb.storage
        call = storage._call
        given = []

        def lose_connection(method: str) -> list[bytes]:
            fetched = call(method)
            given.append(fetched)
            if len(given) == 1:
                storage._connection_generation += 2  # as the storage's own thread does: lost, and found again
            return fetched

        storage._call = lose_connection
        assert storage.new_oid() == given[1][0]


def commit_late(database: Database, zeo: ZeoServer, name: str, prepare: Callable[[Connection], None]) -> None:  # noqa: F811
    """A transaction that makes objects, and commits after the server was started again."""
    with database.connect() as across:
        across.root()[name] = late = PersistentMapping(name=name)
        prepare(across)
        if late._p_oid is None:
            across.add(late)
        zeo.kill()
        zeo.start()
        patiently(lambda: reads(database))
        across.transaction_manager.commit()


def test_a_transaction_with_ids_of_before_a_restart_is_not_committed(zeo: ZeoServer) -> None:  # noqa: F811
    with open_database(zeo.config_path) as first, open_database(zeo.config_path) as second:
        add(first, "before")
        with pytest.raises(ConflictError, match="since this transaction made its first new objects"):
            commit_late(first, zeo, "late", lambda across: None)
        for number in range(10):  # nobody else meets the ids again, and the connection itself goes on
            patiently(lambda number=number: add(second, f"second {number}"))
            patiently(lambda number=number: add(first, f"first {number}"))
        assert "late" not in names(second)
        assert len(names(second)) == 21


def test_a_savepoint_over_a_restart_gives_no_id_twice(zeo: ZeoServer) -> None:  # noqa: F811
    """Objects of a savepoint may have left the connection's cache: their ids are known to nobody but the savepoint."""
    with open_database(zeo.config_path) as database:

        def prepare(across: Connection) -> None:
            across.transaction_manager.savepoint()
            across.cacheMinimize()

        with pytest.raises(ConflictError):
            commit_late(database, zeo, "late", prepare)
        with database.connect() as across:
            across.root()["many"] = PersistentMapping({number: PersistentMapping() for number in range(50)})
            across.transaction_manager.savepoint()
            across.cacheMinimize()
            zeo.kill()
            zeo.start()
            patiently(lambda: reads(database))
            across.root()["more"] = PersistentMapping()
            with pytest.raises(ConflictError):
                across.transaction_manager.savepoint()
        add(database, "afterwards")
        assert names(database) == {"afterwards": "afterwards"}


def test_changes_alone_are_committed_after_a_restart(zeo: ZeoServer) -> None:  # noqa: F811
    """A long transaction without new objects loses nothing by a restart."""
    with open_database(zeo.config_path) as database:
        add(database, "changed")
        with database.connect() as across:
            across.root()["changed"]["name"] = "after"
            zeo.kill()
            zeo.start()
            patiently(lambda: reads(database))
            across.transaction_manager.commit()
        assert names(database) == {"changed": "after"}


def test_a_run_that_meets_a_restart_is_run_again(zeo: ZeoServer) -> None:  # noqa: F811
    with open_database(zeo.config_path) as database:
        add(database, "before")
        tries = []

        def work(connection: Connection) -> None:
            tries.append(1)
            connection.root()["late"] = late = PersistentMapping(name="late")
            connection.add(late)
            if len(tries) == 1:
                zeo.kill()
                zeo.start()
                patiently(lambda: reads(database))

        database.run(work)
        assert len(tries) == 2
        assert names(database) == {"before": "before", "late": "late"}


def test_threads_that_take_ids_while_the_server_is_started_again(zeo: ZeoServer) -> None:  # noqa: F811
    """Over one connection no id is given twice, and none is given over a connection that is gone."""
    with open_database(zeo.config_path) as database:
        ids = database.zodb.fetched_ids
        stop = threading.Event()
        taken: list[tuple[bytes, int]] = []  # append is atomic

        def take() -> None:
            while not stop.is_set():
                before = ids.generation
                with suppress(ClientDisconnected):
                    oid, generation = ids.take()
                    assert before <= generation <= ids.generation
                    taken.append((oid, generation))
                time.sleep(0.0001)

        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(take) for _ in range(8)]
            for _ in range(3):
                goal = len(taken) + 500
                while len(taken) < goal:
                    assert not any(future.done() for future in futures)
                    time.sleep(0.01)
                zeo.kill()
                zeo.start()
            patiently(lambda: reads(database))
            stop.set()
            for future in futures:
                future.result(60)
        assert len({generation for _, generation in taken}) >= 3
        assert len(set(taken)) == len(taken)


def test_a_wrapped_client_forgets_ids_too(zeo: ZeoServer) -> None:  # noqa: F811
    """As zc.zlibstorage wraps: it keeps the methods that its base had when it was made."""

    class Wrapper:
        def __init__(self, base: ClientStorage) -> None:
            self.base, self.new_oid = base, base.new_oid

    with open_database(zeo.config_path) as database:
        wrapper = Wrapper(database.zodb.storage)
        ids = fetched_ids(wrapper)
        assert ids is not None
        assert wrapper.new_oid == database.zodb.storage.new_oid == ids.new_oid
        assert fetched_ids(DemoStorage(base=database.zodb.storage)) is None


def test_an_id_under_which_the_connection_knows_an_object_is_skipped() -> None:
    with Database.memory() as database, database.connect() as connection:
        known, free = PersistentMapping(), b"\0" * 7 + b"\x77"
        connection.add(known)
        ids = [free, known._p_oid, connection.root()._p_oid]
        connection._storage.new_oid = ids.pop
        assert isinstance(connection, Connection)
        assert connection.new_oid() == free
