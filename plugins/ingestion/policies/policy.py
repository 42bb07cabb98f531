"""Ingestion policies: the doors through which data comes in, each with the scripts that take care of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from BTrees.OLBTree import OLBTree

from wendelin.core.errors import BadRequest, NotFound, RequestTooLarge, WendelinError
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ADD, private, protected, public
from wendelin.plugins.ingestion.documents.data_stream import DataStream
from wendelin.plugins.ingestion.documents.marks import DEFAULT_COUNT, find_marked, mark_of_body, mark_of_id
from wendelin.plugins.ingestion.formats import msgpack_objects
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_times import has_exact_time
from wendelin.plugins.ingestion.policies import policy_log
from wendelin.plugins.ingestion.policies.chunk_order import check_order, keeps_order
from wendelin.plugins.ingestion.policies.counters import count_repeat, count_stored
from wendelin.plugins.ingestion.policies.declared_scripts import (
    DATA_INGESTION,
    DATA_OPERATION,
    TAG_PARSER,
    BadTag,
    check_movement,
    check_plan,
    describe_failure,
    find_script,
)
from wendelin.plugins.ingestion.policies.limits import check_limits, check_tag
from wendelin.plugins.ingestion.routing.operations import run_operation

PARAMETER_SCRIPT = "IngestionPolicy_getIngestionOperationAndParameterDict"
LARGEST_REFERENCE = 200
STORED, EMPTY = "stored", "empty"  # what became of a chunk


class Unpacking:
    """What scripts of the pipeline call to read a chunk; on the tool as well as on each policy."""

    @public
    def unpack(self, data: bytes) -> list[Any]:
        """All objects of a msgpack stream; loads everything. Raises `BadRequest` for what is torn or no msgpack."""
        return msgpack_objects.unpack_all(data)

    @public
    def unpackLazy(self, data: bytes, use_list: bool = True) -> Iterator[Any]:
        """The objects of a msgpack stream, one by one (`msgpack_objects.unpack_lazy`)."""
        return msgpack_objects.unpack_lazy(data, use_list)

    @public
    def unpack_lazy(self, data: bytes, use_list: bool = True) -> Iterator[Any]:
        """An older name of `unpackLazy`."""
        return self.unpackLazy(data, use_list)


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
    def ingest(self, reference: str, data_chunk: bytes | Body, chunk_id: str | None = None, filename: str = "") -> bool:
        """Store a chunk that was sent under the tag ``reference``; an empty chunk leaves nothing behind.

        The policy's scripts do the work: one parses the tag, one finds or makes the Data Ingestion, and the script of
        its Data Operation writes. False when there was nothing to store: the chunk was empty, or it is a repeat. A
        repeat is known by ``chunk_id``; where that is None by its bytes, if they hold the moments of events to a
        fraction of a second; and where it is "", the sender says that it sends nothing twice. All other chunks with
        equal bytes are different ones. With ``filename`` the chunk is a part
        of that file, whose name and type a new stream is given.

        Raises `BadRequest` for a tag that the parser cannot read or a body that the operation cannot read, `NotFound`
        for a tag that nothing is set up for, and what `check_limits` and `check_order` raise. What is raised stands in
        the log, and so does a repeat when it is committed.
        """
        try:
            outcome = self.take_in(reference, Body.of(data_chunk), chunk_id, filename)
        except WendelinError as error:
            kind = policy_log.BAD_TAG if isinstance(error, BadTag) else policy_log.REFUSED
            policy_log.note(self, kind, str(reference or ""), str(error))
            if isinstance(error, BadRequest) and not isinstance(error, RequestTooLarge):
                policy_log.keep_sample(self, str(reference or ""), Body.of(data_chunk), at_once=True)
            raise
        except Exception as error:
            if text := describe_failure(error):
                policy_log.note(self, policy_log.FAILED, str(reference or ""), text)
                policy_log.keep_sample(self, str(reference or ""), Body.of(data_chunk), at_once=True)
            raise
        return outcome is STORED

    @private
    def take_in(self, reference: str, body: Body, chunk_id: str | None, filename: str = "") -> str:
        """`ingest`, without a line in the log for what it raises.

        Gives `STORED`, `EMPTY`, or what makes the chunk a repeat.
        """
        check_reference(reference)
        if self.getValidationState() != "validated":  # whoever makes a policy may not yet say what goes where
            raise NotFound(f"the ingestion policy {self.getId()!r} is {self.getValidationState()}: it takes no data")
        check_limits(self, body.size)
        find = self.plan(reference)
        if not body.size:
            return EMPTY
        policy_log.keep_sample(self, reference, body)
        outcome = self._store_once(*find(), Delivery(reference, body, chunk_id, filename))
        if outcome is STORED:
            count_stored(self, body.size)
        else:
            count_repeat(self)
            policy_log.note_committed(self, policy_log.REPEATED, reference, outcome)
        return outcome

    @private
    def plan(self, reference: str) -> Callable[[], tuple[Any, dict[str, Any]]]:
        """Parse a tag; gives a function that finds, or makes, the operation's script and its parameters."""
        parse = find_script(self, self.getScriptId(), TAG_PARSER)
        movement_dict = check_movement(self, parse(reference), reference)
        check_tag(self, reference)
        find_operation = find_script(self, self.getDataOperationScriptId() or PARAMETER_SCRIPT, DATA_INGESTION)

        def find() -> tuple[Any, dict[str, Any]]:
            operation, parameter_dict = check_plan(self, find_operation(movement_dict, reference))
            return find_script(self, operation.getScriptId(), DATA_OPERATION), parameter_dict

        return find

    def _store_once(self, write: Callable[..., Any], parameters: dict[str, Any], delivery: Delivery) -> str:
        mark, sink = self._mark(delivery), find_marked(parameters)
        if isinstance(sink, DataStream) and delivery.filename:
            sink.take_name(delivery.filename)
        if sink is None:
            run_operation(write, delivery.body, parameters, delivery.reference, delivery.filename)
            return STORED
        if mark is not None and mark in sink.marks():
            sink.marks().dropped += 1
            return f"{delivery.body.size} bytes that {sink.getPath()} has"
        date = check_order(self, sink, delivery.body, delivery.chunk_id)
        run_operation(write, delivery.body, parameters, delivery.reference, delivery.filename)
        sink.note_date(self.getId(), date)
        if mark is not None:
            by_default = DEFAULT_COUNT if delivery.chunk_id or date is not None else 0
            sink.marks().add(mark, max(self.getMarkCount(), by_default))
        return STORED

    def _mark(self, delivery: Delivery) -> bytes | None:
        """What tells a second delivery of a chunk from a second measurement; None where nothing does.

        The id that its sender gave it; else its bytes, when they hold the moment of an event to a fraction of a second,
        or when no chunk may be as old as another.
        """
        if delivery.chunk_id:
            return mark_of_id(delivery.reference, delivery.chunk_id)
        if delivery.chunk_id is not None:
            return None
        if keeps_order(self) or (self.getMarkCount() > 0 and has_exact_time(delivery.body)):
            return mark_of_body(delivery.reference, delivery.body.digest)
        return None


@dataclass(frozen=True)
class Delivery:
    """A chunk on its way to the operation: tag, bytes, the sender's id for it, the file that it is a part of."""

    reference: str
    body: Body
    chunk_id: str | None = None
    filename: str = ""


def check_reference(reference: str | None) -> str:
    """The tag, when it can be one: text of a reasonable length without control characters; raises `BadRequest`."""
    if not reference or not reference.strip():
        raise BadRequest("say under which tag you send: .../ingest?reference=TAG")
    if len(reference) > LARGEST_REFERENCE:
        raise BadRequest(f"the reference has {len(reference)} characters; at most {LARGEST_REFERENCE} are taken")
    if not reference.isprintable():
        raise BadRequest("the reference holds characters that cannot be printed")
    return reference
