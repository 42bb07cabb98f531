"""``portal_workflow``: the workflows of the site, and what scripts and the web ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wendelin.core.errors import NotFound, Unauthorized, UnsupportedWorkflowMethod, ValidationFailed
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.workflow.chains import chain_of, current_state, history_of
from wendelin.core.model.workflow.definition import METHOD, USER, Definition, Transition
from wendelin.core.model.workflow.engine import execute, record, refuse, run_script
from wendelin.core.model.workflow.interactions import run_hooked
from wendelin.core.model.workflow.methods import leaving, possible, state_items
from wendelin.core.model.workflow.recataloguing import announce
from wendelin.core.model.workflow.transition_guards import condition_allows, guard_allows
from wendelin.core.model.workflow.worklists import Waiting, waiting
from wendelin.core.security import (
    ACCESS,
    SERVICE_PERMISSION_MAP,
    VIEW_HISTORY,
    check_permission,
    get_user,
    private,
    public,
    require_permission,
)

#: What a history entry holds that is not the document's own: who did it and what they said. Needs "View history".
SAID_BY_PEOPLE = frozenset({"history", "actor", "comment", "error_message"})
_RAISE = object()


class WorkflowTool(Folder):
    """Holds `Workflow` documents. Its methods check guards and permissions for themselves."""

    portal_type = "Workflow Tool"
    permission_map = SERVICE_PERMISSION_MAP

    def _attach(self, id: str, document: Document) -> None:
        super()._attach(id, document)
        self._touch_types()

    @private
    def detach(self, id: str) -> Document:
        """As every folder's, and forget what was remembered of the child."""
        document = super().detach(id)
        self._touch_types()
        return document

    def _touch_types(self) -> None:
        site = self.getPortalObject()
        if site is not None:
            site.touch_types()

    @private
    def announce_new_viewers(self, uids: Iterable[int]) -> None:
        """Have documents catalogued anew: called later, when the permissions of a workflow have changed."""
        announce(self, uids)

    @public
    def doActionFor(
        self, document: IDocument, action_id: str, comment: str = "", wf_id: str | None = None, **kw: Any
    ) -> None:
        """Take a user action: check the document, run its scripts and the method transition behind it.

        Who passes the action's guard need not have the permission that the method transition asks of those who call
        it. Raises UnsupportedWorkflowMethod when no workflow has the action in the document's state, Unauthorized when
        it is not for the user, ValidationFailed with every message of checkConsistency (recorded in the history).
        """
        definition, transition = self._find_action(document, action_id, wf_id)
        old_state = current_state(document, definition)
        try:
            self._check(document, transition)
            _take(document, definition, transition, comment, kw)
        except ValidationFailed as error:
            if current_state(document, definition) == old_state:
                message = "\n".join(error.message_list)
                record(document, definition, action_id, old_state, comment, error_message=message)
            raise

    def _find_action(self, document: IDocument, action_id: str, wf_id: str | None) -> tuple[Definition, Transition]:
        found = [pair for pair in leaving(document, action_id, USER, METHOD) if wf_id in (None, pair[0].id)]
        if not found:
            raise refuse(document, action_id)
        for definition, transition in found:
            if guard_allows(document, transition) and _method_possible(document, definition, transition):
                return definition, transition
        raise Unauthorized(f"{get_user().id!r} may not take {action_id!r} on {document.getPath()}")

    def _check(self, document: IDocument, transition: Transition) -> None:
        if transition.trigger == USER and transition.check_consistency:
            messages = [str(message) for message in document.checkConsistency()]
            if messages:
                raise ValidationFailed(messages)

    @public
    def doActionForList(
        self, document_list: Iterable[Any], action_id: str, comment: str = "", wf_id: str | None = None
    ) -> dict[str, str]:
        """Take one action on many documents; returns ``{path: reason}`` for those that could not take it.

        What fails before the state has changed is left as it was. A script that fails later raises, and the caller
        has to abort: half of its work is done.
        """
        refused = {}
        for document in document_list:
            before = state_items(document)
            try:
                self.doActionFor(document, action_id, comment, wf_id)
            except (Unauthorized, UnsupportedWorkflowMethod, ValidationFailed) as error:
                if state_items(document) != before:
                    raise
                refused[document.getPath()] = str(error)
        return refused

    @public
    def isTransitionPossible(self, document: IDocument, transition_id: str, wf_id: str | None = None) -> bool:
        """Whether the current user could take the transition, method or user action, now."""
        return any(wf_id in (None, definition.id) for definition, _ in possible(document, transition_id, METHOD, USER))

    @public
    def getActionList(self, document: IDocument) -> list[tuple[str, str, str]]:
        """``(action id, title, workflow id)`` of the user actions for the Action menu, in the workflow's order."""
        actions = []
        for definition in chain_of(document).definitions:
            for transition in definition.transition.values():
                if (
                    transition.trigger != USER
                    or transition.hidden
                    or transition.id not in _leaving(document, definition)
                ):
                    continue
                if guard_allows(document, transition) and _method_possible(document, definition, transition):
                    actions.append((transition.id, transition.title or transition.id, definition.id))
        return actions

    @public
    def getInfoFor(self, document: IDocument, name: str, default: object = _RAISE, wf_id: str | None = None) -> Any:
        """A value of the latest history entry, by name; ``"history"``: all entries as a list of dicts, oldest first.

        Raises NotFound where no workflow of the chain has that value and no ``default`` is given.
        """
        require_permission(ACCESS, document)
        for definition in chain_of(document).definitions:
            if wf_id not in (None, definition.id):
                continue
            history = history_of(document, definition.id)
            if name in SAID_BY_PEOPLE:
                require_permission(VIEW_HISTORY, document)
            if name == "history":
                return [dict(entry) for entry in history]
            if name == definition.state_variable:
                return current_state(document, definition)
            if history and name in history[-1]:
                return history[-1][name]
        if default is _RAISE:
            raise NotFound(f"no workflow of {document.getPath()} has {name!r}")
        return default

    @public
    def getStatusOf(self, wf_id: str, document: IDocument) -> dict[str, Any] | None:
        """The latest history entry of one workflow, or None."""
        require_permission(ACCESS, document)
        history = history_of(document, wf_id)
        if not history:
            return None
        hidden = () if check_permission(VIEW_HISTORY, document) else SAID_BY_PEOPLE
        return {name: value for name, value in history[-1].items() if name not in hidden}

    @public
    def getHistoryList(self, document: IDocument) -> list[dict[str, Any]]:
        """Every entry of every workflow for people to read, newest first.

        Keys: time actor workflow workflow_title action action_title state state_title comment error_message.
        """
        require_permission(ACCESS, document)
        require_permission(VIEW_HISTORY, document)
        entries = [
            _readable(definition, entry)
            for definition in chain_of(document).definitions
            for entry in history_of(document, definition.id)
        ]
        return sorted(entries, key=lambda entry: entry["time"], reverse=True)

    @public
    def getStateItemList(self, document: IDocument) -> list[tuple[str, str, str]]:
        """``(state variable, state id, state title)`` of each workflow of the document that has states."""
        require_permission(ACCESS, document)
        return state_items(document)

    @public
    def getChainFor(self, document: IDocument) -> tuple[str, ...]:
        """The ids of the document's workflows, in order."""
        return tuple(definition.id for definition in chain_of(document).definitions)

    @public
    def listActions(self) -> list[Waiting]:
        """The worklists of the current user that are not empty, with counts and the query that lists the documents."""
        return waiting(self)


