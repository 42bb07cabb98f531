"""Which scripts a policy may call: skin methods that were made for the job, which their names say.

Who makes a policy or a data operation writes the names of its scripts. A name is therefore never looked up as an
attribute: private methods, accessors and scripts for other purposes, which may have proxy roles, are not to be reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transaction.interfaces import TransientError

from wendelin.core.database import is_away, is_full
from wendelin.core.errors import BadRequest, NotFound, WendelinError
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.skins import find_method

#: How the name of a script begins, by what the script is.
TAG_PARSER, DATA_INGESTION, DATA_OPERATION = "tag parser", "data ingestion script", "data operation script"
BEGINNINGS = {
    TAG_PARSER: "IngestionPolicy_parse",
    DATA_INGESTION: "IngestionPolicy_getIngestionOperation",
    DATA_OPERATION: "DataIngestionLine_",
}
REQUIRED = ("reference", "resource_reference", "specialise_reference")
OPTIONAL = ("bucket_reference", "aggregate_data_ingestion_batch_reference")


class BadTag(BadRequest):
    """A policy's parser cannot read the tag."""

    kind = "bad-tag"


def find_script(policy: Document, script_id: str | None, what: str) -> Callable[..., Any]:
    """The script of that name, bound to the policy; ``what`` is one of the words above.

    Raises `NotFound` for none, and for one that was not made for it.
    """
    if not script_id:
        raise NotFound(f"the ingestion policy {policy.getId()!r} names no {what}")
    if not script_id.startswith(BEGINNINGS[what]):
        raise NotFound(
            f"{script_id!r} cannot be a {what} of ingestion policy {policy.getId()!r}: "
            f"the name of one begins with {BEGINNINGS[what]}"
        )
    method = find_method(policy.getPortalObject(), script_id)
    if method is None:
        raise NotFound(f"the {what} {script_id!r} of ingestion policy {policy.getId()!r} does not exist")
    script: Callable[..., Any] = method.bind(policy)
    return script


def check_movement(policy: Document, found: object, reference: str) -> dict[str, str]:
    """What a tag parser gave, when it is references; raises `BadTag` for nothing, `BadRequest` for anything else."""
    if not found:
        raise BadTag(f"the tag {reference!r} does not have the form that this ingestion policy expects")
    problem = f"the tag parser {policy.getScriptId()!r} of ingestion policy {policy.getId()!r} has to give a dictionary"
    if not isinstance(found, dict):
        raise BadRequest(problem)
    for name in REQUIRED:
        if not isinstance(found.get(name), str) or not found[name]:
            raise BadRequest(f"{problem} with the text {name!r}")
    for name in OPTIONAL:
        if not isinstance(found.get(name), str | None):
            raise BadRequest(f"{problem} in which {name!r} is text")
    return found


def check_plan(policy: Document, found: object) -> tuple[Document, dict[str, Any]]:
    """What a data ingestion script gave, when it is a Data Operation and parameters; else raises `BadRequest`."""
    if isinstance(found, tuple) and len(found) == 2:
        operation, parameters = found
        if getattr(operation, "portal_type", None) == "Data Operation" and isinstance(parameters, dict):
            return operation, parameters
    raise BadRequest(
        f"the data ingestion script {policy.getDataOperationScriptId()!r} of ingestion policy {policy.getId()!r} "
        "has to give a Data Operation and the parameters of its script"
    )


def describe_failure(error: Exception) -> str:
    """What a script of the site did wrong, and in which line; "" for what went wrong elsewhere, or may pass."""
    if isinstance(error, TransientError | WendelinError) or is_away(error) or is_full(error):
        return ""
    notes = "; ".join(getattr(error, "__notes__", ()))  # those that `BoundScript` adds
    return f"{type(error).__name__}: {error} ({notes})" if notes else ""
