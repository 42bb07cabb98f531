"""The addresses that programs use: ``<policy>/ingest`` and ``<stream>/getData``."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.errors import BadRequest, ScriptError, WendelinError
from wendelin.core.security import ADD, require_permission
from wendelin.core.web.access.csrf import require_token
from wendelin.core.web.answers.downloads import respond
from wendelin.core.web.error_views import error_response
from wendelin.plugins.ingestion.documents.data_stream import DataStream
from wendelin.plugins.ingestion.intake.reception import Chunk, take_in
from wendelin.plugins.ingestion.intake.request_forms import (
    read_chunk,
    read_chunk_id,
    read_filename,
    read_reference,
)
from wendelin.plugins.ingestion.policies import policy_log
from wendelin.plugins.ingestion.policies.declared_scripts import describe_failure
from wendelin.plugins.ingestion.policies.limits import PolicyRateExceeded, maximum_size
from wendelin.plugins.ingestion.policies.policy import IngestionPolicy, check_reference


def ingest(policy: IngestionPolicy, request: Request) -> Response:
    """Store the chunk of a POST; 204 means that it is committed when the client reads this."""
    reference = ""
    try:
        require_permission(ADD, policy)
        require_token(request)
        if request.method != "POST":
            raise BadRequest("Only POST request is allowed.")
        reference = check_reference(read_reference(request))
        chunk_id, filename = read_chunk_id(request), read_filename(request)
        body = read_chunk(request, maximum_size(policy))
    except WendelinError as error:
        if not request.user.is_anonymous:
            policy_log.note(policy, policy_log.REFUSED, reference, str(error))
        raise
    try:
        take_in(request.site, Chunk(policy.getId(), reference, body, chunk_id, filename))
    except PolicyRateExceeded as error:
        return _later(request, error)
    except Exception as error:
        if describe_failure(error):  # which is for the policy's log: it may tell more than the sender may know
            raise ScriptError(f"a script of ingestion policy {policy.getId()!r} failed: its log says why") from error
        raise
    return Response(status=204)


def _later(request: Request, error: PolicyRateExceeded) -> Response:
    """503: nothing is wrong with the chunk. Forwarders take 429, as all of 4xx, for a reason to throw it away."""
    response = error_response(request, 503, error.kind, str(error))
    response.headers["Retry-After"] = str(error.retry_after)
    response.headers["X-Tm"] = "abort"
    return response


def get_data(stream: DataStream, request: Request) -> Response:
    """The stream as a download, whole or by Range, sent block by block."""
    return respond(
        request,
        stream.iterate,
        stream.getSize(),
        stream.getContentType(),
        filename=stream.getFilename() or stream.getReference() or stream.getId(),
        etag=stream.revision(),
    )
