"""Running transitions: guards, scripts, history, events.

Scripts of a transition are called as methods of the document (usually skin methods) with one argument, the dict
``state_change``: object, workflow_id, transition, old_state, new_state, comment, kwargs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from persistent.mapping import PersistentMapping

from wendelin.core import contracts
from wendelin.core.errors import UnsupportedWorkflowMethod, WorkflowError
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.events import DocumentModified, StateChanged, notify
from wendelin.core.model.workflow.chains import chain_of, current_state, history_of, state_roles
from wendelin.core.model.workflow.definition import AUTOMATIC, Definition, Transition
from wendelin.core.model.workflow.expressions import evaluate_expression
from wendelin.core.model.workflow.once_per_transaction import first_time
from wendelin.core.model.workflow.transition_guards import guard_allows
from wendelin.core.security import VIEW, get_user

EDIT_WORKFLOW: Final = "edit_workflow"
#: Entries of edit_workflow that a document keeps: the first and the latest. State changes are all kept.
EDIT_HISTORY_LIMIT: Final = 200
#: Automatic transitions that may follow one another before the workflow counts as running in a circle.
AUTOMATIC_LIMIT: Final = 20


@contracts.begin_workflows.provides
def initialise(document: IDocument) -> None:
    """Put a new document into the initial state of each workflow of its chain that it has no history of."""
    for definition in chain_of(document).definitions:
        if definition.state and not history_of(document, definition.id):
            record(document, definition, action="", state=definition.initial_state)
            _run_automatic(document, definition)


def record(
    document: IDocument,
    definition: Definition,
    action: str,
    state: str,
    comment: str = "",
    error_message: str = "",
    state_change: dict[str, Any] | None = None,
) -> None:
    """Append one entry to the history of a workflow."""
    entry = {
        "action": action,
        "actor": get_user().id,
        "comment": comment,
        "time": datetime.now(UTC),
        "error_message": error_message,
        definition.state_variable: state,
    }
    for variable in definition.variable.values():
        entry[variable.id] = evaluate_expression(variable.expression, document, state_change)
    _append(document, definition.id, (*history_of(document, definition.id), entry))


def _append(document: IDocument, workflow_id: str, history: tuple[dict[str, Any], ...]) -> None:
    histories = document.workflow_history
    if not histories or document.isTempObject():  # a temporary copy shares the mapping of its original
        document.workflow_history = PersistentMapping(histories or {})
    document.workflow_history[workflow_id] = history


@contracts.record_edit.provides
def record_edit(document: IDocument, comment: str = "") -> None:
    """Note in edit_workflow that the document was edited: once per transaction, unless there is a comment.

    Documents whose chain lacks edit_workflow keep no such record. Long records lose their middle, not the first.
    """
    definition = next((found for found in chain_of(document).definitions if found.id == EDIT_WORKFLOW), None)
    if definition is None or not (first_time(document, EDIT_WORKFLOW) or comment):
        return
    record(document, definition, "edit", current_state(document, definition), comment)
    history = history_of(document, EDIT_WORKFLOW)
    if len(history) > EDIT_HISTORY_LIMIT:
        _append(document, EDIT_WORKFLOW, (history[0], *history[-EDIT_HISTORY_LIMIT + 1 :]))


def leaves_state(document: IDocument, definition: Definition, transition: Transition) -> bool:
    """Whether the document's present state lists the transition."""
    state = definition.state.get(current_state(document, definition))
    return state is not None and transition.id in state.transitions


def execute(
    document: IDocument,
    definition: Definition,
    transition: Transition,
    comment: str = "",
    kw: Mapping[str, Any] | None = None,
) -> None:
    """Run a transition whose guard has been checked, and the automatic ones that become possible by it."""
    _take(document, definition, transition, comment, kw)
    _run_automatic(document, definition)


def _take(
    document: IDocument,
    definition: Definition,
    transition: Transition,
    comment: str = "",
    kw: Mapping[str, Any] | None = None,
) -> None:
    old_state = current_state(document, definition)
    state_change: dict[str, Any] = {
        "object": document,
        "workflow_id": definition.id,
        "transition": transition.id,
        "old_state": old_state,
        "new_state": transition.new_state or old_state,
        "comment": comment,
        "kwargs": dict(kw or {}),
    }
    run_script(document, transition.before_script, state_change)
    _change_state(document, definition, transition.id, state_change["new_state"], comment, state_change)
    run_script(document, transition.after_script, state_change)


def set_state(document: IDocument, workflow_id: str, state: str, comment: str = "") -> None:
    """Put a document into a state without a transition: for installations and imports. Raises WorkflowError."""
    for definition in chain_of(document).definitions:
        if definition.id == workflow_id:
            if state not in definition.state:
                raise WorkflowError(f"workflow {workflow_id} has no state {state!r}")
            if current_state(document, definition) != state or not history_of(document, workflow_id):
                _change_state(document, definition, "", state, comment)
            return
    raise WorkflowError(f"workflow {workflow_id} is not in the chain of {document.getPath()}")


def _change_state(
    document: IDocument,
    definition: Definition,
    action: str,
    state: str,
    comment: str,
    state_change: dict[str, Any] | None = None,
) -> None:
    old_state = current_state(document, definition)
    old_readers = state_roles(document, VIEW)
    record(document, definition, action, state, comment, state_change=state_change)
    notify(StateChanged(cast(Document, document), definition.id, old_state, state, action))
    if state_roles(document, VIEW) != old_readers:
        announce_to_children(document)


def announce_to_children(document: IDocument) -> None:
    """Who may see a document has changed: so it has for the content that leaves the answer to it."""
    for child in document.objectValues() if hasattr(type(document), "objectValues") else ():
        if state_roles(child, VIEW) is None:
            notify(DocumentModified(child, frozenset()))
            announce_to_children(child)


def run_script(document: IDocument, script_id: str, state_change: dict[str, Any]) -> None:
    """Call a script of a transition or interaction, if one is named."""
    if script_id:
        getattr(document, script_id)(state_change)


def _run_automatic(document: IDocument, definition: Definition) -> None:
    for _ in range(AUTOMATIC_LIMIT):
        transition = _next_automatic(document, definition)
        if transition is None:
            return
        _take(document, definition, transition)
    raise WorkflowError(f"workflow {definition.id}: automatic transitions of {document.getPath()} run in a circle")


def _next_automatic(document: IDocument, definition: Definition) -> Transition | None:
    state = definition.state.get(current_state(document, definition))
    for transition_id in state.transitions if state is not None else ():
        transition = definition.transition[transition_id]
        if transition.trigger == AUTOMATIC and guard_allows(document, transition):
            return transition
    return None


def refuse(document: IDocument, transition_id: str) -> UnsupportedWorkflowMethod:
    """The error for a transition that cannot be taken: it says which, on what, in which states, for whom."""
    states = ", ".join(
        f"{d.state_variable}={current_state(document, d)}" for d in chain_of(document).definitions if d.state
    )
    return UnsupportedWorkflowMethod(
        f"{transition_id!r} is not possible on {document.getPath()} ({states}) for {get_user().id!r}"
    )
