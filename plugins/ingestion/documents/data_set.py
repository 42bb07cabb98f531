"""Data Sets: data streams that belong together, for a campaign, an experiment or a publication."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from wendelin.core.model.objects.document import Document
from wendelin.core.security import VIEW, check_permission, trusted_method
from wendelin.plugins.ingestion.documents.data_stream import DataStream

LINES = ("Data Ingestion Line",)


def iterate_streams(data_set: Document) -> Iterator[DataStream]:
    """The streams of a set that the user may view: those that it names as items, and those that take the data of an
    ingestion line which names the set; none twice."""
    seen: set[str] = set()
    for stream in _candidates(data_set):
        url = stream.getRelativeUrl()
        if url not in seen and check_permission(VIEW, stream):
            seen.add(url)
            yield stream


def _candidates(data_set: Document) -> Iterator[DataStream]:
    yield from data_set.getAggregateValueList(portal_type="Data Stream")
    lines = data_set.getPortalObject().portal_catalog.unrestrictedSearchResults(
        portal_type=list(LINES), aggregate_relative_url=data_set.getRelativeUrl()
    )
    for brain in lines:
        yield from brain.getObject().getAggregateValueList(portal_type="Data Stream")


@trusted_method
def get_data_stream_list(data_set: Document, limit: int | Sequence[int] | None = None) -> list[DataStream]:
    """``DataSet_getDataStreamList(limit)``: the streams of a Data Set, at most ``limit`` of them.

    A pair ``(start, count)`` leaves out the first ones, as in the catalog; 0 and an empty list are no limit.
    """
    numbers = [limit] if isinstance(limit, int | str) else list(limit or ())
    start, count = (0, *numbers)[-2:] if any(numbers) else (0, None)
    return list(islice(iterate_streams(data_set), int(start), None if count is None else int(start) + int(count)))


@trusted_method
def get_data_stream_count(data_set: Document) -> int:
    """``DataSet_getDataStreamCount()``: how many streams of a Data Set the user may view."""
    return sum(1 for _ in iterate_streams(data_set))
