"""Worker processes on one real database server: exactly once, whatever is killed; and what one worker does in steps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ZODB.POSException import ConflictError

from tests.core.database.test_engines import ZeoServer
from wendelin.core.database import open_database
from wendelin.core.model.activities import leases
from wendelin.core.model.activities import worker as worker_module
from wendelin.core.model.activities.alarms import Alarm
from wendelin.core.model.activities.message import Claim, State
from wendelin.core.model.activities.worker import Worker
from wendelin.core.model.objects.ids import new_uid
from wendelin.core.model.objects.site import create_site, get_site
from wendelin.core.security import SYSTEM, as_user

APPEND = b"""# wendelin: parameters="text, turns=0"
n = 0
for i in range(turns):
    n += i
context.edit(description=(context.getProperty('description') or '') + text)
"""


def wait_until(condition, seconds=100.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


# -- one worker, step by step, in this process


@pytest.fixture
def skins(site, commit):
    layer = site.portal_skins.layer("tests")
    layer.put_file("Base_append.py", APPEND)
    layer.put_file("Base_fail.py", b"context.edit(description='lost')\nreturn 1 / 0")
    site.description = ""
    commit()
    return layer


@pytest.fixture
def one(database):
    return Worker(database)


def run_steps(worker, database, limit=20):
    """Steps until one finds nothing; returns how many found something."""
    with database.connect() as connection:
        for count in range(limit):
            if not worker.step(connection):
                return count
    return limit


def test_a_step_runs_what_is_due_and_commits_each(site, skins, one, database, commit):
    for text in "abc":
        site.activate().Base_append(text)
    commit()
    assert run_steps(one, database) == 1
    commit()
    assert (site.description, site.portal_activities.countMessage()) == ("abc", 0)


def test_a_second_look_without_changes_costs_no_scan(site, skins, one, database, commit, monkeypatch):
    commit()
    assert run_steps(one, database) == 0
    monkeypatch.setattr(worker_module, "select", None)  # a scan would fail
    assert run_steps(one, database) == 0
    monkeypatch.undo()
    site.activate().Base_append("a")
    commit()
    assert run_steps(one, database) == 1


def test_a_message_in_the_future_wakes_the_worker_by_itself(site, skins, one, database, commit):
    site.activate(at_date=datetime.now(UTC) + timedelta(seconds=1)).Base_append("a")
    commit()
    assert run_steps(one, database) == 0
    wait_until(lambda: run_steps(one, database) == 1, 20)


def test_a_failing_message_is_kept_and_others_go_on(site, skins, one, database, commit):
    site.activate().Base_fail()
    site.activate().Base_append("a")
    commit()
    run_steps(one, database)
    commit()
    (failed,) = site.portal_activities.getMessageList()
    assert (site.description, failed.state, failed.retry) == ("a", State.PENDING, 1)
    assert "ZeroDivisionError" in failed.error and failed.at_date > datetime.now(UTC)
    assert failed.claim is None


def test_later_messages_of_a_serialization_tag_do_not_overtake_one_that_failed(site, skins, one, database, commit):
    site.activate(serialization_tag="s").Base_fail()
    site.activate(serialization_tag="s").Base_append("b")
    site.activate().Base_append("a")
    commit()
    with database.connect() as connection:
        one.step(connection)
    commit()
    assert site.description == "a"


def test_what_another_worker_has_claimed_is_left_alone_until_the_claim_ends(site, skins, one, database, commit):
    site.activate().Base_append("a")
    (message,) = site.portal_activities.getMessageList()
    message.claim = Claim("other", datetime.now(UTC) + timedelta(seconds=2))
    commit()
    assert run_steps(one, database) == 0
    wait_until(lambda: run_steps(one, database) == 1, 20)
    commit()
    assert site.description == "a"


def test_two_workers_that_claim_at_once_do_not_both_run(site, skins, database, commit):
    site.activate().Base_append("a")
    commit()
    first, second = Worker(database), Worker(database)
    with database.connect() as one, database.connect() as two:
        claims = [first._claim(one)[0], second._claim(two)[0]]
    assert [claim is not None for claim in claims] == [True, False]


def test_two_workers_that_claim_one_serialization_tag_at_once_conflict(site, skins, database, commit, monkeypatch):
    for _ in range(2):
        site.activate(serialization_tag="s").Base_append("a")
    commit()
    first, second = Worker(database), Worker(database)
    # The second looks at the queue from its other end: it claims another message of the same tag.
    picks = iter([slice(0, 1), slice(1, 2)])
    monkeypatch.setattr(worker_module, "select", lambda messages, now, limit: messages[next(picks)])
    with database.connect() as one, database.connect() as two:
        claims = [first._claim(one)[0], second._claim(two)[0]]
    assert [claim is not None for claim in claims] == [True, False]


def test_a_message_that_was_taken_over_is_not_run_twice(site, skins, one, database, commit):
    site.activate().Base_append("a")
    commit()
    with database.connect() as connection:
        claim, batch = one._claim(connection)
        with database.transaction() as other:
            (message,) = get_site(other).portal_activities.getMessageList()
            message.claim = Claim("other", datetime.now(UTC) + timedelta(seconds=60))
        assert one._run_one(connection, claim, batch[0])
    commit()
    assert site.description == ""


def test_conflicts_are_retried_until_the_message_is_done(site, skins, one, database, commit, monkeypatch):
    site.activate().Base_append("a")
    commit()
    tries = []
    run_message = worker_module.run_message

    def conflict(site, message):
        tries.append(1)
        if len(tries) < 8:
            raise ConflictError
        run_message(site, message)

    monkeypatch.setattr(worker_module, "run_message", conflict)
    monkeypatch.setattr(worker_module, "CONFLICTS", replace(worker_module.CONFLICTS, longest_pause=0.0))
    run_steps(one, database)
    commit()
    assert (site.description, len(tries)) == ("a", 8)
    assert site.portal_activities.countMessage() == 0


def test_told_to_stop_it_finishes_the_message_and_gives_back_the_rest(site, skins, one, database, commit, monkeypatch):
    for text in "abc":
        site.activate().Base_append(text)
    commit()
    run_message = worker_module.run_message

    def run_and_stop(site, message):
        one.stop.set()
        run_message(site, message)

    monkeypatch.setattr(worker_module, "run_message", run_and_stop)
    with database.connect() as connection:
        one.step(connection)
    commit()
    left = site.portal_activities.getMessageList()
    assert (site.description, len(left)) == ("a", 2)
    assert not any(message.is_claimed(datetime.now(UTC)) for message in left)


def test_a_long_batch_renews_its_claim(site, skins, one, database, commit, monkeypatch):
    monkeypatch.setattr(leases, "LEASE", 1.0)
    site.activate().Base_append("a")
    commit()
    one.keeper.start()
    run_message = worker_module.run_message
    ends = []

    def run_slowly(site, message):
        for _ in range(4):
            time.sleep(0.6)
            with database.connect() as other:
                (seen,) = get_site(other).portal_activities.getMessageList()
                ends.append(seen.claim.until)
        run_message(site, message)

    monkeypatch.setattr(worker_module, "run_message", run_slowly)
    run_steps(one, database)
    one.stop.set()
    commit()
    assert site.description == "a"
    assert ends[-1] > ends[0]


def test_the_transaction_s_record_says_who_did_what(site, skins, one, database, commit):
    site.acl_users.add_user("ann", "a-long-password", ["Manager"])
    with as_user(site.acl_users.get_user("ann")):
        site.activate().Base_append("a")
    commit()
    run_steps(one, database)
    with database.connect() as connection:
        entry = database.history(get_site(connection)._p_oid, 1)[0]
    assert (entry.user, entry.description) == ("ann", "activity: /.Base_append")


# -- processes


@pytest.fixture
def zeo(tmp_path):
    server = ZeoServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def workers():
    """``workers(config_path)`` starts a worker process; all are killed at the end."""
    started = []

    def start(config_path: Path) -> subprocess.Popen:
        code = "import sys; from wendelin.core.model.activities.worker import run; run(sys.argv[1])"
        started.append(subprocess.Popen([sys.executable, "-c", code, str(config_path)]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@contextmanager
def site_at(database):
    with as_user(SYSTEM), database.connect() as connection:
        yield get_site(connection)


def prepare(database):
    """A bare site with a script that leaves a trace on the document it is called on."""
    with as_user(SYSTEM), database.transaction() as connection:
        site = create_site(connection.root())
        site.portal_skins.layer("tests").put_file("Base_append.py", APPEND)


def add_document(connection, id):
    tool = get_site(connection).portal_alarms
    document = Alarm()
    document.uid = new_uid()
    tool._setObject(id, document)
    return document


def enqueue(database, count, **kw):
    """``count`` documents, and one message for each that appends "x" to its description."""
    with as_user(SYSTEM), database.transaction() as connection:
        for number in range(count):
            add_document(connection, f"d{number}").activate(**kw).Base_append("x", turns=20_000)


def left(database):
    with site_at(database) as site:
        return site.portal_activities.countMessage()


@pytest.mark.slow
def test_exactly_once_with_two_workers_one_of_which_is_killed(zeo, workers):
    with open_database(zeo.config_path) as database:
        prepare(database)
        enqueue(database, 200)
        first, second = workers(zeo.config_path), workers(zeo.config_path)
        wait_until(lambda: left(database) < 150)
        first.send_signal(signal.SIGKILL)
        first.wait()
        workers(zeo.config_path)
        wait_until(lambda: left(database) == 0)
        with site_at(database) as site:
            found = [document.description for document in site.portal_alarms.objectValues()]
        assert found == ["x"] * 200
        assert second.poll() is None


@pytest.mark.slow
def test_a_serialization_tag_keeps_order_across_workers(zeo, workers):
    with open_database(zeo.config_path) as database:
        prepare(database)
        with as_user(SYSTEM), database.transaction() as connection:
            document = add_document(connection, "one")
            for number in range(30):
                document.activate(serialization_tag="s").Base_append(f"{number} ", turns=5_000)
        for _ in range(2):
            workers(zeo.config_path)
        wait_until(lambda: left(database) == 0)
        with site_at(database) as site:
            assert site.portal_alarms["one"].description.split() == [str(number) for number in range(30)]


@pytest.mark.slow
def test_sigterm_finishes_the_message_in_hand(zeo, workers):
    with open_database(zeo.config_path) as database:
        prepare(database)
        with as_user(SYSTEM), database.transaction() as connection:
            document = add_document(connection, "one")
            document.activate().Base_append("done", turns=3_000_000)
        process = workers(zeo.config_path)
        wait_until(lambda: claimed(database))
        time.sleep(0.5)  # for the message to be begun: there is nothing to see from outside
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        with site_at(database) as site:
            assert site.portal_alarms["one"].description == "done"


def claimed(database):
    with site_at(database) as site:
        return any(message.claim for message in site.portal_activities.messages())


@pytest.mark.slow
def test_a_worker_outlives_its_database_server(zeo, workers):
    with open_database(zeo.config_path) as database:
        prepare(database)
        enqueue(database, 60)
        process = workers(zeo.config_path)
        wait_until(lambda: left(database) < 50)
    zeo.kill()
    time.sleep(1)
    zeo.start()
    with open_database(zeo.config_path) as database:
        wait_until(lambda: left(database) == 0)
        with site_at(database) as site:
            assert [document.description for document in site.portal_alarms.objectValues()] == ["x"] * 60
    assert process.poll() is None


@pytest.mark.slow
def test_an_idle_worker_sleeps_and_wakes_for_a_new_message(zeo, workers):
    with open_database(zeo.config_path) as database:
        prepare(database)
        process = workers(zeo.config_path)
        enqueue(database, 1)
        wait_until(lambda: left(database) == 0)
        before = cpu_seconds(process.pid)
        time.sleep(4)
        assert cpu_seconds(process.pid) - before < 2.0
        with as_user(SYSTEM), database.transaction() as connection:
            get_site(connection).portal_alarms["d0"].activate().Base_append("y")
        wait_until(lambda: left(database) == 0)


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_stop_before_the_database_is_there(tmp_path):
    server = ZeoServer(tmp_path, wait=1)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    assert worker_module.open_when_there(str(server.config_path), stop) is None
