"""Undo, the states of a document, differences, and the site as of a moment - on an engine that keeps history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import ZODB
from ZODB.FileStorage import FileStorage
from ZODB.MappingStorage import MappingStorage
from ZODB.POSException import ReadOnlyHistoryError

from wendelin.core.database import Database, class_factory, sign_bookkeeping, sign_transaction
from wendelin.core.errors import BadRequest, NotFound, Unauthorized
from wendelin.core.model.activities.alarms import Alarm
from wendelin.core.model.objects import history
from wendelin.core.model.objects.ids import new_uid
from wendelin.core.model.objects.site import create_site
from wendelin.core.security import SYSTEM, User, as_user


@pytest.fixture
def database(tmp_path):
    with Database(ZODB.DB(FileStorage(str(tmp_path / "Data.fs")), class_factory=class_factory)) as database:
        yield database


@pytest.fixture
def connection(database):
    with as_user(SYSTEM), database.connect() as connection:
        yield connection


@pytest.fixture
def save(connection):
    """``save("what", user)`` commits, signed, and begins anew; returns the transaction's id."""

    def commit(description="", user="zope"):
        manager = connection.transaction_manager
        sign_transaction(manager.get(), user, description)
        manager.commit()
        manager.begin()
        return connection.db().lastTransaction()

    return commit


@pytest.fixture
def site(connection, save):
    site = create_site(connection.root())
    save("create")
    return site


@pytest.fixture
def document(site, save):
    document = Alarm()
    document.uid = new_uid()
    site.portal_alarms._setObject("one", document)
    document.title = "first"
    save("add one")
    return document


def test_the_undo_log_tells_who_and_what_newest_first(site, document, save):
    document.edit(title="second")
    save("rename one", "ann")
    newest, before, *_ = history.undo_log(site)
    assert (newest.user, newest.description) == ("ann", "rename one")
    assert (before.user, before.description) == ("zope", "add one")
    assert [entry.description for entry in history.undo_log(site, 1, 2)] == ["add one"]


def test_undo_brings_the_old_state_back_and_can_be_undone(site, document, save):
    document.edit(title="second")
    tid = save("rename")
    assert history.undo(site, tid).description == "rename"
    save()
    assert document.title == "first"
    undone = history.undo_log(site)[0]
    assert undone.description == "undo: rename"
    history.undo(site, undone.tid)
    save()
    assert document.title == "second"


def test_undo_takes_back_a_new_document(site, document, save):
    other = Alarm()
    other.uid = new_uid()
    site.portal_alarms._setObject("two", other)
    tid = save("add two")
    history.undo(site, tid)
    save()
    assert "two" not in site.portal_alarms
    assert len(site.portal_alarms) == 1


def test_what_was_changed_again_since_cannot_be_undone(site, document, save):
    document.edit(title="second")
    tid = save()
    document.edit(title="third")
    save()
    with pytest.raises(BadRequest, match="cannot be undone"):
        history.undo(site, tid)
    save()
    assert document.title == "third"


def test_an_unknown_transaction_is_not_found(site, document):
    with pytest.raises(NotFound):
        history.undo(site, b"\0" * 8)


def test_undo_is_for_managers(site, document, save):
    tid = save()
    with as_user(User("ann", frozenset({"Author"}))):
        with pytest.raises(Unauthorized):
            history.undo_log(site)
        with pytest.raises(Unauthorized):
            history.undo(site, tid)


def test_a_document_s_own_history_and_what_each_state_changed(site, document, save):
    document.edit(title="second", description="d")
    save("edit", "ann")
    site.portal_types.title = "something else"
    save("elsewhere")
    states = list(history.changes(document))
    assert [revision.description for revision, _ in states] == ["edit", "add one"]
    changed = {change.name: (change.old, change.new) for change in states[0][1]}
    assert changed["title"] == ("first", "second")
    assert changed["description"] == (None, "d")
    assert not any(name.startswith("_") for name in changed)
    assert ("title", None, "first") in [(c.name, c.old, c.new) for c in states[1][1]]
    assert len(list(history.changes(document, 1))) == 1


def test_differences_to_the_present_include_what_is_not_committed(site, document, save):
    (revision,) = history.get_history(document)
    assert history.differences(document, revision.tid) == []
    document.title = "now"
    assert history.differences(document, revision.tid) == [history.Change("title", "first", "now")]


def test_a_state_that_is_not_there(site, document):
    with pytest.raises(NotFound):
        history.state_at(document, b"\0" * 7 + b"\1")


def test_the_site_as_it_was(site, document, save):
    (revision,) = history.get_history(document)
    document.edit(title="second")
    save()
    with history.as_of(document, revision.tid) as old:
        assert (old.title, old.getPath()) == ("first", "/erp5/portal_alarms/one")
        assert old is not document
    with history.as_of(document, datetime.now(UTC)) as now:
        assert now.title == "second"
    with pytest.raises(NotFound), history.as_of(document, history.undo_log(site)[-1].tid):
        pass
    with pytest.raises(NotFound), history.as_of(document, datetime.now(UTC) - timedelta(days=900)):
        pass


def test_what_is_read_from_the_past_cannot_be_written(site, document, save):
    (revision,) = history.get_history(document)
    with pytest.raises(ReadOnlyHistoryError), history.as_of(document, revision.tid) as old:
        old.title = "changed"
        old._p_jar.transaction_manager.commit()
    assert document.title == "first"


def test_an_engine_without_history_says_so():
    zodb = ZODB.DB(MappingStorage(), class_factory=class_factory)
    zodb.supportsUndo = lambda: False
    with Database(zodb) as database, as_user(SYSTEM), database.connect() as connection:
        site = create_site(connection.root())
        connection.transaction_manager.commit()
        connection.transaction_manager.begin()
        assert history.undo_log(site) == []
        with pytest.raises(BadRequest, match="keeps no history"), history.as_of(site, datetime.now(UTC)):
            pass


def test_a_document_that_is_not_stored_has_no_history():
    with pytest.raises(BadRequest, match="not stored"):
        history.get_history(Alarm())


def test_transaction_ids_in_urls():
    tid = bytes(range(8))
    assert history.parse_tid(tid.hex()) == tid
    for text in ("", "12", "zz" * 8, "00" * 9):
        with pytest.raises(BadRequest):
            history.parse_tid(text)


def test_the_platforms_own_transactions_are_not_offered(site, document, save, connection):
    for _ in range(history.BLOCK + 5):
        document.title = document.title + "x"
        sign_bookkeeping(connection.transaction_manager.get(), "counting")
        tid = save()
    assert [entry.description for entry in history.undo_log(site)] == ["add one", "create"]
    assert [entry.description for entry in history.undo_log(site, 1, 2)] == ["create"]
    with pytest.raises(NotFound):
        history.undo(site, tid)


def test_a_refusal_names_what_was_changed_again(site, document, save):
    document.edit(title="second")
    tid = save("rename")
    document.edit(title="third")
    later = save("again")
    with pytest.raises(BadRequest, match=r"portal_alarms/one was changed again.*Choose these as well"):
        history.undo(site, tid)
    for chosen in (later, tid):
        history.undo(site, chosen)
    save()
    assert document.title == "first"
