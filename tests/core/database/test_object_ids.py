"""Ids of objects are given out once, also by several processes and when the database server starts again."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from persistent.mapping import PersistentMapping
from transaction.interfaces import TransientError
from ZODB.Connection import Connection

from tests.core.database.test_engines import ZeoServer, zeo  # noqa: F401
from wendelin.core.database import Database, open_database
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


@pytest.mark.parametrize("is_known", [False, True])
def test_a_transaction_across_a_restart_costs_another_one_a_retry(zeo: ZeoServer, is_known: bool) -> None:  # noqa: F811
    """An id given before the restart, and stored after it, meets the same id of another client."""
    with open_database(zeo.config_path) as first, open_database(zeo.config_path) as second:
        with first.transaction() as connection:
            connection.root()["first"], connection.root()["second"] = PersistentMapping(), PersistentMapping()

        def add_second(name: str) -> None:
            with second.transaction() as connection:
                if is_known and "late" in connection.root()["first"]:
                    connection.root()["first"]["late"].values()
                connection.root()["second"][name] = PersistentMapping()

        with first.connect() as across:
            # ids that the new server gives first, so that the other client does not use the one of "late" at once
            across.new_oid(), across.new_oid()
            across.root()["first"]["late"] = late = PersistentMapping(name="late")
            across.add(late)
            zeo.kill()
            zeo.start()
            patiently(lambda: add_second("fetches ids"))
            patiently(lambda: reads(first))
            across.transaction_manager.commit()
        refused = 0
        for number in range(10):
            try:
                add_second(str(number))
            except TransientError:
                refused += 1
                add_second(str(number))
        assert refused == (0 if is_known else 1)
        with second.connect() as connection:
            assert dict(connection.root()["first"]["late"]) == {"name": "late"}
            assert set(connection.root()["second"]) == {"fetches ids", *map(str, range(10))}


def test_an_id_under_which_the_connection_knows_an_object_is_skipped() -> None:
    with Database.memory() as database, database.connect() as connection:
        known, free = PersistentMapping(), b"\0" * 7 + b"\x77"
        connection.add(known)
        ids = [free, known._p_oid, connection.root()._p_oid]
        connection._storage.new_oid = ids.pop
        assert isinstance(connection, Connection)
        assert connection.new_oid() == free
