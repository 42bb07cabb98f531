"""The workflows of each portal type, ready to use: one table per site and connection, made anew when types change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from wendelin.core import contracts
from wendelin.core.interfaces import IDocument, ISite
from wendelin.core.model.workflow.definition import Definition, Interaction
from wendelin.core.security import ONLY_MANAGER

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chain:
    """The workflows of a portal type, in order, and the permissions that any of them manages."""

    definitions: tuple[Definition, ...]
    managed_permissions: frozenset[str]
    has_interactions: bool = False
    #: What others remember with the chain, so that it is forgotten with it: hooks by (portal type, method name),
    #: compiled methods by portal type.
    hooks: dict[tuple[str, str], tuple[Interaction, ...]] = field(default_factory=dict, compare=False)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)

    @property
    def interactions(self) -> Iterable[Interaction]:
        """Every interaction of every workflow in the chain."""
        return (interaction for definition in self.definitions for interaction in definition.interaction.values())


EMPTY_CHAIN: Final = Chain((), frozenset())


def get_chain(site: ISite, workflow_list: Iterable[str]) -> Chain:
    """The chain of the named workflows. One that is not installed is left out, and a warning says so."""
    ids = tuple(workflow_list)
    if not ids or site is None:
        return EMPTY_CHAIN
    chains: dict[tuple[str, ...], Chain] = site.compiled("workflow chains")
    if ids not in chains:
        chains[ids] = _make_chain(site, ids)
    return chains[ids]


def _make_chain(site: ISite, ids: tuple[str, ...]) -> Chain:
    tool = site.get("portal_workflow")
    found = {workflow_id: tool.get(workflow_id) if tool is not None else None for workflow_id in ids}
    missing = [workflow_id for workflow_id, workflow in found.items() if workflow is None]
    if missing:
        log.warning("workflow %s is in the chain of a portal type but not installed", ", ".join(missing))
    definitions = tuple(workflow.definition for workflow in found.values() if workflow is not None)
    managed = frozenset(permission for definition in definitions for permission in definition.managed_permissions)
    return Chain(definitions, managed, any(definition.interaction for definition in definitions))


def chain_of(document: IDocument) -> Chain:
    """The chain of a document; empty for what has no portal type. It is remembered with the compiled type."""
    if not hasattr(type(document), "getTypeInfo"):
        return EMPTY_CHAIN
    info = document.getTypeInfo()
    if not info.workflow_list:
        return EMPTY_CHAIN
    chain = vars(info).get("workflow_chain")
    if chain is None:
        chain = get_chain(document.getPortalObject(), info.workflow_list)
        vars(info)["workflow_chain"] = chain
    return chain


def history_of(document: IDocument, workflow_id: str) -> tuple[dict[str, Any], ...]:
    """The entries of one workflow, oldest first."""
    return tuple((getattr(document, "workflow_history", None) or {}).get(workflow_id, ()))


def current_state(document: IDocument, definition: Definition) -> str:
    """The id of the document's state; the initial one where the workflow came to the document later."""
    history = (getattr(document, "workflow_history", None) or {}).get(definition.id)
    return history[-1].get(definition.state_variable, definition.initial_state) if history else definition.initial_state


@contracts.state_roles.provides
def state_roles(document: IDocument, permission: str) -> frozenset[str] | None:
    """The roles that the first workflow managing ``permission`` gives it in the document's state; None: not managed.

    A state that says nothing of a permission which another state of its workflow lists, and a state that the workflow
    does not know any more, give it to Manager; a state with ``inherit`` leaves it to the container.
    """
    chain = chain_of(document)
    if permission not in chain.managed_permissions:
        return None
    for definition in chain.definitions:
        if permission in definition.managed_permissions:
            state = definition.state.get(current_state(document, definition))
            if state is None:
                return ONLY_MANAGER
            return state.permissions.get(permission, None if state.inherit else ONLY_MANAGER)
    return None
