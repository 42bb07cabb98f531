"""The methods that workflows give to documents: ``validate()``, ``getValidationState()``, its title."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from wendelin.core import contracts
from wendelin.core.errors import WorkflowError
from wendelin.core.interfaces import IDocument, ISite
from wendelin.core.model.objects.properties import camel_case
from wendelin.core.model.workflow.chains import chain_of, current_state, get_chain
from wendelin.core.model.workflow.definition import METHOD, Definition, Transition
from wendelin.core.model.workflow.engine import execute, leaves_state, refuse
from wendelin.core.model.workflow.interactions import hook_accessors
from wendelin.core.model.workflow.transition_guards import guard_allows
from wendelin.core.security import ACCESS, PUBLIC

WorkflowMethod = Callable[..., Any]


@contracts.workflow_methods.provides
def type_methods(
    site: ISite, portal_type: str, workflow_list: Iterable[str], accessors: contracts.Methods
) -> contracts.Methods:
    """A type's accessors, hooked where an interaction says so, and the methods that its workflows bring."""
    chain = get_chain(site, workflow_list)
    return compile_methods(site, portal_type, workflow_list) | hook_accessors(chain, portal_type, accessors)


def compile_methods(site: ISite, portal_type: str, workflow_list: Iterable[str]) -> dict[str, WorkflowMethod]:
    """Functions ``(document, ...)`` for a portal type: its method transitions, and getters of its states.

    A transition checks its guard when it is called, so it needs no permission to be reached.
    """
    chain = get_chain(site, workflow_list)
    methods: dict[str, WorkflowMethod] = {}
    for definition in chain.definitions:
        if definition.state:
            methods.update(_state_getters(definition))
        for transition in definition.transition.values():
            if transition.trigger == METHOD:
                methods[transition.id] = _transition_method(transition)
    return hook_accessors(chain, portal_type, methods)


def workflow_methods(document: IDocument) -> dict[str, WorkflowMethod]:
    """The compiled methods of a document's portal type; remembered with its chain."""
    chain = chain_of(document)
    if not chain.definitions:
        return {}
    found = chain.methods.get(document.portal_type)
    if found is None:
        info = document.getTypeInfo()
        found = compile_methods(document.getPortalObject(), document.portal_type, info.workflow_list)
        chain.methods[document.portal_type] = found
    return found


def _transition_method(transition: Transition) -> WorkflowMethod:
    transition_id = transition.id

    def call(document: IDocument, comment: str = "", **kw: Any) -> None:
        available = list(possible(document, transition_id, METHOD))
        if not available:
            raise refuse(document, transition_id)
        for definition, found in available:
            execute(document, definition, found, comment, kw)

    call.__name__ = call.__qualname__ = transition_id
    call.__doc__ = f"{transition.description or transition.title or transition_id} (workflow transition)."
    call.__permission__ = PUBLIC  # type: ignore[attr-defined]
    return call


def possible(document: IDocument, transition_id: str, *triggers: str) -> Iterator[tuple[Definition, Transition]]:
    """Each workflow of the document's chain, with its transition of that id, that the user may take now."""
    for definition, transition in leaving(document, transition_id, *triggers):
        if guard_allows(document, transition):
            yield definition, transition


def leaving(document: IDocument, transition_id: str, *triggers: str) -> Iterator[tuple[Definition, Transition]]:
    """As :func:`possible`, for anybody: the guard is not asked."""
    for definition in chain_of(document).definitions:
        transition = definition.transition.get(transition_id)
        if transition is not None and transition.trigger in triggers and leaves_state(document, definition, transition):
            yield definition, transition


def _state_getters(definition: Definition) -> dict[str, WorkflowMethod]:
    def get_state(document: IDocument, default: object = None) -> str:
        return current_state(document, find_definition(document, definition.id))

    def get_title(document: IDocument, default: object = None) -> str:
        return state_title(document, find_definition(document, definition.id))

    get_state.__permission__ = get_title.__permission__ = ACCESS  # type: ignore[attr-defined]
    name = camel_case(definition.state_variable)
    return {f"get{name}": get_state, f"get{name}Title": get_title, f"getTranslated{name}Title": get_title}


def state_title(document: IDocument, definition: Definition) -> str:
    """The title of the document's state; its id where it has none."""
    state_id = current_state(document, definition)
    state = definition.state.get(state_id)
    return state.title or state_id if state is not None else state_id


def find_definition(document: IDocument, workflow_id: str) -> Definition:
    """The workflow of that id in the document's chain. Raises WorkflowError."""
    for definition in chain_of(document).definitions:
        if definition.id == workflow_id:
            return definition
    raise WorkflowError(f"workflow {workflow_id} is not in the chain of {document.getPath()}")


def state_items(document: IDocument) -> list[tuple[str, str, str]]:
    """``(state variable, state id, state title)`` for each workflow of the chain that has states."""
    return [
        (definition.state_variable, current_state(document, definition), state_title(document, definition))
        for definition in chain_of(document).definitions
        if definition.state
    ]
