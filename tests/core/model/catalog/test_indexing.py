"""The catalog keeps in step with documents: events, the queue, aborts, savepoints, moves, states."""

from __future__ import annotations

import pytest
from ZODB.POSException import ConflictError, POSKeyError

from wendelin.core.errors import DatabaseUnavailable
from wendelin.core.model.catalog import index_queue, indexing
from wendelin.core.model.catalog.tool import CatalogTool
from wendelin.core.security import User, as_user


def test_found_in_the_same_transaction_and_after_commit(samples, ids, commit, database):
    samples.newContent(reference="new")
    assert ids(reference="new") == ["1"]
    commit()
    assert ids(reference="new") == ["1"]
    samples["1"].edit(reference="newer")
    assert ids(reference="new") == [] and ids(reference="newer") == ["1"]


def test_committed_without_a_query(samples, commit, database, ids):
    samples.newContent(reference="quiet")
    commit()
    with database.connect() as other:
        found = other.root()["erp5"].portal_catalog.unrestrictedSearchResults(reference="quiet")
        assert [brain.id for brain in found] == ["1"]


def test_many_changes_are_indexed_once(samples, ids, monkeypatch, commit):
    commit()
    seen = []
    real = indexing.document_values
    monkeypatch.setattr(
        "wendelin.core.model.catalog.tool.document_values",
        lambda document, *a: seen.append(document) or real(document, *a),
    )
    document = samples.newContent(reference="a")
    for reference in "bcd":
        document.edit(reference=reference)
    assert seen == [] and ids(reference="d") == ["1"] and seen == [document]


def test_abort_forgets(samples, ids, connection, commit):
    commit()
    samples.newContent(reference="gone")
    assert ids(reference="gone") == ["1"]
    samples.newContent(reference="gone too")
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert ids(reference="gone%") == []
    samples.newContent(reference="kept")
    assert ids(reference="%") and ids(reference="kept") != []


def test_savepoints(samples, ids, connection, commit):
    commit()
    manager = connection.transaction_manager
    samples.newContent(id="a", reference="before")
    savepoint = manager.savepoint()
    samples.newContent(id="b", reference="after")
    assert ids(reference=["before", "after"]) == ["a", "b"]
    savepoint.rollback()
    assert ids(reference=["before", "after"]) == ["a"]
    samples["a"].edit(reference="later")
    commit()
    assert ids(reference="later") == ["a"] and ids(reference="before") == []


def test_savepoint_before_the_first_change(samples, ids, connection, commit):
    commit()
    savepoint = connection.transaction_manager.savepoint()
    samples.newContent(reference="x")
    savepoint.rollback()
    assert ids(reference="x") == []
    samples.newContent(reference="y")
    commit()
    assert len(ids(reference="y")) == 1


def test_delete_rename_move_and_copy(samples, site, ids, catalog):
    outer = samples.newContent(id="outer", reference="o")
    inner = outer.newContent(id="inner", portal_type="Sample", reference="i")
    uid = inner.getUid()
    samples.manage_renameObject("outer", "renamed")
    assert [b.relative_url for b in catalog(uid=uid)] == ["sample_module/renamed/inner"]
    assert [b.relative_url for b in catalog(relative_url="sample_module/%")] == [
        "sample_module/renamed",
        "sample_module/renamed/inner",
    ]
    assert catalog.getResultValue(uid=uid) is inner
    samples.copyContent(["renamed"])
    assert len(ids(reference="i")) == 2 and len({b.uid for b in catalog(reference="i")}) == 2
    samples.manage_delObjects(["renamed"])
    assert len(ids(reference="i")) == 1 and catalog.getResultValue(uid=uid) is None


def test_temporary_documents_are_not_indexed(samples, ids):
    document = samples.newContent(temp_object=True, reference="temp")
    document.edit(reference="temp2")
    assert ids(reference="temp%") == []


