"""Ingestion policies: the doors through which data comes in, each with the scripts that take care of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wendelin.core.document import Document
from wendelin.core.errors import AttributeNotFound, BadRequest, NotFound
from wendelin.core.folder import Folder
from wendelin.core.security import ADD, protected, public
from wendelin.plugins.ingestion import chunks

PARAMETER_SCRIPT = "IngestionPolicy_getIngestionOperationAndParameterDict"
LARGEST_REFERENCE = 200


class IngestionPolicyTool(Folder):
    """``portal_ingestion_policies``: the policies of the site."""

    @public
    def unpack(self, data: bytes) -> list[Any]:
        """All objects of a msgpack stream (`chunks.unpack`)."""
        return chunks.unpack(data)

    @public
    def unpackLazy(self, data: bytes, use_list: bool = True) -> Iterator[Any]:
        """The objects of a msgpack stream, one by one (`chunks.unpack_lazy`)."""
        return chunks.unpack_lazy(data, use_list)


class IngestionPolicy(Document):
    """What may be sent under which tags: who has the permission "Add portal content" here may send."""

    @public
    def unpack(self, data: bytes) -> list[Any]:
        """All objects of a msgpack stream (`chunks.unpack`)."""
        return chunks.unpack(data)

    @protected(ADD)
    def ingest(self, reference: str, data_chunk: bytes) -> None:
        """Store a chunk that was sent under the tag ``reference``; an empty chunk leaves nothing behind.

        The policy's scripts do the work: one parses the tag, one finds or makes the Data Ingestion, and the script of
        its Data Operation writes. Raises `BadRequest` for a tag that the parser cannot read or a body that the
        operation cannot read, and `NotFound` for a tag that nothing is set up for.
        """
        if self.getValidationState() in ("invalidated", "deleted"):
            raise NotFound(f"the ingestion policy {self.getId()!r} is {self.getValidationState()}: it takes no data")
        check_reference(reference)
        movement_dict = self._script(self.getScriptId(), "tag parser")(reference)
        if not movement_dict:
            raise BadRequest(f"the tag {reference!r} does not have the form that this ingestion policy expects")
        if not data_chunk:
            return
        find_operation = self._script(self.getDataOperationScriptId() or PARAMETER_SCRIPT, "data ingestion script")
        operation, parameter_dict = find_operation(movement_dict, reference)
        write = self._script(operation.getScriptId(), "data operation script")
        write(data_chunk=data_chunk, **parameter_dict)

    def _script(self, script_id: str | None, what: str) -> Callable[..., Any]:
        """The skin method of that id, bound to this policy."""
        if not script_id:
            raise NotFound(f"the ingestion policy {self.getId()!r} names no {what}")
        try:
            return getattr(self, script_id)
        except AttributeNotFound as error:
            raise NotFound(f"the {what} {script_id!r} of ingestion policy {self.getId()!r} does not exist") from error


def check_reference(reference: str | None) -> str:
    """The tag, when it can be one: text of a reasonable length without control characters; raises `BadRequest`."""
    if not reference or not reference.strip():
        raise BadRequest("say under which tag you send: .../ingest?reference=TAG")
    if len(reference) > LARGEST_REFERENCE:
        raise BadRequest(f"the reference has {len(reference)} characters; at most {LARGEST_REFERENCE} are taken")
    if not reference.isprintable():
        raise BadRequest("the reference holds characters that cannot be printed")
    return reference
