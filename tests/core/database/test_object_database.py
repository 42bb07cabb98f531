"""What `wendelin.core.database` and `wendelin.core.database.engines` do whatever the engine is."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from persistent import Persistent
from ZEO.Exceptions import ClientDisconnected
from ZODB.broken import BrokenModified
from ZODB.POSException import ConflictError

from wendelin.core import registry
from wendelin.core.database import Database, engines, is_away, is_broken, open_database, translated_errors
from wendelin.core.errors import DatabaseConfigurationError, DatabaseUnavailable
from wendelin.core.registry import set_class_alias


@pytest.fixture
def database():
    with Database.memory() as database:
        yield database


def make_plugin_class(monkeypatch: pytest.MonkeyPatch, module_name: str, name: str = "Sensor") -> type:
    """A persistent class in a module that exists only as long as the test keeps it in ``sys.modules``."""
    module = types.ModuleType(module_name)
    cls = type(name, (Persistent,), {"__module__": module_name, "unit": "V"})
    setattr(module, name, cls)
    monkeypatch.setitem(sys.modules, module_name, module)
    return cls


def test_run_tries_again_after_a_conflict(database: Database) -> None:
    calls = []

    def work(connection) -> str:
        calls.append(connection)
        if len(calls) < 3:
            raise ConflictError("somebody else was first")
        return "done"

    assert database.run(work, attempts=3) == "done"
    assert len(calls) == 3


def test_run_gives_up_after_the_last_attempt(database: Database) -> None:
    calls = []

    def work(connection) -> None:
        calls.append(connection)
        raise ConflictError("always")

    with pytest.raises(ConflictError):
        database.run(work, attempts=4)
    assert len(calls) == 4


def test_run_does_not_wait_twice_for_an_engine_that_is_away(database: Database) -> None:
    calls = []

    def work(connection) -> None:
        calls.append(connection)
        raise ClientDisconnected("gone")

    with pytest.raises(DatabaseUnavailable):
        database.run(work, attempts=4)
    assert len(calls) == 1


def test_other_errors_are_neither_retried_nor_changed(database: Database) -> None:
    with pytest.raises(KeyError), translated_errors():
        database.run(lambda connection: connection.root()["missing"])


def test_the_cause_of_an_absence_is_kept() -> None:
    with pytest.raises(DatabaseUnavailable, match="no route") as caught, translated_errors():
        raise ClientDisconnected("no route\nmore")
    assert isinstance(caught.value.__cause__, ClientDisconnected)
    assert isinstance(caught.value, ConnectionError)
    assert is_away(caught.value) and not is_away(ConflictError())


def test_the_user_of_a_transaction_is_told_without_zodb_s_path(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "zodb.conf"
    path.write_text(f"<zodb>\n<filestorage>\npath {tmp_path}/Data.fs\n</filestorage>\n</zodb>\n")
    with open_database(path) as database:
        with database.transaction(user="zope", description="Größe") as connection:
            connection.root()["n"] = 1
        newest = database.undo_log()[0]
    assert (newest.user, newest.description) == ("zope", "Größe")
    assert newest.time.tzinfo is not None


def test_a_moved_class_is_found_under_its_new_name(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.class_aliases.clear()
    old = make_plugin_class(monkeypatch, "old_plugin")
    with database.transaction() as connection:
        connection.root()["sensor"] = old()
    monkeypatch.delitem(sys.modules, "old_plugin")
    new = make_plugin_class(monkeypatch, "new_plugin", "BetterSensor")
    set_class_alias("old_plugin:Sensor", "middle_plugin:Sensor")
    set_class_alias("middle_plugin:Sensor", "new_plugin:BetterSensor")
    database.zodb.cacheMinimize()
    fresh = Database(type(database.zodb)(database.zodb.storage, class_factory=engines.class_factory))
    with fresh.connect() as connection:
        assert type(connection.root()["sensor"]) is new


def test_an_alias_needs_a_module_and_a_class() -> None:
    with pytest.raises(DatabaseConfigurationError, match="module:Class"):
        set_class_alias("old.Sensor", "new:Sensor")


def test_an_uninstalled_class_keeps_its_state_and_comes_back_whole(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "zodb.conf"
    path.write_text(f"<zodb>\n<filestorage>\npath {tmp_path}/Data.fs\n</filestorage>\n</zodb>\n")
    cls = make_plugin_class(monkeypatch, "gone_plugin")
    with open_database(path) as database, database.transaction() as connection:
        connection.root()["sensor"] = sensor = cls()
        sensor.reference = "s1"
    monkeypatch.delitem(sys.modules, "gone_plugin")
    with open_database(path) as database, database.transaction() as connection:
        sensor = connection.root()["sensor"]
        assert is_broken(sensor)
        sensor._p_activate()
        assert sensor.__Broken_state__ == {"reference": "s1"}
        with pytest.raises(BrokenModified):
            sensor.reference = "s2"
        connection.root()["other"] = 1
    cls = make_plugin_class(monkeypatch, "gone_plugin")
    with open_database(path) as database, database.connect() as connection:
        sensor = connection.root()["sensor"]
        assert type(sensor) is cls
        assert sensor.reference == "s1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no database configuration"),
        ("<zodb>\n</zodb>", "names no storage"),
        ("%import no_such_engine\n<zodb>\n</zodb>", "no_such_engine"),
        ("<zodb a>\n<mappingstorage/>\n</zodb>\n<zodb b>\n<mappingstorage/>\n</zodb>", "no section <zodb main>"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "zodb.conf"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DatabaseConfigurationError, match=message):
        open_database(path)


def test_a_section_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "zodb.conf"
    path.write_text("<zodb a>\n<mappingstorage/>\n</zodb>\n<zodb main>\n<demostorage/>\n</zodb>")
    with open_database(path) as database:
        assert type(database.zodb.storage).__name__ == "DemoStorage"


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "zodb.conf"
    path.write_text(
        f"%import ZEO\n<zodb>\n<clientstorage>\nserver {tmp_path}/no.sock\nwait-timeout 1\n</clientstorage>\n</zodb>\n"
    )
    with pytest.raises(DatabaseUnavailable):
        open_database(path)


def test_closing_with_an_idle_connection() -> None:
    """A thread may keep a connection between its transactions; closing the database under it is no error."""
    database = Database.memory()
    connection = database.open()
    connection.transaction_manager.begin()
    connection.transaction_manager.abort()
    database.close()