def test_categories_and_related_columns(samples, site, ids, catalog):
    first = samples.newContent(id="first", title="First", reference="f", use_list=["wind/fast"])
    second = samples.newContent(id="second", source_value_list=[first], use_list=["sun", "wind"])
    third = samples.newContent(id="third", source_value_list=[second, first])
    child = first.newContent(id="child", portal_type="Sample")
    wind = site["portal_categories"]["use"]["wind"]
    assert ids(source_uid=first.getUid()) == ["second", "third"] == ids(source_relative_url="sample_module/first")
    assert ids(source_title="First") == ["second", "third"] == ids(source_reference="f", source_portal_type="Sample")
    assert ids(default_source_uid=first.getUid()) == ["second"]
    assert ids(use_uid=wind.getUid()) == ["first", "second"] == ids(use_relative_url="wind")
    assert ids(strict_use_uid=wind.getUid()) == ["second"] and ids(use_title="Fast Wind") == ["first"]
    assert ids(categories="use/wind") == ["second"] and ids(categories="%/WIND%") == ["first", "second"]
    assert ids(category_uid=wind.getUid()) == ["first", "second"]
    assert ids(strict_category_uid=wind.getUid()) == ["second"]
    assert ids(category_uid=first.getUid()) == ["second", "third"]
    assert ids(source_related_relative_url="sample_module/third") == ["first", "second"]
    assert ids(source_related_uid=second.getUid()) == ["first"]
    assert ids(use_related_uid=second.getUid()) == ["sun", "wind"]
    assert ids(parent_title="First") == ["child"] == ids(parent_reference="f")
    assert ids(parent_portal_type="Sample Module") == ["first", "second", "third"]
    assert ids(portal_type="Sample", source_uid=None) == ["child", "first"]
    (brain,) = catalog(uid=third.getUid())
    assert brain.source_title == second.getTitle() and brain.use_uid is None
    second.setSource(None)
    assert ids(source_uid=first.getUid()) == ["third"]
    assert child.getParentValue() is first


def test_many_related_targets_are_tested_one_by_one(samples, ids, monkeypatch):
    monkeypatch.setattr("wendelin.core.model.catalog.search.related.TARGET_LIMIT", 0)
    first = samples.newContent(id="first", title="First")
    samples.newContent(id="second", source_value_list=[first], title="Second")
    assert ids(source_title="First") == ["second"] and ids(source_related_title="Second") == ["first"]
    assert ids(parent_portal_type="Sample Module") == ["first", "second"]


def test_documents_may_be_changed_while_results_are_read(samples, catalog, monkeypatch):
    monkeypatch.setattr("wendelin.core.model.catalog.search.results.FIRST_PART", 5)
    for number in range(12):
        samples.newContent(title="x", int_index=number)
    seen = []
    for brain in catalog(title="x", parent_uid=samples.getUid(), sort_on="int_index"):
        seen.append(brain.int_index)
        brain.getObject().edit(title="y")
        assert catalog.countResults(title="x", parent_uid=samples.getUid())[0][0] == 11 - brain.int_index
    assert seen == list(range(12))


def test_a_result_kept_over_a_change_counts_anew(samples, catalog):
    found = catalog(parent_uid=samples.getUid(), reference="r")
    assert len(found) == 0 and not found
    samples.newContent(reference="r")
    assert len(found) == 1 and found[0].reference == "r"


def test_disabled_and_reindex(samples, ids, catalog):
    with index_queue.disabled():
        samples.newContent(reference="bulk")
    assert ids(reference="bulk") == []
    assert catalog.reindex("sample_module") >= 2
    assert ids(reference="bulk") == ["1"]
    count = len(catalog.unrestrictedSearchResults())
    assert catalog.reindex() >= count and ids(reference="bulk") == ["1"]


def test_a_number_drawn_twice_is_replaced(samples, ids, catalog):
    first = samples.newContent(reference="first")
    catalog.flush()
    second = samples.newContent(reference="second")
    second.uid = first.uid
    assert ids(reference=["first", "second"]) == ["1", "2"] and first.uid != second.uid


