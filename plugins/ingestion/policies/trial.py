"""Trying a policy's scripts on a chunk: what would be stored, without storing it."""

from __future__ import annotations

from dataclasses import dataclass, field

from wendelin.core.model.objects.document import Document
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.policies.policy import IngestionPolicy, check_reference
from wendelin.plugins.ingestion.routing.operations import run_operation


@dataclass
class Sink:
    """A document that the operation was given: how many bytes it appended, and the first of them, from ``start`` on."""

    name: str
    portal_type: str
    title: str
    added: int = 0
    start: int = 0
    head: bytes = b""


@dataclass
class Trial:
    """What happened; ``error`` says what stopped it."""

    reference: str
    size: int
    script_id: str = ""
    sinks: list[Sink] = field(default_factory=list)
    error: str = ""


def try_chunk(policy: IngestionPolicy, reference: str, body: Body, shown: int) -> Trial:
    """Run the parser and the operation as `IngestionPolicy.ingest` does. The caller aborts the transaction.

    Of what each sink got, the first ``shown`` bytes are told.
    """
    trial = Trial(reference, body.size)
    try:
        write, parameters = policy.plan(check_reference(reference))()
        trial.script_id = str(getattr(write, "__name__", "") or "")
        items = [
            (name, portal_type, item)
            for name, found in parameters.items()
            if isinstance(found, dict)  # the name of a bucket is text
            for portal_type, item in found.items()
        ]
        before = [_size_of(item) for _, _, item in items]
        run_operation(write, body, parameters, reference)
        for (name, portal_type, item), size in zip(items, before, strict=True):
            trial.sinks.append(_describe(name, portal_type, item, size, shown))
    except Exception as error:  # whatever a script raises: that is what the person wants to see
        trial.error = f"{type(error).__name__}: {error}"
    return trial


def _size_of(item: Document) -> int:
    return int(item.getSize()) if hasattr(item, "iterate") and hasattr(item, "getSize") else 0


def _describe(name: str, portal_type: str, item: Document, before: int, shown: int) -> Sink:
    added = _size_of(item) - before
    sink = Sink(name, portal_type, item.getTitle(), added, before)
    if added > 0:
        sink.head = b"".join(map(bytes, item.iterate(before, before + min(added, shown))))
    return sink
