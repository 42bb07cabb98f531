"""Interactions: what runs around the methods of documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.model.workflow.paper_workflow import PAPER
from wendelin.core.model.objects.editing import hookable
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import MODIFY, User, as_user, get_user, protected


class Tape(Folder):
    """A document class with hookable methods."""

    written: tuple[str, ...] = ()

    @protected(MODIFY)
    @hookable
    def write(self, text: str, times: int = 1) -> int:
        """Add a text."""
        self.written = (*self.written, *[text] * times)
        return len(self.written)

    def plain(self) -> str:
        return "plain"


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture
def make(site: Any, add_type: Any, add_workflow: Any, add_sheet: Any, monkeypatch: Any, seen: list[Any]) -> Any:
    """``make(methods=[...], before_script="before", ...)``: a Tape with one interaction; scripts write to ``seen``."""

    def note(kind: str) -> Any:
        return lambda self, change=None: seen.append(
            (kind, change and (change["method"], change["args"], change["result"]))
        )

    for kind in ("before", "after", "later"):
        monkeypatch.setattr(Tape, kind, note(kind), raising=False)

    def made(temp_object: bool = False, **interaction: Any) -> Any:
        add_workflow("tape_interaction_workflow", {"interaction": [{"id": "watch", **interaction}]})
        add_workflow("paper_workflow", PAPER)
        add_sheet("Tape", property=[{"id": "label"}])
        add_type(
            "Tape",
            module="tape_module",
            type_class=f"{Tape.__module__}.Tape",
            property_sheet_list=["Tape"],
            workflow_list=["paper_workflow", "tape_interaction_workflow"],
            type_group_list=["item"],
        )
        return site.tape_module.newContent(portal_type="Tape", temp_object=temp_object)

    return made


def test_scripts_before_and_after_a_method(make: Any, seen: list[Any]) -> None:
    tape = make(methods=["write"], before_script="before", after_script="after")
    assert tape.write("x", times=2) == 2
    assert seen == [("before", ("write", ("x",), None)), ("after", ("write", ("x",), 2))]


def test_only_matching_methods_are_hooked(make: Any, seen: list[Any]) -> None:
    tape = make(methods=["writ"], before_script="before")
    tape.write("x")
    assert seen == []


def test_accessors_are_hooked(make: Any, seen: list[Any]) -> None:
    tape = make(methods=["_?setLabel"], after_script="after", once_per_transaction=True)
    tape.setLabel("a")
    tape.edit(label="b")
    assert (seen, tape.getLabel()) == ([("after", ("setLabel", ("a",), None))], "b")


def test_edit_goes_through_hooked_setters(make: Any, seen: list[Any]) -> None:
    tape = make(methods=["_setLabel"], before_script="before")
    tape.edit(label="b")
    assert [kind for kind, _ in seen] == ["before"]


def test_transitions_are_hooked_also_when_an_action_takes_them(make: Any, seen: list[Any], site: Any) -> None:
    tape = make(methods=["submit"], after_script="after")
    tape.submit()
    tape.retract()
    site.portal_workflow.doActionFor(tape, "submit_action")
    assert [change[0] for _, change in seen] == ["submit", "submit"]


def test_once_per_transaction(make: Any, seen: list[Any], commit: Any) -> None:
    tape = make(methods=["write"], before_script="before", once_per_transaction=True)
    other = tape.getParentValue().newContent(portal_type="Tape")
    tape.write("a")
    tape.write("b")
    other.write("c")
    assert len(seen) == 2
    commit()
    tape.write("d")
    assert len(seen) == 3


def test_before_commit(make: Any, seen: list[Any], commit: Any, site: Any) -> None:
    tape = make(methods=["write"], before_commit_script="later", once_per_transaction=True)
    users = []
    type(tape).later = lambda self, change: (users.append(get_user().id), seen.append(self.written))
    with as_user(User("amy")):
        tape.write("a")
        tape.write("b")
    assert seen == []
    commit()
    assert (seen, users) == ([("a", "b")], ["amy"])


def test_an_aborted_transaction_forgets(make: Any, seen: list[Any], commit: Any, connection: Any) -> None:
    tape = make(methods=["write"], before_commit_script="later", once_per_transaction=True)
    commit()
    tape.write("a")
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    commit()
    assert seen == []
    tape.write("b")
    commit()
    assert len(seen) == 1


def test_temporary_documents_are_left_alone_unless_asked(make: Any, seen: list[Any]) -> None:
    make(temp_object=True, methods=["write"], before_script="before").write("x")
    assert seen == []


def test_temporary_documents_where_asked(make: Any, seen: list[Any]) -> None:
    make(temp_object=True, methods=["write"], before_script="before", temporary_document=True).write("x")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("restriction", "runs"),
    [
        ({"portal_type": ["Tape"]}, True),
        ({"portal_type": ["Other"]}, False),
        ({"portal_type_group": ["item"]}, True),
        ({"portal_type_group": ["delivery"]}, False),
        ({"condition": "state_change['args'][0] == 'x'"}, True),
        ({"condition": "here.getTitle() == 'elsewhere'"}, False),
    ],
    ids=str,
)
def test_restrictions(make: Any, seen: list[Any], restriction: dict[str, Any], runs: bool) -> None:
    make(methods=["write"], before_script="before", **restriction).write("x")
    assert bool(seen) is runs


def test_a_script_that_calls_the_method_again_does_not_start_itself(make: Any, seen: list[Any]) -> None:
    tape = make(methods=["write"], after_script="again")
    type(tape).again = lambda self, change: (seen.append("again"), self.write("more"))
    tape.write("x")
    assert (seen, tape.written) == (["again"], ("x", "more"))


def test_a_changed_interaction_counts_at_once(make: Any, seen: list[Any], site: Any) -> None:
    tape = make(methods=["write"], before_script="before")
    interaction = {"id": "watch", "methods": ["setLabel"], "before_script": "before"}
    site.portal_workflow["tape_interaction_workflow"].set_data({"interaction": [interaction]})
    tape.write("x")
    tape.setLabel("y")
    assert [change[0] for _, change in seen] == ["setLabel"]


def test_the_mark_keeps_the_declaration_and_the_documentation() -> None:
    assert Tape.write.__permission__ == MODIFY  # type: ignore[attr-defined]
    assert Tape.write.__doc__ == "Add a text."
