"""Ingestion policies: the doors through which data comes in, each with the scripts that take care of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from BTrees.OLBTree import OLBTree

from wendelin.core.errors import AttributeNotFound, BadRequest, NotFound, RequestTooLarge, WendelinError
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ADD, private, protected, public
from wendelin.plugins.ingestion.documents.marks import DEFAULT_COUNT, find_marked, mark_of_body, mark_of_id
from wendelin.plugins.ingestion.formats import event_stream
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.policies import policy_log
from wendelin.plugins.ingestion.policies.counters import count_repeat, count_stored
from wendelin.plugins.ingestion.policies.limits import check_limits
from wendelin.plugins.ingestion.routing.operations import run_operation

PARAMETER_SCRIPT = "IngestionPolicy_getIngestionOperationAndParameterDict"
LARGEST_REFERENCE = 200
STORED, EMPTY = "stored", "empty"  # what became of a chunk


class Unpacking:
    """What scripts of the pipeline call to read a chunk; on the tool as well as on each policy."""

    @public
    def unpack(self, data: bytes) -> list[Any]:
        """All objects of a msgpack stream; loads everything. Raises `BadRequest` for what is torn or no msgpack."""
        return list(event_stream.unpack_lazy(data))

    @public
    def unpackLazy(self, data: bytes, use_list: bool = True) -> Iterator[Any]:
        """The objects of a msgpack stream, one by one (`event_stream.unpack_lazy`)."""
        return event_stream.unpack_lazy(data, use_list)


class IngestionPolicyTool(Unpacking, Folder):
    """``portal_ingestion_policies``: the policies of the site.

    ``refusal_times`` maps the id of a policy to the time of its last refusal, in seconds since 1970.
    """

    refusal_times: OLBTree | None = None


class IngestionPolicy(Unpacking, Document):
    """What may be sent under which tags: who has the permission "Add portal content" here may send."""

    ingestion_log: policy_log.PolicyLog | None = None

    def _initialise(self) -> None:
        super()._initialise()
        self.ingestion_log = policy_log.PolicyLog()

    @private
    def log(self) -> policy_log.PolicyLog:
        """The last refusals and repeats, made at first use."""
        if self.ingestion_log is None:
            self.ingestion_log = policy_log.PolicyLog()
        return self.ingestion_log

    @protected(ADD)
    def ingest(self, reference: str, data_chunk: bytes | Body, chunk_id: str | None = None) -> bool:
        """Store a chunk that was sent under the tag ``reference``; an empty chunk leaves nothing behind.

        The policy's scripts do the work: one parses the tag, one finds or makes the Data Ingestion, and the script of
        its Data Operation writes. False when there was nothing to store: the chunk was empty, or it is a repeat. A
        repeat is known by ``chunk_id``; where that is None by its bytes; and where it is "", the sender says that it
        sends nothing twice, so that equal chunks are different ones.

        Raises `BadRequest` for a tag that the parser cannot read or a body that the operation cannot read, `NotFound`
        for a tag that nothing is set up for, and what `check_limits` raises. What is raised stands in the log, and so
        does a repeat when it is committed.
        """
        try:
            outcome = self.take_in(reference, Body.of(data_chunk), chunk_id)
        except WendelinError as error:
            kind = policy_log.BAD_TAG if isinstance(error, BadTag) else policy_log.REFUSED
            policy_log.note(self, kind, str(reference or ""), str(error))
            if isinstance(error, BadRequest) and not isinstance(error, RequestTooLarge):
                policy_log.keep_sample(self, str(reference or ""), Body.of(data_chunk), at_once=True)
            raise
        return outcome is STORED

    @private
    def take_in(self, reference: str, body: Body, chunk_id: str | None) -> str:
        """`ingest`, without a line in the log for what it raises.

        Gives `STORED`, `EMPTY`, or what makes the chunk a repeat.
        """
        check_limits(self, check_reference(reference), body.size)
        find = self.plan(reference)
        if not body.size:
            return EMPTY
        policy_log.keep_sample(self, reference, body)
        outcome = self._store_once(*find(), reference, body, chunk_id)
        if outcome is STORED:
            count_stored(self, body.size)
        else:
            count_repeat(self)
            policy_log.note_committed(self, policy_log.REPEATED, reference, outcome)
        return outcome

    @private
    def plan(self, reference: str) -> Callable[[], tuple[Any, dict[str, Any]]]:
        """Parse a tag; gives a function that finds, or makes, the operation's script and its parameters."""
        if self.getValidationState() in ("invalidated", "deleted"):
            raise NotFound(f"the ingestion policy {self.getId()!r} is {self.getValidationState()}: it takes no data")
        movement_dict = self._script(self.getScriptId(), "tag parser")(reference)
        if not movement_dict:
            raise BadTag(f"the tag {reference!r} does not have the form that this ingestion policy expects")
        find_operation = self._script(self.getDataOperationScriptId() or PARAMETER_SCRIPT, "data ingestion script")

        def find() -> tuple[Any, dict[str, Any]]:
            operation, parameter_dict = find_operation(movement_dict, reference)
            return self._script(operation.getScriptId(), "data operation script"), parameter_dict

        return find

    def _store_once(
        self, write: Callable[..., Any], parameters: dict[str, Any], reference: str, body: Body, chunk_id: str | None
    ) -> str:
        mark, sink = self._mark(reference, body, chunk_id), find_marked(parameters)
        if mark is None or sink is None:
            run_operation(write, body, parameters)
            return STORED
        if mark in sink.marks():
            sink.marks().dropped += 1
            return f"{body.size} bytes that {sink.getPath()} has"
        run_operation(write, body, parameters)
        sink.marks().add(mark, max(self.getMarkCount(), DEFAULT_COUNT if chunk_id else 0))
        return STORED

    def _mark(self, reference: str, body: Body, chunk_id: str | None) -> bytes | None:
        if chunk_id:
            return mark_of_id(reference, chunk_id)
        by_bytes = chunk_id is None and self.getMarkCount() > 0
        return mark_of_body(reference, body.digest) if by_bytes else None

    def _script(self, script_id: str | None, what: str) -> Callable[..., Any]:
        """The skin method of that id, bound to this policy."""
        if not script_id:
            raise NotFound(f"the ingestion policy {self.getId()!r} names no {what}")
        try:
            script: Callable[..., Any] = getattr(self, script_id)
            return script
        except AttributeNotFound as error:
            raise NotFound(f"the {what} {script_id!r} of ingestion policy {self.getId()!r} does not exist") from error


class BadTag(BadRequest):
    """A policy's parser cannot read the tag."""

    kind = "bad-tag"


def check_reference(reference: str | None) -> str:
    """The tag, when it can be one: text of a reasonable length without control characters; raises `BadRequest`."""
    if not reference or not reference.strip():
        raise BadRequest("say under which tag you send: .../ingest?reference=TAG")
    if len(reference) > LARGEST_REFERENCE:
        raise BadRequest(f"the reference has {len(reference)} characters; at most {LARGEST_REFERENCE} are taken")
    if not reference.isprintable():
        raise BadRequest("the reference holds characters that cannot be printed")
    return reference
