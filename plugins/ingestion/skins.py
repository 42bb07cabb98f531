"""The scripts of the ingestion pipeline, by their names in business template ``erp5_wendelin``.

Each is a skin method: a script of the same id in the skin folder ``custom`` takes its place.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from wendelin.core.errors import BadRequest, DuplicateId
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site
from wendelin.core.security import ADD, require_permission, trusted_method
from wendelin.plugins.ingestion.formats import event_stream, lines
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.policies.policy import IngestionPolicyTool, check_reference
from wendelin.plugins.ingestion.routing import pipeline
from wendelin.plugins.ingestion.routing.lookup import find_document
from wendelin.plugins.ingestion.routing.operations import takes_body, takes_tag

SUPPLY_DAYS = 3650
DEFAULT_OPERATION = "wendelin_ingest_data_payload"
POLICY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

Sinks = dict[str, IDocument]  # by portal type


# -- tag parsers: IngestionPolicy_parse...(reference) -> dict, or None for a tag of another form


@trusted_method
def parse_simple_fluentd_tag(policy: IDocument, reference: str) -> dict[str, str] | None:
    """``a.b``: product ``a.b`` of supply and ingestion ``a``; a tag without dots names all three."""
    source = reference.split(".")[0]
    if not source:
        return None
    return {"resource_reference": reference, "specialise_reference": source, "reference": source}


@trusted_method
def parse_simple_ingestion_tag(policy: IDocument, reference: str) -> dict[str, str] | None:
    """``sensor.product``, anything may follow after a further dot: the product of the sensor's supply."""
    parts = reference.split(".")
    if len(parts) < 2 or not parts[0] or not parts[1]:
        return None
    return {"resource_reference": parts[1], "specialise_reference": parts[0], "reference": parts[0]}


# -- finding and making documents


@trusted_method
def get_ingestion_operation_and_parameter_dict(
    policy: IDocument, movement_dict: dict[str, str], reference: str, modify: bool = True
) -> tuple[Document, pipeline.ParameterDict]:
    """The Data Operation that stores a chunk, and the keyword parameters of its script."""
    return pipeline.get_operation_and_parameters(policy, movement_dict, modify)


@trusted_method
def create_data_ingestion(
    site: Site, specialise_list: list[str], data_ingestion_reference: str, data_ingestion_id: str | None = None
) -> Document:
    """A Data Ingestion made from the Data Supplies at the relative URLs ``specialise_list``."""
    supplies = [site.unrestrictedTraverse(url) for url in specialise_list]
    return pipeline.create_data_ingestion(site, supplies, data_ingestion_reference, data_ingestion_id)


@trusted_method
def add_ingestion_policy(
    tool: IngestionPolicyTool,
    reference: str | None = None,
    title: str | None = None,
    batch_mode: bool = False,
    data_operation: str | None = None,
) -> Document | tuple[Document, Document, Document]:
    """Make and validate all that data needs to come in under the tag ``reference``: policy, product and supply.

    ``data_operation`` is the reference of the Data Operation that stores what comes in; by default that of bytes.
    Returns the policy; all three with ``batch_mode``. Raises `BadRequest` or `DuplicateId`, whose messages are for
    the person who filled in the dialog.
    """
    require_permission(ADD, tool)
    reference = (reference or "").strip()
    check_reference(reference)
    if not POLICY_ID.fullmatch(reference):
        raise BadRequest(f"{reference!r} cannot be a reference: use letters, digits, - and _ (a dot begins a sub-tag)")
    _require_unique(tool, reference)
    operation = _find_operation(tool.getPortalObject(), data_operation or DEFAULT_OPERATION)
    title = (title or "").strip() or reference
    policy: Document = tool.newContent(
        reference,
        portal_type="Ingestion Policy",
        title=title,
        reference=reference,
        version="001",
        script_id="IngestionPolicy_parseSimpleFluentdTag",
        data_operation_script_id="IngestionPolicy_getIngestionOperationAndParameterDict",
    )
    product = _add_product(tool.getPortalObject(), reference)
    supply = _add_supply(reference, title, operation, product)
    for document in (policy, product, supply):
        document.validate()
    return (policy, supply, product) if batch_mode else policy


