"""The tabs of an ingestion policy: "Try it", "Log" and "Clients"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from wendelin.core.errors import BadRequest
from wendelin.core.management.documents.head import DocumentHead
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.pages.preview import SHOWN, Row, hex_rows
from wendelin.plugins.ingestion.policies.client_settings import make_settings
from wendelin.plugins.ingestion.policies.policy import IngestionPolicy
from wendelin.plugins.ingestion.policies.policy_log import Sample
from wendelin.plugins.ingestion.policies.trial import Sink, try_chunk

LARGEST_UPLOAD = 16 << 20  # bytes of a chunk that is tried


@dataclass(frozen=True)
class ShownSink:
    """A document that a trial would add bytes to, and the first of those bytes."""

    sink: Sink
    row_list: list[Row]


def try_it(policy: IngestionPolicy, request: Request) -> dict[str, Any]:
    """The page "Try it": the last chunk, or a file, under a tag. Whatever happens, nothing of it is kept."""
    sample = policy.log().sample
    reference = request.POST.get("reference") or (sample.reference if sample else policy.getReference() or "")
    trial, sinks = None, []
    if request.method == "POST":
        request.response.headers["X-Tm"] = "abort"
        trial = try_chunk(policy, reference, _chosen(request, sample), SHOWN)
        sinks = [ShownSink(sink, hex_rows(sink.head, sink.start)) for sink in trial.sinks]
    return {
        "title": policy.getTitle(),
        "head": DocumentHead(request, policy, "Try it"),
        "action": url(request, policy, "try_it"),
        "reference": reference,
        "sample": sample,
        "trial": trial,
        "sinks": sinks,
    }


def _chosen(request: Request, sample: Sample | None) -> Body:
    """The chunk to try: the uploaded file, else the sample."""
    upload = request.POST.get("chunk")
    if hasattr(upload, "file"):
        data = upload.file.read(LARGEST_UPLOAD + 1)
        if len(data) > LARGEST_UPLOAD:
            raise BadRequest(f"a chunk to try has at most {LARGEST_UPLOAD} bytes")
        return Body(data)
    if sample is None:
        raise BadRequest("nothing was sent to this policy yet: choose a file with a chunk")
    return Body(sample.data)


def log(policy: IngestionPolicy, request: Request) -> dict[str, Any]:
    """The page "Log": the last refusals, repeats and bad tags, the newest first."""
    return {
        "title": policy.getTitle(),
        "head": DocumentHead(request, policy, "Log"),
        "entries": list(reversed(policy.log().entries)),
    }


def clients(policy: IngestionPolicy, request: Request) -> dict[str, Any]:
    """The page "Clients": what to write into the configuration of a program that sends to this policy."""
    site_url = request.host_url + url(request, request.site).rstrip("/") + "/"
    return {
        "title": policy.getTitle(),
        "head": DocumentHead(request, policy, "Clients"),
        "settings": make_settings(site_url, policy.getId(), policy.getId(), request.user.id),
    }
