"""Trying a policy's scripts on a chunk: what would be stored, without storing it; and the policy's log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wendelin.core.errors import BadRequest
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.pages.preview import SHOWN, Row, hex_rows
from wendelin.plugins.ingestion.policies.policy import IngestionPolicy, check_reference
from wendelin.plugins.ingestion.policies.policy_log import Sample
from wendelin.plugins.ingestion.routing.operations import run_operation

LARGEST_UPLOAD = 16 << 20


@dataclass
class Sink:
    """A document that the operation was given, and the bytes that it appended there."""

    name: str
    portal_type: str
    title: str
    added: int = 0
    row_list: list[Row] = field(default_factory=list)


@dataclass
class Trial:
    """What happened; ``error`` says what stopped it."""

    reference: str
    size: int
    script_id: str = ""
    sinks: list[Sink] = field(default_factory=list)
    error: str = ""


def try_chunk(policy: IngestionPolicy, reference: str, body: Body) -> Trial:
    """Run the parser and the operation as `IngestionPolicy.ingest` does. The caller aborts the transaction."""
    trial = Trial(reference, body.size)
    try:
        write, parameters = policy.plan(check_reference(reference))()
        trial.script_id = str(getattr(getattr(write, "func", write), "__name__", "") or "")
        items = [(name, portal_type, item) for name, found in parameters.items() for portal_type, item in found.items()]
        before = [_size_of(item) for _, _, item in items]
        run_operation(write, body, parameters)
        for (name, portal_type, item), size in zip(items, before, strict=True):
            trial.sinks.append(_describe(name, portal_type, item, size))
    except Exception as error:  # whatever a script raises: that is what the person wants to see
        trial.error = f"{type(error).__name__}: {error}"
    return trial


def _size_of(item: Any) -> int:
    return int(item.getSize()) if hasattr(item, "iterate") and hasattr(item, "getSize") else 0


def _describe(name: str, portal_type: str, item: Any, before: int) -> Sink:
    added = _size_of(item) - before
    sink = Sink(name, portal_type, item.getTitle(), added)
    if added > 0:
        data = b"".join(map(bytes, item.iterate(before, before + min(added, SHOWN))))
        sink.row_list = hex_rows(data, before)
    return sink


def trial_page(policy: IngestionPolicy, request: Any) -> dict[str, Any]:
    """The page "Try it": the last chunk, or a file, under a tag. Whatever happens, nothing of it is kept."""
    sample = policy.log().sample
    reference = request.POST.get("reference") or (sample.reference if sample else policy.getReference() or "")
    trial = None
    if request.method == "POST":
        request.response.headers["X-Tm"] = "abort"
        trial = try_chunk(policy, reference, _chosen(request, sample))
    return {
        "title": policy.getTitle(),
        "head": DocumentHead(request, policy, "Try it"),
        "action": url(request, policy, "try_it"),
        "reference": reference,
        "sample": sample,
        "trial": trial,
    }


def _chosen(request: Any, sample: Sample | None) -> Body:
    upload = request.POST.get("chunk")
    if hasattr(upload, "file"):
        data = upload.file.read(LARGEST_UPLOAD + 1)
        if len(data) > LARGEST_UPLOAD:
            raise BadRequest(f"a chunk to try has at most {LARGEST_UPLOAD} bytes")
        return Body(data)
    if sample is None:
        raise BadRequest("nothing was sent to this policy yet: choose a file with a chunk")
    return Body(sample.data)


def log_page(policy: IngestionPolicy, request: Any) -> dict[str, Any]:
    """The page "Log": the last refusals, repeats and bad tags, the newest first."""
    return {
        "title": policy.getTitle(),
        "head": DocumentHead(request, policy, "Log"),
        "entries": list(reversed(policy.log().entries)),
    }
