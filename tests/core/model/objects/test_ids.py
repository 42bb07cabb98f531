"""Ids: small integers that concurrent writers do not fight over."""

from __future__ import annotations

import threading

from wendelin.core.model.objects.ids import per_day, random_id
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user


def test_ids_count_from_one(site, add_type, commit):
    add_type("Item", module="item_module")
    module = site["item_module"]
    assert [module.newContent().getId() for _ in range(3)] == ["1", "2", "3"]
    commit()
    assert module.newContent().getId() == "4"


def test_an_id_in_use_is_passed_over(site, add_type):
    add_type("Item", module="item_module")
    module = site["item_module"]
    module.newContent("1")
    assert module.newContent().getId() == "2"


def test_an_aborted_transaction_leaves_a_gap_not_a_repeat(site, add_type, commit, connection):
    add_type("Item", module="item_module")
    site["item_module"].newContent()
    commit()
    first = site["item_module"].newContent().getId()
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert site["item_module"].newContent().getId() != first


def test_other_generators(site, add_type):
    add_type("Item", module="item_module")
    module = site["item_module"]
    assert len(per_day(module)) == 17 and len(random_id(module)) == 16


def test_writers_in_threads_get_different_ids_and_lose_nothing(database, site, add_type, commit):
    add_type("Item", module="item_module")
    commit()
    taken: list[list[str]] = []

    def write() -> None:
        mine = []
        with as_user(SYSTEM):
            for _ in range(25):
                mine.append(database.run(lambda c: get_site(c)["item_module"].newContent().getId(), attempts=20))
        taken.append(mine)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [id for mine in taken for id in mine]
    assert len(ids) == len(set(ids)) == 100
    commit()
    assert len(site["item_module"]) == 100 and sorted(site["item_module"]) == sorted(ids)
