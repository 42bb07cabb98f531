"""From a parsed tag to the documents that its data goes to: Data Supply, Data Ingestion, and the sinks of its lines.

The work of the default scripts (`wendelin.plugins.ingestion.skins`). It runs with the rights of the policy, not of the
sender: who may send to a policy need not see the supplies and streams behind it.

Several processes may get the first chunks of one tag at the same moment. They make the Data Ingestion under the same
id and mark the supply as changed, so that only one commits; the others meet a conflict, are run again, and find it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from wendelin.core.errors import NotFound
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import Site
from wendelin.core.security import MANAGER, proxy_roles
from wendelin.plugins.ingestion.routing import resolution
from wendelin.plugins.ingestion.routing.supplies import DataSupply, compose, composed_properties, iterate_lines

OPEN_STATES = ["started", "stopped"]
# Items that an ingestion line may ask for, but that readers or batches make, not the first chunk.
NOT_SINKS = frozenset({"Progress Indicator", "Data Ingestion Batch"})

#: ``{line reference: {portal type: document}}``: what an operation's script is called with, beside the chunk.
ParameterDict = dict[str, dict[str, Document]]


def find_document(site: Site, portal_type: str, reference: str, **states: Any) -> Document | None:
    """The document of that type with exactly that reference, or None; a ``%`` in it is not a wildcard."""
    query = {"query": reference, "key": "ExactMatch"}
    found: Document | None = site.portal_catalog.unrestrictedGetResultValue(
        portal_type=portal_type, reference=query, **states
    )
    return found


def find_data_ingestion(site: Site, reference: str) -> Document | None:
    """The Data Ingestion that takes the chunks of that reference now, or None.

    A started or stopped one; or one still in draft when it was made from a supply in state ``default``.
    """
    found = find_document(site, "Data Ingestion", reference, simulation_state=OPEN_STATES)
    if found is None:
        found = find_document(site, "Data Ingestion", reference, simulation_state="draft")
    return found if found is not None and takes_data(found) else None


def takes_data(ingestion: Document) -> bool:
    """Whether chunks go to this Data Ingestion in its present state."""
    state = ingestion.getSimulationState()
    if state == "draft":
        supplies = ingestion.getSpecialiseValueList(portal_type="Data Supply")
        return any(supply.getValidationState() == "default" for supply in supplies)
    return state in OPEN_STATES


def find_data_supply(site: Site, reference: str) -> Document | None:
    """The validated Data Supply of that reference, else the one in state ``default``; None when there is neither."""
    found = find_document(site, "Data Supply", reference, validation_state="validated")
    if found is None:
        found = find_document(site, "Data Supply", reference, validation_state="default")
    return found


def create_data_ingestion(site: Site, supplies: list[DataSupply], reference: str, id: str | None = None) -> Document:
    """A Data Ingestion with a line for each line of the composed supplies; started when all supplies are validated."""
    composed = compose(supplies)
    properties = composed_properties(composed)
    module = site.getDefaultModule("Data Ingestion")
    ingestion: Document = module.newContent(
        id or free_id(module, reference),
        portal_type="Data Ingestion",
        reference=reference,
        specialise_value_list=supplies,
        start_date=properties.pop("effective_date", None),
        stop_date=properties.pop("expiration_date", None),
        **properties,
    )
    # Who sends is not who owns: a sender may add to a stream, and need not be able to read it.
    ingestion.set_owner(supplies[0].getOwner())
    for line in iterate_lines(composed):
        create_line(ingestion, line)
    for supply in supplies:
        supply._p_changed = True  # two processes that do this at once must conflict
    if all(supply.getValidationState() == "validated" for supply in supplies):
        with proxy_roles([MANAGER]):
            ingestion.start()
    return ingestion


def create_line(ingestion: Document, supply_line: Document) -> Document:
    """The ingestion line of a supply line; a product's quantity is 0 until its first chunk."""
    resource = supply_line.getResourceValue()
    is_product = resource is None or resource.getPortalType() == "Data Product"
    line: Document = ingestion.newContent(
        portal_type="Data Ingestion Line",
        reference=supply_line.getReference(),
        title=supply_line.title,
        int_index=supply_line.getIntIndex(),
        resource_list=supply_line.getResourceList(),
        aggregate_list=supply_line.getAggregateList(),
        use_list=supply_line.getUseList(),
        quantity=0.0 if is_product else supply_line.getQuantity(1.0),
    )
    return line


def free_id(module: Folder, reference: str) -> str:
    """``YYYYMMDD-<reference>``, with ``-2``, ``-3`` ... behind it for a second ingestion on the same day.

    Not random: see the module's text on several processes.
    """
    stem = f"{datetime.now(UTC):%Y%m%d}-" + re.sub(r"[^A-Za-z0-9._ -]", "-", reference).strip()[:120]
    id, number = stem, 1
    while id in module:
        number += 1
        id = f"{stem}-{number}"
    return id