def _find_operation(site: Site, reference: str) -> Document:
    found = find_document(site, "Data Operation", reference, validation_state="validated")
    if found is None:
        raise BadRequest(f"there is no validated Data Operation with reference {reference!r}")
    return found


def _require_unique(tool: IngestionPolicyTool, reference: str) -> None:
    taken = "Ingestion Policy" if reference in tool else None
    for portal_type in ("Data Supply", "Data Product"):
        if taken is None and find_document(tool.getPortalObject(), portal_type, reference) is not None:
            taken = portal_type
    if taken:
        raise DuplicateId(f"there is already a {taken} with reference {reference!r}; choose another reference")


def _add_product(site: Site, reference: str) -> Document:
    product: Document = site.getDefaultModule("Data Product").newContent(
        portal_type="Data Product",
        title="Append to Data Stream",
        reference=reference,
        version="001",
        use="big_data/ingestion/stream",
        quantity_unit="unit/piece",
        aggregated_portal_type_list=["Data Stream"],
    )
    return product


def _add_supply(reference: str, title: str, operation: Document, product: Document) -> Document:
    site: Site = product.getPortalObject()
    now = datetime.now(UTC).replace(microsecond=0)
    supply: Document = site.getDefaultModule("Data Supply").newContent(
        portal_type="Data Supply",
        title=title,
        reference=reference,
        version="001",
        effective_date=now,
        expiration_date=now + timedelta(days=SUPPLY_DAYS),
    )
    resources = {"ingestion_operation": operation, "out_stream": product}
    for index, (name, resource) in enumerate(resources.items(), 1):
        line = supply.newContent(
            portal_type="Data Supply Line",
            title=name.replace("_", " ").title(),
            reference=name,
            int_index=index,
            quantity=1.0,
            resource_value=resource,
            use="big_data/ingestion/stream",
        )
        line.validate()
    return supply


# -- data operations: DataIngestionLine_write...(data_chunk, out_stream)


@trusted_method
@takes_body
@takes_tag
def write_payload_to_data_stream(
    policy: IDocument, data_chunk: bytes | Body, out_stream: Sinks, reference: str = "", filename: str = ""
) -> None:
    """Append exactly what plain records carry, and other records and those of JSON as lines (`lines.iter_bytes`)."""
    out_stream["Data Stream"].append_pieces(lines.iter_bytes(data_chunk, reference))


@trusted_method
@takes_body
@takes_tag
def write_text_lines_to_data_stream(
    policy: IDocument, data_chunk: bytes | Body, out_stream: Sinks, reference: str = "", filename: str = ""
) -> None:
    """Append each record as a line of text (`lines.iter_text_lines`)."""
    out_stream["Data Stream"].append_pieces(lines.iter_text_lines(data_chunk, reference, bool(filename)))


@trusted_method
@takes_body
@takes_tag
def write_json_lines_to_data_stream(
    policy: IDocument, data_chunk: bytes | Body, out_stream: Sinks, reference: str = "", filename: str = ""
) -> None:
    """Append each record as a line of JSON with its time and tag (`lines.iter_json_lines`)."""
    out_stream["Data Stream"].append_pieces(lines.iter_json_lines(data_chunk, reference, bool(filename)))


@trusted_method
@takes_body
def write_ingestion_to_data_stream(policy: IDocument, data_chunk: bytes | Body, out_stream: Sinks) -> None:
    """Append the body as it came."""
    out_stream["Data Stream"].append_pieces(Body.of(data_chunk).pieces())


@trusted_method
@takes_body
def write_fluentd_ingestion_to_data_stream(policy: IDocument, data_chunk: bytes | Body, out_stream: Sinks) -> None:
    """Append the records of a msgpack chunk as text (`event_stream.record_text`)."""
    out_stream["Data Stream"].append_pieces(event_stream.iter_text(data_chunk))
