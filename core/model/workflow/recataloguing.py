"""When a workflow lets others see its documents: the catalog, which filters by who may see what, has to hear of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from wendelin.core.interfaces import IFolder
from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.model.portal_types.types import PortalType
from wendelin.core.model.workflow.definition import Definition
from wendelin.core.model.workflow.engine import announce_to_children
from wendelin.core.security import VIEW

#: Documents that are catalogued anew at once, in the transaction of the change; the rest follows in activities.
BATCH: Final = 500


def viewers(definition: Definition) -> dict[str, Any]:
    """Who may see a document in each state."""
    return {state.id: (state.permissions.get(VIEW), state.inherit) for state in definition.state.values()}


def announce_new_viewers(tool: IFolder, workflow_id: str) -> None:
    """Tell the catalog of all documents with that workflow: of a batch now, of the others in activities of ``tool``."""
    site = tool.getPortalObject()
    portal_types = [info.__name__ for info in site.portal_types.iterate() if workflow_id in info.workflow_list]
    if portal_types:
        announce_portal_types(tool, portal_types)


def announce_portal_types(tool: IFolder, portal_types: list[str]) -> None:
    """The same for all documents of some portal types: their workflows are others now."""
    site = tool.getPortalObject()
    uids = [brain.uid for brain in site.portal_catalog.unrestrictedSearchResults(portal_type=portal_types)]
    if uids:
        announce(tool, uids[:BATCH])
    for start in range(BATCH, len(uids), BATCH):
        tool.activate(tag="new_viewers").announce_new_viewers(uids[start : start + BATCH])


def on_portal_type_modified(event: DocumentModified) -> None:
    """The workflows of a portal type are others now: who may see its documents may have changed."""
    document = event.document
    if isinstance(document, PortalType) and "workflow_list" in event.changed:
        site = document.getPortalObject()
        if site is not None:
            announce_portal_types(site["portal_workflow"], [document.__name__])


def announce(tool: IFolder, uids: Iterable[int]) -> None:
    """Have documents, and what they hold, catalogued anew; those that are gone by now are passed over."""
    catalog = tool.getPortalObject().portal_catalog
    for document in list(catalog.unrestrictedSearchResults(uid=list(uids)).documents()):
        notify(DocumentModified(document))
        announce_to_children(document)
