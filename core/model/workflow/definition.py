"""What a workflow is made of, read from and checked against its data (the tables of a ``workflows/<id>.toml``).

The data is kept as it was given; the objects here are what the engine reads, made from it and never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final

from wendelin.core.errors import WorkflowError

METHOD: Final = "method"
USER: Final = "user"
AUTOMATIC: Final = "automatic"
TRIGGERS: Final = (METHOD, USER, AUTOMATIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state: which transitions leave it, and which roles have which permission in it (no other role has).

    A permission that it does not list, but another state of the workflow does, is for Manager; with ``inherit`` it is
    left to the container.
    """

    id: str
    title: str = ""
    description: str = ""
    transitions: list[str] = field(default_factory=list)
    permissions: dict[str, frozenset[str]] = field(default_factory=dict)
    inherit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A way to change the state. ``method``: called as a method of the document; ``user``: chosen in the Action menu,
    then calls the method transition named by ``method``; ``automatic``: taken as soon as its guard lets it."""

    id: str
    title: str = ""
    description: str = ""
    trigger: str = METHOD
    new_state: str = ""
    method: str = ""
    roles: list[str] = field(default_factory=list)
    permission: str = ""
    condition: str = ""
    before_script: str = ""
    after_script: str = ""
    check_consistency: bool = True
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """Documents that wait for somebody: shown with their number to users with one of ``roles``."""

    id: str
    title: str
    portal_type: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    query: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Scripts around calls of the methods whose whole name matches one of the patterns in ``methods``."""

    id: str
    methods: list[str]
    title: str = ""
    portal_type: list[str] = field(default_factory=list)
    portal_type_group: list[str] = field(default_factory=list)
    condition: str = ""
    before_script: str = ""
    after_script: str = ""
    before_commit_script: str = ""
    activate_script: str = ""
    activate: dict[str, Any] = field(default_factory=dict)
    once_per_transaction: bool = False
    temporary_document: bool = False

    def matches(self, name: str) -> bool:
        """Whether a method of that name is hooked."""
        return any(re.fullmatch(pattern, name) for pattern in self.methods)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One more value kept with every history entry: an expression, worked out when the entry is made."""

    id: str
    title: str = ""
    expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A whole workflow, by id where the data has lists."""

    id: str
    title: str = ""
    description: str = ""
    state_variable: str = ""
    initial_state: str = ""
    state: dict[str, State] = field(default_factory=dict)
    transition: dict[str, Transition] = field(default_factory=dict)
    worklist: dict[str, Worklist] = field(default_factory=dict)
    interaction: dict[str, Interaction] = field(default_factory=dict)
    variable: dict[str, Variable] = field(default_factory=dict)
    managed_permissions: frozenset[str] = frozenset()


_PARTS: Final = {
    "state": State,
    "transition": Transition,
    "worklist": Worklist,
    "interaction": Interaction,
    "variable": Variable,
}
_SCALARS: Final = ("title", "description", "state_variable", "initial_state")
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def read_definition(workflow_id: str, data: Mapping[str, Any]) -> Definition:
    """The definition in ``data``. Raises WorkflowError with every problem, one a line."""
    problems: list[str] = []
    scalars: dict[str, Any] = {name: _typed(data[name], str, name, problems) for name in _SCALARS if name in data}
    for key in data.keys() - set(_SCALARS) - set(_PARTS):
        problems.append(f"unknown key {key!r}")
    parts: dict[str, Any] = {name: _read_parts(name, cls, data.get(name, []), problems) for name, cls in _PARTS.items()}
    if not problems:
        definition = Definition(id=workflow_id, **scalars, **parts, managed_permissions=_managed(parts["state"]))
        problems = consistency_problems(definition)
    if problems:
        raise WorkflowError("\n".join(f"workflow {workflow_id}: {problem}" for problem in problems))
    return definition


def _managed(states: Mapping[str, State]) -> frozenset[str]:
    return frozenset(permission for state in states.values() for permission in state.permissions)


