"""Reading, checking and giving back the data of workflows."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wendelin.core
from tests.core.model.workflow.paper_workflow import PAPER, changed
from wendelin.core.errors import WorkflowError
from wendelin.core.model.workflow.definition import read_definition
from wendelin.core.model.workflow.workflow import Workflow
from wendelin.core.security import MANAGER, ROLES

SHIPPED = sorted(
    path
    for root in ("core", "plugins")
    for path in (Path(wendelin.core.__file__).parent.parent / root).glob("**/template/workflows/*.toml")
)


def problems_of(data: dict[str, Any]) -> str:
    with pytest.raises(WorkflowError) as caught:
        read_definition("x", data)
    return str(caught.value)


def test_the_data_comes_back_as_it_was() -> None:
    data = deepcopy(PAPER)
    workflow = Workflow.from_data("paper_workflow", data)
    assert workflow.to_data() == PAPER
    assert list(workflow.to_data()) == list(PAPER)
    data["title"] = "changed afterwards"
    workflow.to_data()["state"].clear()
    assert workflow.to_data() == PAPER


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)), max_size=8)
ids = st.sampled_from(["a", "b", "c"])


@given(
    st.fixed_dictionaries(
        {"state_variable": st.just("s"), "initial_state": st.just("a")},
        optional={"title": texts, "description": texts},
    ),
    st.dictionaries(st.sampled_from(["View", "Modify portal content"]), st.lists(st.sampled_from(ROLES), max_size=3)),
    st.lists(st.tuples(texts, st.booleans()), max_size=3),
)
def test_any_valid_data_survives_text_and_back(head: Any, permissions: Any, transitions: Any) -> None:
    data = {
        **head,
        "state": [{"id": "a", "permissions": permissions, "transitions": [f"t{n}" for n in range(len(transitions))]}],
        "transition": [
            {"id": f"t{number}", "title": title, "new_state": "a", "hidden": hidden}
            for number, (title, hidden) in enumerate(transitions)
        ],
    }
    workflow = Workflow.from_data("w", data)
    assert tomllib.loads(workflow.getDefinitionText()) == workflow.to_data() == data


def test_every_problem_is_told_at_once() -> None:
    text = problems_of({"state": [{"id": "a", "colour": "red"}, {"title": 3, "id": "b"}], "tranition": []})
    assert "unknown key 'tranition'" in text
    assert "state a: unknown key 'colour'" in text
    assert "state b: title must be a str, not 3" in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"draft": {"transitions": ["fly"]}}, "state draft: transition fly does not exist"),
        ({"submit": {"new_state": "mars"}}, "transition submit: new_state mars does not exist"),
        ({"submit_action": {"method": "sign_action"}}, "method sign_action is not a method transition"),
        ({"submit": {"method": "accept"}}, "only a user transition has a method"),
        ({"submit": {"trigger": "magic"}}, "trigger must be one of method, user, automatic"),
        ({"tear": {"trigger": "automatic", "new_state": ""}}, "an automatic transition needs a new_state"),
        ({"draft": {"permissions": {"View": "Manager"}}}, "must give a list of roles for each permission"),
        ({"draft": {"transitions": [1]}}, "must be a list of strings"),
        ({"draft": {"id": "submitted"}}, "state submitted is there twice"),
        ({"submit": {"id": "sub mit"}}, "its id is not an identifier"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], told: str) -> None:
    assert told in problems_of(changed(PAPER, **changes))


def test_the_initial_state_must_be_there() -> None:
    assert "initial_state 'heaven' is not one of its states" in problems_of({**PAPER, "initial_state": "heaven"})
    assert "state_variable ''" in problems_of({**PAPER, "state_variable": ""})
    assert "transitions and no state" in problems_of({"transition": [{"id": "go"}]})


def test_interactions_need_methods_that_are_patterns() -> None:
    assert "'methods' is missing" in problems_of({"interaction": [{"id": "i"}]})
    assert "not a regular expression" in problems_of({"interaction": [{"id": "i", "methods": ["("]}]})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
class TestShipped:
    def test_it_is_sound_and_comes_back_exactly(self, path: Path) -> None:
        data = tomllib.loads(path.read_text())
        assert Workflow.from_data(path.stem, data).to_data() == data

    def test_it_names_known_roles_only(self, path: Path) -> None:
        definition = read_definition(path.stem, tomllib.loads(path.read_text()))
        named = {role for state in definition.state.values() for roles in state.permissions.values() for role in roles}
        named.update(role for transition in definition.transition.values() for role in transition.roles)
        assert named <= set(ROLES)

    def test_anonymous_views_published_states_and_changes_none(self, path: Path) -> None:
        definition = read_definition(path.stem, tomllib.loads(path.read_text()))
        for state in definition.state.values():
            for permission, roles in state.permissions.items():
                reads = permission in ("View", "Access contents information") and state.id in (
                    "published",
                    "published_alive",
                )
                assert ("Anonymous" in roles) == reads, (state.id, permission)

    def test_managers_are_never_locked_out(self, path: Path) -> None:
        definition = read_definition(path.stem, tomllib.loads(path.read_text()))
        for state in definition.state.values():
            assert all(MANAGER in roles for roles in state.permissions.values()), state.id
        assert all(not t.roles or MANAGER in t.roles for t in definition.transition.values())

    def test_every_transition_leaves_some_state(self, path: Path) -> None:
        definition = read_definition(path.stem, tomllib.loads(path.read_text()))
        left = {transition for state in definition.state.values() for transition in state.transitions}
        assert left == set(definition.transition)
