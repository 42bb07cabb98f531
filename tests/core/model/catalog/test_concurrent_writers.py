"""Connections that create documents at the same time: nothing is lost, and few have to try again."""

from __future__ import annotations

import threading

from transaction.interfaces import TransientError

from wendelin.core.model.catalog.storage.indexes import TokenIndex
from wendelin.core.security import SYSTEM, as_user


def test_writers_at_the_same_time(samples, commit, database):
    commit()
    tries = []

    def create(connection, place, number):
        tries.append(1)
        connection.root()["erp5"]["sample_module"].newContent(
            title=f"Document {number}", reference=f"W{place}-{number}"
        )

    def write(place):
        with as_user(SYSTEM):
            for number in range(25):
                database.run(lambda connection, n=number: create(connection, place, n), attempts=20)

    writers = [threading.Thread(target=write, args=(place,)) for place in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with as_user(SYSTEM), database.connect() as connection:
        site = connection.root()["erp5"]
        module, catalog = site["sample_module"], site.portal_catalog
        kw = {"parent_uid": module.getUid()}
        found = [brain.reference for brain in catalog(sort_on="reference", **kw)]
        assert sorted(found) == sorted(f"W{place}-{number}" for place in range(3) for number in range(25))
        assert catalog.countResults(**kw)[0][0] == 75 == len(module)
        assert len(catalog(SearchableText="document", **kw)) == 75
        assert catalog.countResults(SearchableText="w1", **kw)[0][0] == 25
        assert len(catalog(portal_type="Sample")) == 75 == catalog.countResults(portal_type="Sample", **kw)[0][0]


def test_a_conflict_indexes_the_retry_only(samples, commit, database):
    document = samples.newContent(reference="first")
    url = document.getRelativeUrl()
    commit()
    rounds = []

    def change(connection):
        rounds.append(1)
        here = connection.root()["erp5"].unrestrictedTraverse(url)
        here.edit(reference=f"round {len(rounds)}")
        if len(rounds) == 1:
            with database.transaction() as other:
                other.root()["erp5"].unrestrictedTraverse(url).edit(reference="meanwhile")

    with as_user(SYSTEM):
        database.run(change)
        assert len(rounds) == 2
        with database.connect() as connection:
            catalog = connection.root()["erp5"].portal_catalog
            assert [b.reference for b in catalog(uid=document.getUid())] == ["round 2"]
            assert not catalog(reference=["first", "meanwhile", "round 1"])


def test_none_is_lost_while_the_set_of_a_value_becomes_a_tree(samples, commit, database):
    """The 64th document with a value makes a tree of the value's set, while somebody adds to the set that was."""
    for number in range(TokenIndex.tree_threshold - 2):
        samples.newContent(title=str(number))
    commit()
    added = []

    def add(connection, meanwhile=None):
        added.append(connection.root()["erp5"]["sample_module"].newContent())
        connection.root()["erp5"].portal_catalog.flush()
        if meanwhile and len(added) == 1:
            meanwhile()

    def two_more():
        for _ in range(2):
            database.run(add)

    with as_user(SYSTEM):
        database.run(lambda connection: add(connection, two_more))
        with database.connect() as connection:
            site = connection.root()["erp5"]
            module = site["sample_module"]
            assert len(module) == TokenIndex.tree_threshold + 1
            for query in ({"parent_uid": module.getUid()}, {"portal_type": "Sample"}):
                assert site.portal_catalog.countResults(**query)[0][0] == len(module)
                assert len(list(site.portal_catalog(**query))) == len(module)
    assert len(added) == 4  # the first one had to try again


def test_the_error_of_a_conflict_may_be_retried():
    from ZODB.POSException import ConflictError

    assert issubclass(ConflictError, TransientError)