def _read_parts(name: str, cls: type, tables: object, problems: list[str]) -> dict[str, Any]:
    if not isinstance(tables, list):
        problems.append(f"{name!r} must be a list of tables, [[{name}]]")
        return {}
    parts: dict[str, Any] = {}
    for number, table in enumerate(tables, 1):
        part = _read_part(cls, table, f"{name} {table.get('id', number)}", problems)
        if part is None:
            continue
        if part.id in parts:
            problems.append(f"{name} {part.id} is there twice")
        parts[part.id] = part
    return parts


def _read_part(cls: type, table: Mapping[str, Any], where: str, problems: list[str]) -> Any:
    known = {item.name: item for item in fields(cls)}
    before = len(problems)
    problems.extend(f"{where}: unknown key {key!r}" for key in table if key not in known)
    for name, item in known.items():
        if name not in table and item.default is MISSING and item.default_factory is MISSING:
            problems.append(f"{where}: {name!r} is missing")
    values = {
        name: _read_value(value, str(known[name].type), f"{where}: {name}", problems)
        for name, value in table.items()
        if name in known
    }
    return None if len(problems) > before else cls(**values)


_FIELD_TYPES: Final[Mapping[str, type]] = {
    "str": str,
    "bool": bool,
    "list[str]": list,
    "dict[str, Any]": dict,
    "dict[str, frozenset[str]]": dict,
}


def _read_value(value: object, annotation: str, where: str, problems: list[str]) -> Any:
    """``value`` of a field so annotated; a table of lists of roles becomes one of frozensets."""
    value = _typed(value, _FIELD_TYPES[annotation], where, problems)
    if annotation == "list[str]" and not _is_text_list(value):
        problems.append(f"{where} must be a list of strings, not {value!r}")
    if annotation == "dict[str, frozenset[str]]" and isinstance(value, dict):
        if all(_is_text_list(roles) for roles in value.values()):
            return {permission: frozenset(roles) for permission, roles in value.items()}
        problems.append(f"{where} must give a list of roles for each permission")
    return value


def _is_text_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _typed(value: object, kind: type, where: str, problems: list[str]) -> Any:
    if not isinstance(value, kind):
        problems.append(f"{where} must be a {kind.__name__}, not {value!r}")
    return value


def consistency_problems(definition: Definition) -> list[str]:
    """References inside a definition that lead nowhere, and transitions that cannot work."""
    problems = []
    if definition.state:
        if not _IDENTIFIER.fullmatch(definition.state_variable):
            problems.append(f"state_variable {definition.state_variable!r} is not a name such as validation_state")
        if definition.initial_state not in definition.state:
            problems.append(f"initial_state {definition.initial_state!r} is not one of its states")
    elif definition.transition:
        problems.append("it has transitions and no state")
    for state in definition.state.values():
        unknown = [transition for transition in state.transitions if transition not in definition.transition]
        problems.extend(f"state {state.id}: transition {transition} does not exist" for transition in unknown)
    for transition in definition.transition.values():
        problems.extend(f"transition {transition.id}: {text}" for text in _transition_problems(definition, transition))
    for interaction in definition.interaction.values():
        problems.extend(f"interaction {interaction.id}: {text}" for text in _pattern_problems(interaction))
    return problems


def _transition_problems(definition: Definition, transition: Transition) -> list[str]:
    problems = []
    if not _IDENTIFIER.fullmatch(transition.id):
        problems.append("its id is not an identifier")
    if transition.trigger not in TRIGGERS:
        problems.append(f"trigger must be one of {', '.join(TRIGGERS)}, not {transition.trigger!r}")
    if transition.new_state and transition.new_state not in definition.state:
        problems.append(f"new_state {transition.new_state} does not exist")
    if transition.method:
        called = definition.transition.get(transition.method)
        if transition.trigger != USER:
            problems.append("only a user transition has a method")
        elif called is None or called.trigger != METHOD:
            problems.append(f"method {transition.method} is not a method transition of this workflow")
    if transition.trigger == AUTOMATIC and not transition.new_state:
        problems.append("an automatic transition needs a new_state")
    return problems


def _pattern_problems(interaction: Interaction) -> list[str]:
    problems = []
    for pattern in interaction.methods:
        try:
            re.compile(pattern)
        except re.error as error:
            problems.append(f"{pattern!r} is not a regular expression: {error}")
    return problems
