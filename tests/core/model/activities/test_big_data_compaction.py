"""The alarm that joins the small pieces of big data."""

from __future__ import annotations

import pytest

from wendelin.core.bigdata import BigArray, BigFile
from wendelin.core.model.activities import big_data_compaction


@pytest.fixture
def module(site, add_type):
    add_type("Sink", module="sink_module", type_group_list=["data_sink"])
    return site["sink_module"]


def fill(file, commit, rounds=6):
    for number in range(rounds):
        file.append(bytes([number]) * (1 << 20))
        commit()


def test_fragmented_documents_are_compacted(site, module, commit, monkeypatch):
    monkeypatch.setattr(big_data_compaction, "MOST_FRAGMENTS", 3)
    document, other = module.newContent(), module.newContent()
    document.content, other.content = BigFile(), BigFile()
    fill(document.content, commit)
    other.content.append(b"x")
    commit()
    before = document.content.read(0, document.content.size)
    assert document.content.fragments > 3
    site["portal_alarms"]["compact_big_data"].sense()
    commit()
    assert site["portal_activities"].countMessageWithTag(big_data_compaction.TAG) == 1
    site["portal_activities"].tic()
    commit()
    assert document.content.fragments <= 3
    assert document.content.read(0, document.content.size) == before


def test_one_that_cannot_be_looked_at_stops_no_other(site, module, monkeypatch, caplog):
    monkeypatch.setattr(big_data_compaction, "MOST_FRAGMENTS", 0)
    broken, other = module.newContent(id="broken"), module.newContent(id="other")
    broken.content, other.content = BigFile(), BigFile()
    other.content.append(b"x")
    real = big_data_compaction.big_files
    monkeypatch.setattr(big_data_compaction, "big_files", lambda d: real(d) if d is not broken else 1 / 0)
    assert big_data_compaction.compact_fragmented(site["portal_alarms"]["compact_big_data"]) == 1
    assert "sink_module/broken cannot be looked at" in caplog.text


def test_arrays_count_too(site, module):
    document = module.newContent()
    document.array, document.note = BigArray((3,), "f8"), "text"
    assert list(big_data_compaction.big_files(document)) == [document.array.file]


def test_alarm_is_on_and_harmless_on_an_empty_site(site):
    alarm = site["portal_alarms"]["compact_big_data"]
    assert alarm.isSubscribed() and alarm.getAlarmDate() is not None
    assert alarm.sense() == 0