def _leaving(document: IDocument, definition: Definition) -> list[str]:
    state = definition.state.get(current_state(document, definition))
    return state.transitions if state is not None else []


def _method_possible(document: IDocument, definition: Definition, transition: Transition) -> bool:
    """Whether the state lists the method behind an action, and its condition holds."""
    if not transition.method:
        return True
    method = definition.transition[transition.method]
    return method.id in _leaving(document, definition) and condition_allows(document, method)


def _take(
    document: IDocument, definition: Definition, transition: Transition, comment: str, kw: Mapping[str, Any]
) -> None:
    if transition.trigger == METHOD:
        run_hooked(document, transition.id, lambda _: execute(document, definition, transition, comment, kw), (), {})
        return
    if not transition.method:
        execute(document, definition, transition, comment, kw)
        return
    method = definition.transition[transition.method]
    state_change = {
        "object": document,
        "workflow_id": definition.id,
        "transition": transition.id,
        "old_state": current_state(document, definition),
        "new_state": method.new_state,
        "comment": comment,
        "kwargs": dict(kw),
    }
    run_script(document, transition.before_script, state_change)
    run_hooked(document, method.id, lambda _: execute(document, definition, method, comment, kw), (), {})
    run_script(document, transition.after_script, state_change)


def _readable(definition: Definition, entry: Mapping[str, Any]) -> dict[str, Any]:
    action, state = entry.get("action") or "", entry.get(definition.state_variable) or ""
    transition, known = definition.transition.get(action), definition.state.get(state)
    return {
        "time": entry["time"],
        "actor": entry.get("actor", ""),
        "workflow": definition.id,
        "workflow_title": definition.title or definition.id,
        "action": action,
        "action_title": transition.title if transition is not None and transition.title else action,
        "state": state,
        "state_title": known.title if known is not None and known.title else state,
        "comment": entry.get("comment", ""),
        "error_message": entry.get("error_message", ""),
    }
