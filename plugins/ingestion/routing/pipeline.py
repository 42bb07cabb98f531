"""From a parsed tag to the documents that its data goes to: Data Supply, Data Ingestion, and the sinks of its lines.

The work of the default scripts (`wendelin.plugins.ingestion.skins`). It runs with the rights of the policy, not of the
sender: who may send to a policy need not see the supplies and streams behind it.

Several processes may get the first chunks of one tag at the same moment. They make the Data Ingestion under the same
id and mark the supply as changed, so that only one commits; the others meet a conflict, are run again, and find it.
"""

from __future__ import annotations

from typing import Any

from wendelin.core.errors import NotFound
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site
from wendelin.core.security import MANAGER, proxy_roles
from wendelin.plugins.ingestion.routing import resolution
from wendelin.plugins.ingestion.routing.lookup import find_document, free_id
from wendelin.plugins.ingestion.routing.sinks import device_list, find_batch, get_items
from wendelin.plugins.ingestion.routing.supplies import DataSupply, compose, composed_properties, iterate_lines

OPEN_STATES = ["started", "stopped"]
# Items that an ingestion line may ask for, but that readers or batches make, not the first chunk.
NOT_SINKS = frozenset({"Progress Indicator", "Data Ingestion Batch"})

DEVICES = ["Sensor", "Data Acquisition Unit", "Data Aggregation Unit"]

Lines = list[tuple[Document, Document]]  # ingestion lines, each with its product
#: ``{line reference: {portal type: document}}``: what an operation's script is called with, beside the chunk; and the
#: text ``bucket_reference`` where the tag parser gave one.
ParameterDict = dict[str, Any]


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


def get_operation_and_parameters(
    policy: IDocument, movement_dict: dict[str, str], modify: bool = True
) -> tuple[Document, ParameterDict]:
    """The Data Operation for a parsed tag, and the parameters of its script.

    With ``modify``, what is missing is made. Raises `NotFound` when nothing is set up for the tag. What was found is
    remembered by the policy, per connection, until a document changes that it depends on (`resolution`).
    """
    bucket = movement_dict.get("bucket_reference")
    batch = movement_dict.get("aggregate_data_ingestion_batch_reference")
    key = (movement_dict["reference"], movement_dict["resource_reference"], batch)
    found = resolution.recall(policy, key)
    if found is None:
        ingestion = find_or_create_data_ingestion(policy, movement_dict, modify)
        found, seen = _read_lines(ingestion, movement_dict["resource_reference"], batch, modify)
        if ingestion.getSimulationState() not in OPEN_STATES:
            seen += ingestion.getSpecialiseValueList(portal_type="Data Supply")  # whether it takes data is up to them
        resolution.remember(policy, key, ingestion, found, seen)
    operation, items = found
    parameter_dict: ParameterDict = {name: dict(found) for name, found in items.items()}
    if bucket is not None:
        parameter_dict["bucket_reference"] = bucket
    return operation, parameter_dict


def _read_lines(
    ingestion: Document, resource_reference: str, batch_reference: str | None, modify: bool
) -> tuple[resolution.Found, list[Document]]:
    """The operation and its parameters, as the ingestion's lines say; and all documents that were looked at for it."""
    seen = [ingestion]
    operation_line: Document | None = None
    products: dict[str, Lines] = {}  # by the product's reference
    for line in ingestion.objectValues(portal_type="Data Ingestion Line"):
        resource = line.getResourceValue()
        if resource is None:
            continue
        seen += [line, resource]
        if resource.getPortalType() == "Data Operation":
            operation_line = line
        else:
            products.setdefault(resource.getReference(), []).append((line, resource))
    chosen = nearest(products, resource_reference)
    if operation_line is None or chosen is None:
        raise NotFound(
            f"No relevant data ingestion line found: product {resource_reference!r} "
            f"of data ingestion {ingestion.getReference()!r}."
        )
    devices = device_list(operation_line)
    items: dict[str, dict[str, Document]] = {}
    for line, product in chosen:
        batch = find_batch(ingestion, batch_reference, modify)
        items[line.getReference()] = get_items(ingestion, line, product, devices, batch, modify)
        seen += items[line.getReference()].values()
    operation: Document = operation_line.getResourceValue()
    return (operation, items), seen


def nearest(products: dict[str, Lines], reference: str) -> Lines | None:
    """The lines of that product, else of one that it is below: ``app.web.error`` goes to ``app.web``, else ``app``."""
    while reference not in products and "." in reference:
        reference = reference.rpartition(".")[0]
    return products.get(reference)


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
