"""Worklists: how many documents wait for the current user, and the catalog query that finds them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from wendelin.core.errors import QueryError
from wendelin.core.interfaces import IFolder
from wendelin.core.model.workflow.definition import Definition, Worklist
from wendelin.core.security import PUBLIC, get_user

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """A worklist that is not empty, as one user sees it."""

    id: str
    title: str
    count: int
    query: dict[str, Any]
    workflow_id: str

    attribute_permissions = dict.fromkeys(("id", "title", "count", "query", "workflow_id"), PUBLIC)


def waiting(tool: IFolder) -> list[Waiting]:
    """The non-empty worklists of all workflows that are for the current user, in the order of workflow ids."""
    found = []
    for workflow in tool.iterate():
        for worklist in workflow.definition.worklist.values():
            if _is_for(worklist):
                query = _query(workflow.definition, worklist)
                count = _count(tool, workflow.definition, worklist, query)
                if count:
                    title = worklist.title.replace("%(count)s", str(count))
                    found.append(Waiting(worklist.id, title, count, query, workflow.definition.id))
    return found


def _is_for(worklist: Worklist) -> bool:
    user = get_user()
    if user.is_anonymous:
        return False
    return user.is_system or not worklist.roles or not user.roles.isdisjoint(worklist.roles)


def _query(definition: Definition, worklist: Worklist) -> dict[str, Any]:
    query = dict(worklist.query)
    if worklist.portal_type:
        query["portal_type"] = list(worklist.portal_type)
    if worklist.state:
        query[definition.state_variable] = list(worklist.state)
    return query


def _count(tool: IFolder, definition: Definition, worklist: Worklist, query: dict[str, Any]) -> int:
    """How many wait; 0 for a worklist whose query makes no sense: the others have to be shown."""
    try:
        return int(tool.getPortalObject().portal_catalog.countResults(**query)[0][0])
    except QueryError as error:
        logger.error("the worklist %s of %s cannot be counted: %s", worklist.id, definition.id, error)
        return 0