def test_a_value_that_does_not_fit_is_left_out(samples, ids):
    document = samples.newContent(reference="odd")
    document.int_index = "not a number"
    document.reindexObject()
    assert ids(reference="odd") == ["1"] and ids(int_index=">=0", reference="odd") == []


def test_a_failing_document_stays_pending(samples, catalog, monkeypatch):
    samples.newContent(reference="fails")
    monkeypatch.setattr(CatalogTool, "_index", lambda self, *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        catalog(reference="fails")
    monkeypatch.undo()
    assert len(catalog(reference="fails")) == 1


def sealed(monkeypatch, samples, name, error):
    """Let the method ``name`` of all documents of the samples' class fail for those with the title "sealed"."""
    kind = type(samples.newContent())
    real = getattr(kind, name)

    def fail(self, *args, **kw):
        if self.title == "sealed":
            raise error
        return real(self, *args, **kw)

    monkeypatch.setattr(kind, name, fail)


@pytest.mark.parametrize("error", [IndexError("index 7 is out of bounds"), RecursionError(), POSKeyError(b"\0" * 8)])
def test_one_document_that_cannot_answer_stops_no_other(samples, catalog, ids, commit, monkeypatch, error):
    """Its container's reindex, that of the site, and its own edit go on; what cannot be read is named."""
    sealed(monkeypatch, samples, "getOwner", error)
    one = samples.newContent(id="one", title="sealed")
    samples.newContent(id="two", title="open")
    one.edit(reference="changed")
    commit()
    assert ids(reference="changed") == ["one"] and ids(title="open") == ["two"]
    assert catalog.reindex() > 2 and catalog.reindex("sample_module") == 4
    assert ids(parent_uid=samples.getUid(), title=["sealed", "open"]) == ["one", "two"]
    (brain,) = catalog(catalog_problem="%")
    assert brain.id == "one" and brain.catalog_problem.startswith(f"owner: {type(error).__name__}")
    one.edit(title="unsealed")
    assert list(catalog(catalog_problem="%")) == []


def test_a_document_that_cannot_say_who_may_see_it_is_for_managers(samples, ids, catalog, monkeypatch):
    real = indexing.allowed_principals

    def principals(permission, document):
        if document.title == "sealed":
            raise LookupError("no such workflow")
        return real(permission, document)

    monkeypatch.setattr(indexing, "allowed_principals", principals)
    samples.manage_setLocalRoles("anna", ["Auditor"])
    samples.newContent(id="one", title="sealed"), samples.newContent(id="two", title="open")
    with as_user(User("anna", frozenset({"Member", "Auditor"}))):
        assert "one" not in ids(title="%")
    with as_user(User("boss", frozenset({"Manager"}))):
        assert ids(title=["sealed", "open"]) == ["one", "two"]


@pytest.mark.parametrize("error", [ConflictError(), DatabaseUnavailable("away"), MemoryError()])
def test_what_every_document_would_meet_is_not_the_documents_fault(samples, commit, monkeypatch, error):
    sealed(monkeypatch, samples, "getOwner", error)
    samples.newContent(title="sealed")
    with pytest.raises(type(error)):
        commit()


def test_a_record_that_is_lost_is_left_out_and_named_in_the_log(samples, site, catalog, ids, commit, database, caplog):
    lost, kept = samples.newContent(id="lost"), samples.newContent(id="kept")
    commit()
    oid = lost._p_oid
    with database.connect() as other:
        real = other._storage.load
        other._storage.load = lambda key, *a: (_ for _ in ()).throw(POSKeyError(key)) if key == oid else real(key, *a)
        other.root()["erp5"].portal_catalog.reindex()
        found = other.root()["erp5"].portal_catalog(parent_uid=samples.getUid())
        assert [brain.id for brain in found] == [kept.getId()]
        other.transaction_manager.abort()
    assert repr(oid) in caplog.text
