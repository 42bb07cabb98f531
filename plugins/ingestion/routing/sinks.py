"""What a line of a Data Ingestion leads to: its devices, the batch of a chunk, and the sinks, found or made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wendelin.core.model.objects.document import Document
from wendelin.core.security import MANAGER, proxy_roles
from wendelin.plugins.ingestion.routing.lookup import find_document, free_id

# Items that an ingestion line may ask for, but that readers or batches make, not the first chunk.
NOT_SINKS = frozenset({"Progress Indicator", "Data Ingestion Batch"})
DEVICES = ["Sensor", "Data Acquisition Unit", "Data Aggregation Unit"]


def get_items(
    ingestion: Document,
    line: Document,
    product: Document,
    devices: list[Document],
    batch: Document | None,
    modify: bool,
) -> dict[str, Document]:
    """The line's items by portal type: devices, and the sinks that the product asks for (found or made).

    The devices of the operation's line are those of all lines. A batch is added to the line, and of several it is that
    of this chunk that is given.
    """
    present: list[Document] = line.getAggregateValueList()
    kinds = {item.getPortalType() for item in present}
    missing = [kind for kind in product.getAggregatedPortalTypeList() if kind not in kinds and kind not in NOT_SINKS]
    added = [device for device in devices if device not in present] if missing else []
    if batch is not None and batch not in present:
        added.append(batch)
    if modify and (missing or added):
        if added:
            line.edit(aggregate_value_list=[*present, *added])
        for kind in missing:
            added.append(find_sink(ingestion, line, product, kind) or create_sink(ingestion, product, kind))
        line.edit(aggregate_value_list=[*present, *added], quantity=1.0)
        present = [*present, *added]
    items = {item.getPortalType(): item for item in reversed(present)}  # the first of each kind
    if batch is not None:
        items["Data Ingestion Batch"] = batch
    return items


def device_list(line: Document) -> list[Document]:
    """The devices among a line's items."""
    found: list[Document] = line.getAggregateValueList(portal_type=DEVICES)
    return found


def find_batch(ingestion: Document, reference: str | None, modify: bool) -> Document | None:
    """The Data Ingestion Batch of that reference, made with ``modify``; None for no reference."""
    if not reference:
        return None
    site = ingestion.getPortalObject()
    found = find_document(site, "Data Ingestion Batch", reference)
    if found is None and modify:
        module = site.getDefaultModule("Data Ingestion Batch")
        found = module.newContent(free_id(module, reference), portal_type="Data Ingestion Batch", reference=reference)
        found.set_owner(ingestion.getOwner())
    return found


def find_sink(ingestion: Document, line: Document, product: Document, portal_type: str) -> Document | None:
    """A validated sink that already takes this product from the same devices, for the same project; or None.

    A line without devices shares sinks only with earlier ingestions of the same reference; a batch goes into the sinks
    that it went into before.
    """
    batches = line.getAggregateValueList(portal_type="Data Ingestion Batch")
    for other in find_lines(product, batches[-1:]) if batches else ():
        if other is not line and (found := validated_sink(other, portal_type)):
            return found
    devices = device_list(line)
    for other in find_lines(product, devices[:1]):
        if other is line or not _same_origin(ingestion, other.getParentValue(), bool(devices)):
            continue
        if set(devices) <= set(device_list(other)) and (found := validated_sink(other, portal_type)):
            return found
    return None


def find_lines(product: Document, items: list[Document]) -> Iterator[Document]:
    """The ingestion lines of a product that have the first of ``items`` among theirs; without items, all."""
    query: dict[str, Any] = {"aggregate_relative_url": items[0].getRelativeUrl()} if items else {}
    found = product.getPortalObject().portal_catalog.unrestrictedSearchResults(
        portal_type="Data Ingestion Line", resource_relative_url=product.getRelativeUrl(), **query
    )
    return (brain.getObject() for brain in found)


def validated_sink(line: Document, portal_type: str) -> Document | None:
    """The first sink of that kind among a line's items that takes data."""
    sinks: list[Document] = line.getAggregateValueList(portal_type=portal_type)
    return next((sink for sink in sinks if sink.getValidationState() == "validated"), None)


def _same_origin(ingestion: Document, other: Document, has_devices: bool) -> bool:
    if ingestion.getDestinationProject() != other.getDestinationProject():
        return False
    return bool(has_devices or ingestion.getReference() == other.getReference())


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
