"""Data Sets: data streams that belong together, for a campaign, an experiment or a publication."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from wendelin.core.security import VIEW, check_permission

LINES = ("Data Ingestion Line",)


def iterate_streams(data_set: Any) -> Iterator[Any]:
    """The streams of a set that the user may view: those that it names as items, and those that take the data of an
    ingestion line which names the set; none twice."""
    seen: set[str] = set()
    for stream in _candidates(data_set):
        url = stream.getRelativeUrl()
        if url not in seen and check_permission(VIEW, stream):
            seen.add(url)
            yield stream


def _candidates(data_set: Any) -> Iterator[Any]:
    yield from data_set.getAggregateValueList(portal_type="Data Stream")
    lines = data_set.getPortalObject().portal_catalog.unrestrictedSearchResults(
        portal_type=list(LINES), aggregate_relative_url=data_set.getRelativeUrl()
    )
    for brain in lines:
        yield from brain.getObject().getAggregateValueList(portal_type="Data Stream")


def get_data_stream_list(data_set: Any, limit: int | None = None) -> list[Any]:
    """``DataSet_getDataStreamList(limit)``: the streams of a Data Set, at most ``limit`` of them."""
    return list(islice(iterate_streams(data_set), None if limit is None else int(limit)))


def get_data_stream_count(data_set: Any) -> int:
    """``DataSet_getDataStreamCount()``."""
    return sum(1 for _ in iterate_streams(data_set))
