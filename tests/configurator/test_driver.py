"""Installing a configuration: every step once, whatever fails or dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import Connection
from ZODB.POSException import StorageTransactionError

import wendelin.configurator
from wendelin.configurator import driver, without_browser
from wendelin.configurator.running_installation import Installation, read_status
from wendelin.core.business_templates.installation import install
from wendelin.core.business_templates.offered_configurations import WENDELIN
from wendelin.core.database import OUTAGE, Database
from wendelin.core.errors import BadRequest, BusinessTemplateError
from wendelin.core.model.objects.site import get_site


def installed_titles(database: Database) -> set[str]:
    with database.connect() as connection:
        return set(get_site(connection).portal_templates.installed_manifests())


def test_run_configures_the_site(database: Database) -> None:
    told: list[tuple[str, int, int]] = []
    wendelin.configurator.run(database, progress=lambda *step: told.append(step))
    assert "erp5_wendelin" in installed_titles(database)
    with database.connect() as connection:
        site = get_site(connection)
        assert site.configured
        assert site.getTitle() == "Wendelin"
        assert "data_stream_module" in site
        assert read_status(site.portal_configurator.installation).percent == 100
    assert told[0][:2] == ("erp5_wendelin", 0)
    assert told[-1] == ("Done", told[-1][2], told[-1][2])


def test_run_again_changes_nothing(database: Database) -> None:
    wendelin.configurator.run(database)
    with database.connect() as connection:
        get_site(connection)
    wendelin.configurator.run(database)
    with database.connect() as connection:
        assert get_site(connection).portal_configurator.installation.template_titles == ()


def test_run_brings_the_configurator_itself(database: Database) -> None:
    def remove(connection: Any) -> None:
        from wendelin.core.business_templates import uninstall

        uninstall(get_site(connection), "erp5_wendelin_configurator")

    database.run(remove)
    wendelin.configurator.run(database)
    assert {"erp5_wendelin", "erp5_wendelin_configurator"} <= installed_titles(database)


def test_configuring_again_leaves_the_title_alone(database: Database) -> None:
    wendelin.configurator.run(database)
    with database.transaction() as connection:
        get_site(connection).title = "Plant 7"
    wendelin.configurator.run(database)
    with database.connect() as connection:
        assert get_site(connection).getTitle() == "Plant 7"


def test_one_transaction_for_each_step(database: Database) -> None:
    with database.transaction() as connection:
        titles = without_browser.begin(connection, WENDELIN, {}).template_titles
    steps: list[int] = []

    def look(status: Any) -> None:
        steps.append(status.step)
        done = len(titles) if status.state == "finished" else status.step - 1
        assert set(titles) & installed_titles(database) == set(titles[:done])

    assert driver.drive(database, look).state == "finished"
    count = len(titles) + 1
    assert steps == [*range(1, count + 1), count]


def test_a_failure_is_kept_and_can_be_tried_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(site: Any, title: str, progress: Any = None) -> None:
        install(site, title, progress)
        raise BusinessTemplateError("the disk of this test is full")

    monkeypatch.setattr("wendelin.configurator.running_installation.install", fail)
    with pytest.raises(BusinessTemplateError, match="the disk of this test is full"):
        wendelin.configurator.run(database)
    assert "erp5_wendelin" not in installed_titles(database)
    with database.connect() as connection:
        status = read_status(get_site(connection).portal_configurator.installation)
        assert (status.state, status.step) == ("failed", 1)
        assert "the disk of this test is full" in status.error
    monkeypatch.undo()
    wendelin.configurator.run(database)
    assert "erp5_wendelin" in installed_titles(database)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception | None]]:
    """What the next commits meet; None is nothing."""
    errors: list[Exception | None] = []
    vote = Connection.tpc_vote

    def fail(self: Connection, transaction: Any) -> object:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        return vote(self, transaction)

    monkeypatch.setattr(Connection, "tpc_vote", fail)
    monkeypatch.setattr(without_browser, "OUTAGE", replace(OUTAGE, first_pause=0.001, longest_pause=0.001))
    yield errors
    assert not errors


AWAY = ClientDisconnected("killed")


@pytest.mark.parametrize("errors", [[AWAY], [None, AWAY, AWAY], [None, None, AWAY, None, AWAY]])
def test_a_database_that_goes_away_is_waited_for(
    database: Database, failing: list[Exception | None], errors: list[Exception | None]
) -> None:
    failing += errors
    wendelin.configurator.run(database)
    assert "erp5_wendelin" in installed_titles(database)


def test_what_passes_is_no_failure_of_a_step(database: Database, failing: list[Exception | None]) -> None:
    with database.transaction() as connection:
        without_browser.begin(connection, WENDELIN, {})
    failing.append(StorageTransactionError("the server was killed"))
    with pytest.raises(StorageTransactionError):
        driver.drive(database)
    assert driver.drive(database).state == "finished"


def test_an_unknown_option_is_refused_before_anything_is_kept(database: Database) -> None:
    with pytest.raises(BadRequest):
        wendelin.configurator.run(database, {"nonsense": True})
    with database.connect() as connection:
        assert get_site(connection).portal_configurator.installation is None


def test_starting_twice_goes_on_with_the_first(database: Database) -> None:
    with database.transaction() as connection:
        first = without_browser.begin(connection, WENDELIN, {})
        assert without_browser.begin(connection, WENDELIN, {}) is first


def test_progress_within_a_step_is_seen_from_outside(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "SECONDS_BETWEEN_NOTES", 0.0)
    seen: list[int] = []
    original = driver._Step._note

    def note_and_look(self: Any, done: int, total: int, text: str) -> None:
        if done % 10 == 1:
            original(self, done, total, text)
            with database.connect() as connection:
                status = read_status(driver.get_installation(connection))
                seen.append(status.percent)
                assert status.detail == text

    monkeypatch.setattr(driver._Step, "_note", note_and_look)
    wendelin.configurator.run(database)
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] < 100


def test_status_of_an_installation() -> None:
    installation = Installation(WENDELIN, {}, ["a", "b", "c"])
    status = read_status(installation)
    assert (status.state, status.percent, status.title, status.steps) == ("running", 0, "a", 4)
    installation.step = 3
    assert read_status(installation).percent == 75
    installation.fail("no")
    assert read_status(installation).error == "no"
    installation.retry()
    assert installation.is_running


KILLED = """
import sys, time, pathlib
from wendelin.core.database import open_database
import wendelin.configurator
from wendelin.core.business_templates import installation
database = open_database(sys.argv[1])
install_one = installation._install_one
def wait_in_the_middle(site, template, progress, done, total):
    result = install_one(site, template, progress, done, total)
    pathlib.Path(sys.argv[2]).touch()
    time.sleep(60)
    return result
installation._install_one = wait_in_the_middle
wendelin.configurator.run(database)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_a_site_that_another_one_finishes(tmp_path: Path) -> None:
    from tests.conftest import make_storage
    from wendelin.core.database import open_database

    make_storage(tmp_path, "erp5_wendelin_configurator").close()
    config = tmp_path / "zodb.conf"
    config.write_text(
        f"<zodb main>\n<filestorage>\npath {tmp_path}/Data.fs\nblob-dir {tmp_path}/blobs\n</filestorage>\n</zodb>\n"
    )
    marker = tmp_path / "middle"
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(config), str(marker)])
    deadline = time.monotonic() + 60
    while not marker.exists() and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.05)
    assert marker.exists()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with open_database(str(config)) as database:
        assert "erp5_wendelin" not in installed_titles(database)
        with database.connect() as connection:
            assert get_site(connection).portal_configurator.installation.is_running
        wendelin.configurator.run(database)
        assert "erp5_wendelin" in installed_titles(database)
