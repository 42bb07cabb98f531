"""Data Bucket Streams: pieces of data under keys, in the order of the keys and in the order of their arrival.

Every bucket has a key that its sender chose and a running index. Buckets are not documents: a stream may have millions.
Processes that insert different keys do not conflict, except now and then where a part of the key tree is divided; then
the transaction is run again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from BTrees.OOBTree import OOBTree

from wendelin.core.errors import NotFound
from wendelin.core.model.objects.big_file_document import format_size
from wendelin.core.model.objects.document import Document
from wendelin.core.security import ACCESS, MODIFY, private, protected
from wendelin.plugins.ingestion.documents.bucket_index import BucketIndex
from wendelin.plugins.ingestion.documents.bucket_sequences import BucketSequence, sequence_by_index, sequence_by_key
from wendelin.plugins.ingestion.documents.buckets import Bucket, Key, as_bytes, check_key, comparable

Found = TypeVar("Found")
logger = logging.getLogger(__name__)


class DataBucketStream(Document):
    """Keys are plain values that can be compared with each other; values are bytes.

    The limits ``start_...`` and ``stop_...`` of sequences are part of them unless excluded; None is no limit.
    """

    _bucket_tree: OOBTree | None = None
    _bucket_index: BucketIndex | None = None

    def _initialise(self) -> None:
        super()._initialise()
        self._bucket_tree, self._bucket_index = OOBTree(), BucketIndex()

    @protected(MODIFY)
    def initBucketTree(self) -> None:
        """Drop all buckets, and with them the index."""
        self._bucket_tree, self._bucket_index = OOBTree(), BucketIndex()

    @protected(MODIFY)
    def initIndexTree(self) -> None:
        """Drop the running index; `rebuildIndexTreeByKeyOrder` makes a new one of the buckets that are there."""
        old, self._bucket_index = self._index().newest, BucketIndex()
        self._bucket_index.note(old.count, old.size)

    # -- writing

    @protected(MODIFY)
    def insertBucket(self, key: Key, value: object) -> None:
        """Keep bytes under a key; a key that is there already keeps its index and gets the new value."""
        check_key(key)
        bucket = Bucket(as_bytes(value))
        with comparable(key):
            known = self._tree().get(key)
            self._tree()[key] = bucket
        if known is None:
            self._index().append(key)  # first: it looks whether this transaction has changed the index before
        else:
            logger.warning("%s: Reingestion of same key %r", self.getPath(), key)
        self._index().note(known is None, bucket.size - (0 if known is None else known.size))

    @protected(MODIFY)
    def delBucketByKey(self, key: Key) -> None:
        """Delete a bucket; its index is looked for from the oldest on."""
        self._delete(key)
        try:
            self._index().remove(self._index().find(key))
        except KeyError:
            logger.info("%s: the key %r had no index", self.getPath(), key)

    @protected(MODIFY)
    def delBucketByIndex(self, index: int) -> None:
        """Delete the bucket with that running index."""
        key = self.getKeyByIndex(index)
        self._index().remove(index)
        if key in self._tree():
            self._delete(key)

    @protected(MODIFY)
    def rebuildIndexTreeByKeyOrder(self) -> None:
        """Number the buckets anew from 0, in the order of their keys."""
        self._index().rebuild(self._tree().keys())

    # -- one bucket

    @protected(ACCESS)
    def getBucketByKey(self, key: Key | None = None) -> bytes:
        """The bytes under a key; raises `NotFound`."""
        return self._required(key).value()

    @protected(ACCESS)
    def getBucketByIndex(self, index: int = 0) -> bytes:
        """The bytes of the bucket with that running index; raises `NotFound`."""
        return self._required(self.getKeyByIndex(index)).value()

    @protected(ACCESS)
    def getKeyByIndex(self, index: int) -> Any:
        """The key of the bucket with that running index; raises `NotFound`."""
        try:
            return self._index().get_required(index)
        except KeyError as error:
            raise NotFound(f"{self.getPath()} has no bucket with index {index!r}") from error

    @protected(ACCESS)
    def hasBucketKey(self, key: Key) -> bool:
        """Whether something is kept under that key."""
        with comparable(key):
            return key in self._tree()

    @protected(ACCESS)
    def hasBucketIndex(self, index: int) -> bool:
        """Whether there is a bucket with that running index."""
        return self._index().get(index, self) is not self

    @protected(ACCESS)
    def getMd5sum(self, key: Key) -> str:
        """The MD5 of a bucket in hexadecimal; large ones are read in pieces."""
        return self._required(key).md5()

    # -- how many, first and last

    @protected(ACCESS)
    def getBucketCount(self) -> int:
        """How many buckets there are."""
        return int(self._index().newest.count)

    @protected(ACCESS)
    def getSize(self) -> int:
        """Bytes of all buckets."""
        return int(self._index().newest.size)

    @protected(ACCESS)
    def getFormattedSize(self) -> str:
        """The size for people: ``1.8 MB``."""
        return format_size(self.getSize())

    @protected(ACCESS)
    def getMaxKey(self, key: Key | None = None) -> Any:
        """The last key, not behind ``key``; raises `NotFound`."""
        return self._edge(lambda: self._tree().maxKey() if key is None else self._tree().maxKey(key))

    @protected(ACCESS)
    def getMinKey(self, key: Key | None = None) -> Any:
        """The first key, not before ``key``; raises `NotFound`."""
        return self._edge(lambda: self._tree().minKey() if key is None else self._tree().minKey(key))

    @protected(ACCESS)
    def getMaxIndex(self, index: int | None = None) -> int:
        """The last index, not above ``index``; raises `NotFound`."""
        return self._edge(lambda: self._index().highest(index))

    @protected(ACCESS)
    def getMinIndex(self, index: int | None = None) -> int:
        """The first index, not below ``index``; raises `NotFound`."""
        return self._edge(lambda: self._index().lowest(index))

    # -- sequences in the order of keys: (start_key, stop_key, count, exclude_start_key, exclude_stop_key)

    getBucketKeySequenceByKey = sequence_by_key(lambda stream, index, key: key, "Keys.")
    getBucketValueSequenceByKey = sequence_by_key(lambda stream, index, key: stream.getBucketByKey(key), "Values.")
    getBucketKeyItemSequenceByKey = sequence_by_key(
        lambda stream, index, key: (key, stream.getBucketByKey(key)), "``(key, value)``."
    )

    @protected(ACCESS)
    def getBucketItemSequence(
        self, start_key: Key | None = None, count: int | None = None, exclude_start_key: bool = False
    ) -> BucketSequence[tuple[Key, bytes]]:
        """The old name of `getBucketKeyItemSequenceByKey`."""
        logger.warning("getBucketItemSequence is deprecated: use getBucketKeyItemSequenceByKey")
        return self.getBucketKeyItemSequenceByKey(start_key, None, count, exclude_start_key)

    # -- sequences in the order of the running index:
    # (start_index, stop_index, count, exclude_start_index, exclude_stop_index)

    getBucketKeySequenceByIndex = sequence_by_index(lambda stream, index, key: key, "Keys.")
    getBucketIndexSequenceByIndex = sequence_by_index(lambda stream, index, key: index, "Indexes.")
    getBucketIndexKeySequenceByIndex = sequence_by_index(lambda stream, index, key: (index, key), "``(index, key)``.")
    getBucketValueSequenceByIndex = sequence_by_index(lambda stream, index, key: stream.getBucketByKey(key), "Values.")
    getBucketIndexItemSequenceByIndex = sequence_by_index(
        lambda stream, index, key: (index, stream.getBucketByKey(key)), "``(index, value)``."
    )
    getBucketIndexKeyItemSequenceByIndex = sequence_by_index(
        lambda stream, index, key: (index, key, stream.getBucketByKey(key)), "``(index, key, value)``."
    )

    # -- lists: they load what they give

    @protected(ACCESS)
    def getItemList(self) -> list[tuple[Any, bytes]]:
        """``(key, value)`` of all buckets: **loads the whole stream**."""
        return list(self.getBucketKeyItemSequenceByKey())

    @protected(ACCESS)
    def getKeyList(self) -> list[Any]:
        """All keys, in their order."""
        return list(self._tree().keys())

    @protected(ACCESS)
    def getIndexList(self) -> list[int]:
        """All indexes, in their order."""
        return [index for index, _ in self._index().items()]

    @protected(ACCESS)
    def getIndexKeyTupleList(self) -> list[tuple[int, Any]]:
        """``(index, key)`` of all buckets, in the order of the index."""
        return list(self._index().items())

    # -- inside

    def _tree(self) -> OOBTree:
        if self._bucket_tree is None:
            self._bucket_tree = OOBTree()
        return self._bucket_tree

    def _index(self) -> BucketIndex:
        if self._bucket_index is None:
            self._bucket_index = BucketIndex()
        return self._bucket_index

    @private
    def find_bucket(self, key: Key | None) -> Bucket | None:
        """What is kept under a key, without reading it; None for a key that is not there."""
        with comparable(key):
            found: Bucket | None = self._tree().get(key)
        return found

    def _delete(self, key: Key) -> None:
        bucket = self._required(key)
        del self._tree()[key]
        self._index().note(-1, -bucket.size)

    def _required(self, key: Key | None) -> Bucket:
        bucket = self.find_bucket(key)
        if bucket is None:
            raise NotFound(f"{self.getPath()} has no bucket with key {key!r}")
        return bucket

    def _edge(self, find: Callable[[], Found]) -> Found:
        try:
            return find()
        except ValueError as error:
            raise NotFound(f"{self.getPath()} has no such bucket") from error
