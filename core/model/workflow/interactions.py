"""Interactions: scripts before, after, at commit or in a worker, around calls of a document's methods.

Generated accessors and workflow methods can always be hooked. A method of a document class can be hooked when its
class says so with `wendelin.core.model.objects.editing.hookable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any

from wendelin.core import contracts
from wendelin.core.interfaces import IDocument
from wendelin.core.model.workflow.chains import Chain, chain_of
from wendelin.core.model.workflow.definition import Interaction
from wendelin.core.model.workflow.engine import run_script
from wendelin.core.model.workflow.expressions import holds
from wendelin.core.model.workflow.once_per_transaction import before_commit, first_time
from wendelin.core.security import User, as_user, get_user

#: Interactions under way, so that a script which calls the hooked method again does not start itself again.
_running: ContextVar[frozenset[tuple[int, int]]] = ContextVar("wendelin_interactions", default=frozenset())


@contracts.run_hooked.provides
def run_hooked(
    document: IDocument, name: str, method: Callable[..., Any], args: tuple[Any, ...], kw: Mapping[str, Any]
) -> Any:
    """``method(document, ...)`` with the interactions that hook ``name`` on the document around it."""
    chain = chain_of(document)
    hooks = _hooks(chain, document.portal_type, name) if chain.has_interactions else ()
    return _call(document, name, method, hooks, args, dict(kw)) if hooks else method(document, *args, **kw)


def hook_accessors(chain: Chain, portal_type: str, methods: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """``methods`` with those wrapped that an interaction of the chain hooks."""
    if not chain.has_interactions:
        return dict(methods)
    return {name: _hooked(chain, portal_type, name, method) for name, method in methods.items()}


def _hooked(chain: Chain, portal_type: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    hooks = _hooks(chain, portal_type, name)
    if not hooks:
        return method

    @wraps(method)
    def call(self: IDocument, *args: Any, **kw: Any) -> Any:
        return _call(self, name, method, hooks, args, kw)

    return call


def _hooks(chain: Chain, portal_type: str, name: str) -> tuple[Interaction, ...]:
    """The interactions that hook ``name`` on documents of a portal type; remembered with the chain."""
    key = (portal_type, name)
    found = chain.hooks.get(key)
    if found is None:
        of_type = (i for i in chain.interactions if not i.portal_type or portal_type in i.portal_type)
        found = chain.hooks[key] = tuple(interaction for interaction in of_type if interaction.matches(name))
    return found


def _call(
    document: IDocument,
    name: str,
    method: Callable[..., Any],
    hooks: tuple[Interaction, ...],
    args: tuple[Any, ...],
    kw: dict[str, Any],
) -> Any:
    state_change: dict[str, Any] = {"object": document, "method": name, "args": args, "kwargs": kw, "result": None}
    active = [interaction for interaction in hooks if _applies(document, interaction, state_change)]
    with _under_way(document, active):
        for interaction in active:
            run_script(document, interaction.before_script, state_change)
        state_change["result"] = method(document, *args, **kw)
        for interaction in active:
            run_script(document, interaction.after_script, state_change)
            _schedule(document, interaction, state_change)
    return state_change["result"]


def _applies(document: IDocument, interaction: Interaction, state_change: dict[str, Any]) -> bool:
    groups = interaction.portal_type_group
    if (id(document), id(interaction)) in _running.get():
        return False
    if document.isTempObject() and not interaction.temporary_document:
        return False
    if groups and not set(groups).intersection(document.getTypeInfo().type_group_list):
        return False
    if not holds(interaction.condition, document, state_change):
        return False
    return not interaction.once_per_transaction or first_time(document, ("interaction", interaction.id))


@contextmanager
def _under_way(document: IDocument, interactions: list[Interaction]) -> Iterator[None]:
    token = _running.set(_running.get() | {(id(document), id(interaction)) for interaction in interactions})
    try:
        yield
    finally:
        _running.reset(token)


def _schedule(document: IDocument, interaction: Interaction, state_change: dict[str, Any]) -> None:
    if interaction.before_commit_script:
        script = partial(run_script, document, interaction.before_commit_script, state_change)
        before_commit(document, partial(_run_as, get_user(), script))
    if interaction.activate_script:
        getattr(document.activate(**interaction.activate), interaction.activate_script)()


def _run_as(user: User, function: Callable[[], None]) -> None:
    with as_user(user):
        function()
