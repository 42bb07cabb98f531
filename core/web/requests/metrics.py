"""What this process has done, in numbers: counters and histograms that ``/metrics`` shows (docs/extend/web.md).

    describe("ingestion_repeats_total", "Chunks that were sent again and not stored a second time")
    count("ingestion_repeats_total", policy="pydata")
    count_committed(connection.transaction_manager.get(), "ingestion_bytes_total", 2048, policy="pydata")

Names get the prefix ``wendelin_``. A counter is made by its first use; later uses must have the same labels. Values of
labels must come from a small set that no client can make larger (ids of policies, kinds of errors; never a tag, a user
name or an address that was sent): each makes a time series that is kept for ever.

Each process counts for itself. Where the environment names a folder as ``PROMETHEUS_MULTIPROC_DIR``, all processes
that were started with it share their numbers there, and any of them answers with the sums.
"""

from __future__ import annotations

import functools
import os
import threading
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from transaction.interfaces import ITransaction

PREFIX = "wendelin_"
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Metric = TypeVar("Metric", bound=MetricWrapperBase)

_registry = CollectorRegistry()
_metrics: dict[str, MetricWrapperBase] = {}
_texts: dict[str, str] = {}
_lock = threading.Lock()


def describe(name: str, text: str) -> None:
    """What a number means, shown beside it; said before its first use."""
    _texts[name] = text


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter, at once. Raises `ValueError` for labels other than those of its first use."""
    _child(_metric(Counter, name, labels), labels).inc(amount)


def count_committed(transaction: ITransaction, name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter when that transaction has committed; nothing when it is aborted, or tried again."""
    transaction.addAfterCommitHook(_when_committed, (name, amount, labels))


def _when_committed(success: bool, name: str, amount: float, labels: dict[str, str]) -> None:
    if success:
        count(name, amount, **labels)


def observe(name: str, seconds: float, **labels: str) -> None:
    """Add a duration to a histogram."""
    _child(_metric(Histogram, name, labels, buckets=SECONDS), labels).observe(seconds)


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """An answered request; for what answers without the platform's views too (entrances of plugins)."""
    count("http_requests_total", route=route, method=method, status=str(status))
    observe("http_request_seconds", seconds, route=route)


def total(name: str, **labels: str) -> float:
    """The present value of a counter of this process; 0 for one that was never used."""
    return _registry.get_sample_value(PREFIX + name, labels) or 0.0


def exposed_registry() -> CollectorRegistry:
    """What to show: the numbers of this process, or the sums of all that share a folder; plus this process's memory."""
    registry = CollectorRegistry()
    folder = os.environ.get(SHARED_FOLDER)
    if folder:
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # the library gives it no types
    else:
        registry.register(_Shared())
    ProcessCollector(registry=registry)
    return registry


class _Shared(Collector):
    """The numbers of this process, as part of another registry."""

    def collect(self) -> Any:
        return _registry.collect()


def _metric(kind: type[Metric], name: str, labels: dict[str, str], **options: Any) -> Metric:
    found = _metrics.get(name)
    if found is None:
        with _lock:
            found = _metrics.get(name)
            if found is None:
                text = _texts.get(name, name.replace("_", " "))
                found = kind(PREFIX + name, text, tuple(sorted(labels)), registry=_registry, **options)
                _metrics[name] = found
    if not isinstance(found, kind):
        raise ValueError(f"{name} is a {type(found).__name__}, not a {kind.__name__}")
    return found


def _child(metric: Metric, labels: dict[str, str]) -> Metric:
    child: Metric = _series(metric, tuple(sorted(labels.items())))
    return child


@functools.cache  # the client library keeps its series for ever too, but takes its time to find one
def _series(metric: Metric, labels: tuple[tuple[str, str], ...]) -> Metric:
    return metric.labels(**dict(labels)) if labels else metric
