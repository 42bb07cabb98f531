"""Tabs that show what a document holds without being its container: a Data Set's streams, a stream's buckets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyramid.request import Request

from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.management.lists.cells import state_title
from wendelin.core.model.objects.big_file_document import format_size
from wendelin.core.model.objects.document import Document
from wendelin.core.web.requests.table_pages import page_start
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.documents.bucket_stream import DataBucketStream
from wendelin.plugins.ingestion.documents.buckets import Key
from wendelin.plugins.ingestion.documents.data_set import iterate_streams
from wendelin.plugins.ingestion.pages.preview import as_text

SHOWN_STREAMS = 500
SHOWN_BUCKETS = 50
SHOWN_BYTES = 48


@dataclass(frozen=True)
class StreamRow:
    """A data stream in the list of its set."""

    title: str
    url: str
    reference: str
    size: str
    state: str


@dataclass(frozen=True)
class BucketRow:
    """One bucket: its first bytes as text, with dots for what cannot be shown."""

    index: int
    key: str
    size: str
    text: str


def data_streams(data_set: Document, request: Request) -> dict[str, Any]:
    """The streams of a Data Set that the user may see."""
    streams = list(islice(iterate_streams(data_set), SHOWN_STREAMS + 1))
    rows = [
        StreamRow(
            stream.getTitle(),
            url(request, stream, "view"),
            stream.getReference() or "",
            stream.getFormattedSize(),
            state_title(stream, "validation_state"),
        )
        for stream in streams[:SHOWN_STREAMS]
    ]
    return {
        "title": data_set.getTitle(),
        "head": DocumentHead(request, data_set, "Data Streams"),
        "rows": rows,
        "more": len(streams) > SHOWN_STREAMS,
        "total": format_size(sum(stream.getSize() for stream in streams[:SHOWN_STREAMS])),
    }


def buckets(stream: DataBucketStream, request: Request) -> dict[str, Any]:
    """Buckets in the order of their arrival, newest first; ``?last=`` is the index that the page begins with."""
    newest = stream.getMaxIndex() if stream.getBucketIndexSequenceByIndex() else -1
    last = page_start(request, 0, newest)
    first = max(last - SHOWN_BUCKETS + 1, 0)
    entries = list(stream.getBucketIndexKeySequenceByIndex(first, last)) if newest >= 0 else []
    return {
        "title": stream.getTitle(),
        "head": DocumentHead(request, stream, "Buckets"),
        "rows": [_bucket_row(stream, index, key) for index, key in reversed(entries)],
        "count": f"{stream.getBucketCount():,}",
        "size": stream.getFormattedSize(),
        "newer": min(last + SHOWN_BUCKETS, newest) if last < newest else None,
        "older": first - 1 if first else None,
    }


def _bucket_row(stream: DataBucketStream, index: int, key: Key) -> BucketRow:
    bucket = stream.find_bucket(key)
    shown = key if isinstance(key, str) else repr(key)
    if bucket is None:
        return BucketRow(index, shown, "", "")
    return BucketRow(index, shown, format_size(bucket.size), as_text(bucket.head(SHOWN_BYTES)))
