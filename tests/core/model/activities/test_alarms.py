"""Alarms: when they are due, that one worker starts them, and what becomes of runs that fail or take long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wendelin.core.errors import BadRequest
from wendelin.core.model.activities.alarms import Alarm, run_due_alarms
from wendelin.core.model.activities.message import State
from wendelin.core.model.activities.worker import Worker
from wendelin.core.model.objects.ids import new_uid
from wendelin.core.security import User, as_user

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def alarm(site):
    site.portal_skins.layer("tests").put_file(
        "Alarm_count.py",
        b"context.edit(description=(context.getProperty('description') or '') + 'x')\nreturn context.getId()",
    )
    document = Alarm()
    document.uid = new_uid()
    document.creation_date = START
    site.portal_alarms._setObject("sample", document)
    document.edit(enabled=True, active_sense_method_id="Alarm_count", periodicity_minute_frequency=5)
    return document


def test_runs_lie_on_a_grid_from_the_start(alarm):
    alarm.periodicity_start_date = START
    assert alarm.run_after(START - MINUTE) == START
    assert alarm.run_after(START) == START + 5 * MINUTE
    assert alarm.run_after(START + 7 * MINUTE) == START + 10 * MINUTE
    alarm.periodicity_hour_frequency = 1
    assert alarm.run_after(START) == START + 65 * MINUTE


def test_the_stop_date_ends_it(alarm):
    alarm.periodicity_stop_date = START + 7 * MINUTE
    assert alarm.run_after(START) == START + 5 * MINUTE
    assert alarm.run_after(START + 5 * MINUTE) is None
    assert alarm.run_after(START + 60 * MINUTE) is None


def test_without_a_period_it_runs_once_at_its_start(alarm):
    alarm.periodicity_minute_frequency = 0
    assert alarm.run_after(START) is None
    alarm.periodicity_start_date = START + MINUTE
    assert alarm.run_after(START) == START + MINUTE
    assert alarm.run_after(START + MINUTE) is None


@pytest.mark.parametrize("change", [{"enabled": False}, {"active_sense_method_id": ""}])
def test_what_is_off_is_never_due(alarm, change):
    alarm.edit(**change)
    assert alarm.getAlarmDate() is None
    assert not alarm.is_due(START + timedelta(days=1000))


def test_what_was_missed_is_made_up_for_by_one_run(site, alarm):
    now = START + timedelta(days=3, minutes=2)
    assert run_due_alarms(site, now) == 1
    assert run_due_alarms(site, now + MINUTE) == 0
    assert alarm.getAlarmDate() == START + timedelta(days=3, minutes=5)
    assert site.portal_activities.tic() == 1
    assert alarm.description == "x"


def test_a_run_that_is_not_over_is_not_started_again(site, alarm):
    run_due_alarms(site, START + 6 * MINUTE)
    run_due_alarms(site, START + 11 * MINUTE)
    assert site.portal_activities.countMessage(path="portal_alarms/sample") == 1


def test_a_failed_run_makes_room_for_the_next(site, alarm):
    site.portal_skins["tests"].put_file("Alarm_count.py", b"return 1 / 0")
    for minutes in (6, 11, 16):
        run_due_alarms(site, START + minutes * MINUTE)
        site.portal_activities.tic()
    (message,) = site.portal_activities.getMessageList()
    assert message.state is State.FAILED and "ZeroDivisionError" in message.error


def test_it_runs_on_behalf_of_its_owner(site, alarm):
    alarm._owner = "ann"
    run_due_alarms(site, START + 6 * MINUTE)
    (message,) = site.portal_activities.getMessageList()
    assert message.user_id == "ann"
    site.portal_activities.tic()  # the account does not exist: the run fails, it does not get the platform's rights
    assert message.state is State.FAILED and "no longer there" in message.error


def test_one_that_no_user_owns_runs_as_the_platform(site, alarm):
    alarm._owner = ""
    run_due_alarms(site, START + 6 * MINUTE)
    assert site.portal_activities.getMessageList()[0].user_id == "System"


def test_one_that_makes_no_sense_does_not_stop_the_others(site, alarm, caplog):
    broken = Alarm()
    broken.uid = new_uid()
    site.portal_alarms._setObject("broken", broken)
    broken.enabled, broken.active_sense_method_id = True, "Alarm_count"
    broken.periodicity_minute_frequency = "often"
    assert run_due_alarms(site, START + 6 * MINUTE) == 1
    assert "portal_alarms/broken cannot run" in caplog.text


def test_one_that_cannot_be_started_does_not_stop_the_others(site, alarm, caplog, monkeypatch):
    broken = Alarm()
    broken.uid = new_uid()
    site.portal_alarms._setObject("a_broken_one", broken)
    broken.creation_date = START
    broken.enabled, broken.active_sense_method_id, broken.periodicity_minute_frequency = True, "Alarm_count", 5
    real = Alarm.user
    monkeypatch.setattr(Alarm, "user", lambda self: real(self) if self is not broken else 1 / 0)
    run_due_alarms(site, START + 600 * MINUTE)
    assert "a_broken_one could not be started" in caplog.text
    assert [message.path for message in site.portal_activities.getMessageList()] == [alarm.getRelativeUrl()]
    assert broken.last_run == START + 600 * MINUTE  # it is tried again when it is due again, not every second


def test_subscribe_and_active_sense_by_hand(site, alarm):
    alarm.unsubscribe()
    assert not alarm.isSubscribed()
    alarm.subscribe()
    assert alarm.isSubscribed()
    alarm.activeSense()
    assert site.portal_activities.tic() == 1
    assert alarm.sense() == "sample"
    alarm.active_sense_method_id = ""
    with pytest.raises(BadRequest, match="active_sense_method_id"):
        alarm.activeSense()


def test_a_worker_starts_and_runs_what_is_due(site, alarm, database, commit):
    commit()
    worker = Worker(database)
    with database.connect() as connection:
        while worker.step(connection):
            pass
    commit()
    assert alarm.description == "x"


def test_two_workers_that_notice_at_once_start_it_once(site, alarm, database, commit):
    commit()
    now = START + 6 * MINUTE
    with database.connect() as one, database.connect() as two:
        for connection in (one, two):
            assert run_due_alarms(connection.root()["erp5"], now) == 1
        Worker._try(one, lambda: 1)
        Worker._try(two, lambda: 1)
    commit()
    assert site.portal_activities.countMessage(path="portal_alarms/sample") == 1


def test_only_managers_reach_alarms(site, alarm):
    from wendelin.core.security import check_attribute

    with as_user(User("ann", frozenset({"Author"}))):
        assert not check_attribute(alarm, "activeSense")
    with as_user(User("boss", frozenset({"Manager"}))):
        assert check_attribute(alarm, "activeSense")
