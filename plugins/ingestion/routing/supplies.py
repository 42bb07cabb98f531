"""Data supplies: what a source is expected to deliver. A supply may specialise others and then has their lines too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ACCESS, protected

Value = TypeVar("Value")

ARROW_CATEGORIES = (
    "source",
    "source_section",
    "source_project",
    "destination",
    "destination_section",
    "destination_project",
)


class DataSupply(Folder):
    """Lines for the operation and the products of a source."""

    @protected(ACCESS)
    def asComposedDocument(self) -> Document:
        """A temporary supply with what this one lacks filled in from those that it specialises, and all their lines."""
        supplies = compose([self])
        composed: Document = self.asContext(**composed_properties(supplies))
        for number, line in enumerate(iterate_lines(supplies[1:]), 1):
            composed.newContent(
                f"composed_{number}",
                portal_type=line.getPortalType(),
                reference=line.getReference(),
                title=line.getTitle(),
                int_index=line.getIntIndex(),
                quantity=line.getQuantity(),
                resource=line.getResource(),
                aggregate_list=line.getAggregateList(),
                use_list=line.getUseList(),
            )
        return composed


def compose(supplies: Iterable[DataSupply]) -> list[DataSupply]:
    """The supplies, each followed by those that it specialises, none twice."""
    found: list[DataSupply] = []
    for supply in supplies:
        if supply in found:
            continue
        found.append(supply)
        for base in compose(supply.getSpecialiseValueList(portal_type="Data Supply")):
            if base not in found:
                found.append(base)
    return found


def composed_properties(supplies: list[DataSupply]) -> dict[str, Any]:
    """Title, dates and ends of the arrow: each from the first supply that has it."""
    properties: dict[str, Any] = {"title": supplies[0].getTitle()}
    for base in ARROW_CATEGORIES:
        properties[base] = _first(supply.getProperty(base) for supply in supplies)
    for name in ("effective_date", "expiration_date"):
        properties[name] = _first(supply.getProperty(name) for supply in supplies)
    return {name: value for name, value in properties.items() if value is not None}


def iterate_lines(supplies: Iterable[DataSupply]) -> Iterator[Document]:
    """The lines of all supplies, in the order of their index."""
    for supply in supplies:
        lines = supply.objectValues(portal_type="Data Supply Line")
        yield from sorted(lines, key=lambda line: (line.getIntIndex() or 0, line.getId()))


def _first(values: Iterable[Value | None]) -> Value | None:
    return next((value for value in values if value is not None), None)
