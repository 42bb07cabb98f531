"""Data Bucket Streams: keys, the running index, sequences, and writers that meet."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from ZODB.POSException import ConflictError

from wendelin.core.database import Database
from wendelin.core.errors import BadRequest, NotFound, Unauthorized
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import ANONYMOUS, SYSTEM, as_user
from wendelin.plugins.ingestion.documents.bucket_index import SEAL_SIZE
from wendelin.plugins.ingestion.documents.buckets import LARGE


@pytest.fixture
def stream(site: Any) -> Any:
    return site.data_stream_module.newContent("buckets", portal_type="Data Bucket Stream", title="Buckets")


@pytest.fixture
def filled(stream: Any, commit: Any) -> Any:
    """Keys arrive in another order than their own: e, a, d, b, c."""
    for key in "eadbc":
        stream.insertBucket(key, key.upper().encode())
    commit()
    return stream


def test_an_empty_stream(stream: Any) -> None:
    assert (stream.getBucketCount(), stream.getSize()) == (0, 0)
    assert stream.getKeyList() == stream.getItemList() == stream.getIndexList() == stream.getIndexKeyTupleList() == []
    assert list(stream.getBucketIndexKeyItemSequenceByIndex()) == []
    assert not stream.hasBucketKey("a") and not stream.hasBucketIndex(0)
    for ask in (stream.getMaxKey, stream.getMinKey, stream.getMaxIndex, stream.getMinIndex, stream.getBucketByKey):
        with pytest.raises(NotFound):
            ask()


def test_one_bucket(filled: Any) -> None:
    assert filled.getBucketByKey("d") == filled.getBucketByIndex(2) == b"D"
    assert filled.getKeyByIndex(0) == "e"
    assert filled.hasBucketKey("a") and not filled.hasBucketKey("x")
    assert filled.hasBucketIndex(4) and not filled.hasBucketIndex(5)
    assert filled.getMd5sum("d") == hashlib.md5(b"D").hexdigest()
    with pytest.raises(NotFound):
        filled.getBucketByKey("x")
    with pytest.raises(NotFound):
        filled.getBucketByIndex(5)


def test_edges(filled: Any) -> None:
    assert (filled.getMinKey(), filled.getMaxKey()) == ("a", "e")
    assert (filled.getMinKey("bb"), filled.getMaxKey("bb")) == ("c", "b")
    assert (filled.getMinIndex(), filled.getMaxIndex()) == (0, 4)
    assert (filled.getMinIndex(3), filled.getMaxIndex(3), filled.getMaxIndex(99)) == (3, 3, 4)


def test_buckets_are_not_children(filled: Any) -> None:
    assert not hasattr(type(filled), "objectValues")
    assert filled.get_child("a") is None


BY_KEY = {
    "getBucketKeySequenceByKey": lambda index, key, value: key,
    "getBucketValueSequenceByKey": lambda index, key, value: value,
    "getBucketKeyItemSequenceByKey": lambda index, key, value: (key, value),
}
BY_INDEX = {
    "getBucketKeySequenceByIndex": lambda index, key, value: key,
    "getBucketIndexSequenceByIndex": lambda index, key, value: index,
    "getBucketIndexKeySequenceByIndex": lambda index, key, value: (index, key),
    "getBucketValueSequenceByIndex": lambda index, key, value: value,
    "getBucketIndexItemSequenceByIndex": lambda index, key, value: (index, value),
    "getBucketIndexKeyItemSequenceByIndex": lambda index, key, value: (index, key, value),
}
ENTRIES = [(index, key, key.upper().encode()) for index, key in enumerate("eadbc")]


def expected(kind: str, start: Any, stop: Any, count: Any, without_start: bool, without_stop: bool) -> list[Any]:
    """The rule, written down without any tree."""
    at = 1 if kind == "key" else 0
    found = []
    for entry in sorted(ENTRIES, key=lambda entry: entry[at]):
        value = entry[at]
        after = start is None or value > start or (value == start and not without_start)
        before = stop is None or value < stop or (value == stop and not without_stop)
        if after and before:
            found.append(entry)
    return found[:count]


@pytest.mark.parametrize("count", [None, 0, 2, 99])
@pytest.mark.parametrize("exclude", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("limits", [(None, None), (1, 3), (1, None), (None, 3), (2, 2), (3, 1), (-5, 99)])
def test_sequences_follow_the_limits(filled: Any, limits: Any, exclude: Any, count: Any) -> None:
    names = {None: None, -5: "0", 99: "z", 1: "b", 2: "c", 3: "d"}
    for kind, methods in (("key", BY_KEY), ("index", BY_INDEX)):
        start, stop = (names[limit] for limit in limits) if kind == "key" else limits
        entries = expected(kind, start, stop, count, *exclude)
        for name, show in methods.items():
            keywords = {f"start_{kind}": start, f"stop_{kind}": stop, "count": count}
            keywords |= {f"exclude_start_{kind}": exclude[0], f"exclude_stop_{kind}": exclude[1]}
            sequence = getattr(filled, name)(**keywords)
            wanted = [show(*entry) for entry in entries]
            assert list(sequence) == wanted, name
            assert len(sequence) == len(wanted)
            assert bool(sequence) == bool(wanted)


def test_items_and_slices_of_a_sequence(filled: Any) -> None:
    keys = filled.getBucketKeySequenceByKey()
    assert (keys[0], keys[4], keys[-1], keys[-5]) == ("a", "e", "e", "a")
    for at in (slice(1, 3), slice(None, None, 2), slice(None, None, -1), slice(3, 0, -2), slice(9, 2), slice(-2, None)):
        assert list(keys[at]) == list("abcde")[at], at
    assert list(keys[1:][1:3]) == ["c", "d"]
    for at in (5, -6):
        with pytest.raises(IndexError):
            keys[at]


def test_sequences_are_lazy(filled: Any, connection: Any) -> None:
    connection.cacheMinimize()
    before = connection.getTransferCounts(clear=True)
    values = iter(filled.getBucketValueSequenceByIndex())
    assert next(values) == b"E"
    first = connection.getTransferCounts()[0]
    assert list(values) == [b"A", b"D", b"B", b"C"]
    assert connection.getTransferCounts()[0] - first >= 4, before


def test_the_old_name_still_works(filled: Any) -> None:
    assert list(filled.getBucketItemSequence("c", 1, True)) == [("d", b"D")]
    assert filled.getItemList() == [(key, key.upper().encode()) for key in "abcde"]
    assert filled.getIndexKeyTupleList() == list(enumerate("eadbc"))


def test_inserting_again_overwrites_and_is_logged(filled: Any, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        filled.insertBucket("d", b"new value")
    assert "Reingestion of same key 'd'" in caplog.text
    assert filled.getBucketByKey("d") == filled.getBucketByIndex(2) == b"new value"
    assert (filled.getBucketCount(), filled.getSize()) == (5, 4 + len(b"new value"))


def test_deleting(filled: Any, commit: Any) -> None:
    filled.delBucketByKey("a")
    filled.delBucketByIndex(3)
    commit()
    assert filled.getKeyList() == ["c", "d", "e"]
    assert filled.getIndexKeyTupleList() == [(0, "e"), (2, "d"), (4, "c")]
    assert (filled.getBucketCount(), filled.getSize()) == (3, 3)
    filled.delBucketByIndex(4)
    filled.insertBucket("z", b"Z")
    assert filled.getMaxIndex() == 5, "an index is never used again"
    for forget in (lambda: filled.delBucketByKey("a"), lambda: filled.delBucketByIndex(3)):
        with pytest.raises(NotFound):
            forget()


def test_rebuilding_the_index(filled: Any, commit: Any) -> None:
    filled.delBucketByKey("c")
    filled.initIndexTree()
    assert (filled.getIndexList(), filled.getBucketCount(), filled.getSize()) == ([], 4, 4)
    filled.rebuildIndexTreeByKeyOrder()
    commit()
    filled.insertBucket("A", b"")
    assert filled.getIndexKeyTupleList() == [*enumerate("abde"), (4, "A")]
    filled.initBucketTree()
    assert (filled.getKeyList(), filled.getIndexList(), filled.getBucketCount(), filled.getSize()) == ([], [], 0, 0)


def test_many_buckets_move_to_the_tree(stream: Any, commit: Any) -> None:
    count = 5 * SEAL_SIZE + 3
    for number in range(count):
        stream.insertBucket(number, b"%d" % number)
        commit()
    assert len(stream._bucket_index.tree) >= 3 * SEAL_SIZE
    assert len(stream._bucket_index.newest.keys) <= 2 * SEAL_SIZE
    assert stream.getIndexKeyTupleList() == [(number, number) for number in range(count)]
    middle = stream._bucket_index.newest.start
    part = stream.getBucketIndexSequenceByIndex(start_index=middle - 2, stop_index=middle + 1, exclude_stop_index=True)
    assert list(part) == [middle - 2, middle - 1, middle]
    stream.delBucketByIndex(middle - 1)
    stream.delBucketByIndex(middle)
    commit()
    assert (stream.getMaxIndex(middle), stream.getMinIndex(middle - 1)) == (middle - 2, middle + 1)


def test_large_values(stream: Any, commit: Any) -> None:
    value = bytes(range(256)) * (LARGE // 128)
    stream.insertBucket("large", memoryview(value))
    stream.insertBucket("small", bytearray(b"abc"))
    commit()
    assert stream._bucket_tree["large"].file is not None
    assert stream.getBucketByKey("large") == value
    assert stream.getMd5sum("large") == hashlib.md5(value).hexdigest()
    assert stream.getSize() == len(value) + 3


@pytest.mark.parametrize("key", [7, 2.5, "text", b"bytes", datetime(2026, 1, 1, tzinfo=UTC), ("a", 1)])
def test_keys_may_be_plain_values(stream: Any, commit: Any, key: Any) -> None:
    stream.insertBucket(key, b"x")
    commit()
    assert stream.getKeyList() == [key]


def test_wrong_keys_and_values_are_refused(stream: Any) -> None:
    stream.insertBucket("a", b"x")
    for key in (None, [], {}, float("nan"), object(), ("a", []), 1, stream):
        with pytest.raises(BadRequest):
            stream.insertBucket(key, b"x")
    for value in (None, 5, ["text"]):
        with pytest.raises(BadRequest):
            stream.insertBucket("b", value)
    with pytest.raises(BadRequest):
        list(stream.getBucketKeySequenceByKey(start_key=5))
    assert stream.getKeyList() == ["a"]
    assert stream.getBucketCount() == 1


def test_permissions(filled: Any) -> None:
    from wendelin.core.model.scripting.restricted.access import guarded_getattr

    with as_user(ANONYMOUS):
        for name in ("getBucketByKey", "getBucketKeySequenceByIndex", "insertBucket", "getItemList"):
            with pytest.raises(Unauthorized):
                guarded_getattr(filled, name)


def test_scripts_iterate_over_sequences(filled: Any, site: Any) -> None:
    site.portal_skins.layer("custom").put_file(
        "DataBucketStream_read.py",
        b"sequence = context.getBucketIndexKeyItemSequenceByIndex(start_index=1, count=3)\n"
        b"found = [(index, key, value) for index, key, value in sequence]\n"
        b"return found, len(sequence), sequence[0], [key for key in context.getBucketKeySequenceByKey()[::2]]\n",
    )
    found, length, first, keys = filled.DataBucketStream_read()
    assert found == [(1, "a", b"A"), (2, "d", b"D"), (3, "b", b"B")]
    assert (length, first, keys) == (3, (1, "a", b"A"), ["a", "c", "e"])


# -- several writers


def insert(connection: Any, *keys: Any) -> None:
    with as_user(SYSTEM):
        for key in keys:
            get_site(connection).data_stream_module["buckets"].insertBucket(key, str(key).encode())


def test_concurrent_inserts_of_different_keys_merge(filled: Any, commit: Any, database: Database) -> None:
    with as_user(SYSTEM), database.connect() as first, database.connect() as second:
        insert(first, "f", "g")
        insert(second, "h")
        first.transaction_manager.commit()
        second.transaction_manager.commit()
    commit()
    assert filled.getIndexKeyTupleList() == list(enumerate("eadbcfgh"))
    assert (filled.getBucketCount(), filled.getSize()) == (8, 8)


def test_an_insert_merges_with_the_moving_of_keys_to_the_tree(stream: Any, commit: Any, database: Database) -> None:
    count = 2 * SEAL_SIZE - 1
    commit()
    for number in range(count):
        stream.insertBucket(f"{number:03d}", b"")
    commit()
    with as_user(SYSTEM), database.connect() as mover, database.connect() as other:
        insert(mover, "900")  # the record is full: this moves what is in it
        newest = get_site(other).data_stream_module["buckets"]._bucket_index.newest
        newest.add("901")
        mover.transaction_manager.commit()
        other.transaction_manager.commit()
    commit()
    assert stream.getIndexKeyTupleList()[-2:] == [(count, "900"), (count + 1, "901")]
    assert len(stream._bucket_index.tree) == count


def test_the_same_key_twice_conflicts(filled: Any, database: Database) -> None:
    with as_user(SYSTEM), database.connect() as first, database.connect() as second:
        insert(first, "f")
        insert(second, "f")
        first.transaction_manager.commit()
        with pytest.raises(ConflictError):
            second.transaction_manager.commit()
        second.transaction_manager.abort()