def get_operation_and_parameters(
    policy: IDocument, movement_dict: dict[str, str], modify: bool = True
) -> tuple[Document, ParameterDict]:
    """The Data Operation for a parsed tag, and the parameters of its script.

    With ``modify``, what is missing is made. Raises `NotFound` when nothing is set up for the tag. What was found is
    remembered by the policy, per connection, until a document changes that it depends on (`resolution`).
    """
    key = (movement_dict["reference"], movement_dict["resource_reference"])
    found = resolution.recall(policy, key)
    if found is None:
        ingestion = find_or_create_data_ingestion(policy, movement_dict, modify)
        found, seen = _read_lines(ingestion, movement_dict["resource_reference"], modify)
        if ingestion.getSimulationState() not in OPEN_STATES:
            seen += ingestion.getSpecialiseValueList(portal_type="Data Supply")  # whether it takes data is up to them
        resolution.remember(policy, key, ingestion, found, seen)
    operation, parameter_dict = found
    return operation, {name: dict(items) for name, items in parameter_dict.items()}


def _read_lines(
    ingestion: Document, resource_reference: str, modify: bool
) -> tuple[tuple[Document, ParameterDict], list[Document]]:
    """The operation and its parameters, as the ingestion's lines say; and all documents that were looked at for it."""
    seen = [ingestion]
    operation: Document | None = None
    parameter_dict: ParameterDict = {}
    for line in ingestion.objectValues(portal_type="Data Ingestion Line"):
        resource = line.getResourceValue()
        if resource is None:
            continue
        seen += [line, resource]
        if resource.getPortalType() == "Data Operation":
            operation = resource
        elif resource.getReference() == resource_reference:
            items = parameter_dict[line.getReference()] = get_items(ingestion, line, resource, modify)
            seen += items.values()
    if operation is None or not parameter_dict:
        raise NotFound(
            f"No relevant data ingestion line found: product {resource_reference!r} "
            f"of data ingestion {ingestion.getReference()!r}."
        )
    return (operation, parameter_dict), seen


def find_or_create_data_ingestion(policy: IDocument, movement_dict: dict[str, str], modify: bool) -> Document:
    """The Data Ingestion of a parsed tag, made with ``modify`` from the supply of its source; else `NotFound`."""
    site = policy.getPortalObject()
    ingestion = find_data_ingestion(site, movement_dict["reference"])
    if ingestion is not None:
        return ingestion
    supply_reference = movement_dict["specialise_reference"]
    supply = find_data_supply(site, supply_reference)
    if supply is None or not modify:
        raise NotFound(f"No relevant data ingestion line found: no data supply {supply_reference!r}.")
    made: Document = site.ERP5Site_createDataIngestion([supply.getRelativeUrl()], movement_dict["reference"])
    return made


def get_items(ingestion: Document, line: Document, product: Document, modify: bool) -> dict[str, Document]:
    """The line's items by portal type: devices, and the sinks that the product asks for (found or made)."""
    items = {item.getPortalType(): item for item in line.getAggregateValueList()}
    missing = [kind for kind in product.getAggregatedPortalTypeList() if kind not in items and kind not in NOT_SINKS]
    if missing and modify:
        for kind in missing:
            items[kind] = find_sink(ingestion, line, product, kind) or create_sink(ingestion, product, kind)
        line.edit(aggregate_value_list=list(items.values()), quantity=1.0)
    return items


def find_sink(ingestion: Document, line: Document, product: Document, portal_type: str) -> Document | None:
    """A validated sink that already takes this product from the same devices, for the same project; or None.

    A line without devices shares sinks only with earlier ingestions of the same reference.
    """
    devices = set(line.getAggregateList())
    query: dict[str, Any] = {"aggregate_relative_url": sorted(devices)[0]} if devices else {}
    candidates = ingestion.getPortalObject().portal_catalog.unrestrictedSearchResults(
        portal_type="Data Ingestion Line", resource_relative_url=product.getRelativeUrl(), **query
    )
    for other in (brain.getObject() for brain in candidates):
        if other is line or not _same_origin(ingestion, other.getParentValue(), devices):
            continue
        sinks: list[Document] = other.getAggregateValueList(portal_type=portal_type)
        if devices <= set(other.getAggregateList()):
            for sink in sinks:
                if sink.getValidationState() == "validated":
                    return sink
    return None


def _same_origin(ingestion: Document, other: Document, devices: set[str]) -> bool:
    if ingestion.getDestinationProject() != other.getDestinationProject():
        return False
    return bool(devices or ingestion.getReference() == other.getReference())


def create_sink(ingestion: Document, product: Document, portal_type: str) -> Document:
    """A new, validated sink with reference ``<ingestion>.<product>``."""
    sink: Document = (
        ingestion.getPortalObject()
        .getDefaultModule(portal_type)
        .newContent(
            portal_type=portal_type,
            reference=f"{ingestion.getReference()}.{product.getReference()}",
            title=_sink_title(ingestion, product),
        )
    )
    sink.set_owner(ingestion.getOwner())
    with proxy_roles([MANAGER]):
        sink.validate()
    return sink


def _sink_title(ingestion: Document, product: Document) -> str:
    """The ingestion's title; the product's behind it where an ingestion may have several."""
    if product.getReference() == ingestion.getReference():
        return ingestion.getTitle()
    return f"{ingestion.getTitle()}: {product.getTitle()}"
