"""``portal_workflow``: user actions, their list, history, mass actions, worklists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.model.workflow.paper_workflow import PAPER, changed
from wendelin.core.errors import NotFound, Unauthorized, UnsupportedWorkflowMethod, ValidationFailed
from wendelin.core.model.workflow.chains import history_of
from wendelin.core.security import ANONYMOUS, ASSIGNEE, ASSIGNOR, AUTHOR, MANAGER, User, as_user, require_attribute

AMY = User("amy", frozenset({AUTHOR}))
CLERK = User("clerk", frozenset({ASSIGNEE}))


@pytest.fixture
def tool(site: Any) -> Any:
    return site.portal_workflow


@pytest.fixture
def paper(papers: Any) -> Any:
    with as_user(AMY):
        return papers.newContent(portal_type="Paper")


def last(document: Any) -> dict[str, Any]:
    return history_of(document, "paper_workflow")[-1]


def test_an_action_takes_the_method_behind_it(paper: Any, tool: Any) -> None:
    with as_user(AMY):
        tool.doActionFor(paper, "submit_action", comment="please")
    assert paper.getPaperState() == "submitted"
    assert (last(paper)["action"], last(paper)["comment"], last(paper)["actor"]) == ("submit", "please", "amy")


def test_who_passes_the_actions_guard_needs_not_pass_that_of_the_method(paper: Any, tool: Any) -> None:
    paper.submit()
    with as_user(CLERK):
        with pytest.raises(UnsupportedWorkflowMethod):
            paper.accept()
        tool.doActionFor(paper, "accept_action")
    assert paper.getPaperState() == "accepted"


def test_the_condition_of_the_method_counts_all_the_same(papers: Any, tool: Any) -> None:
    bad = papers.newContent(id="bad", portal_type="Paper")
    bad.submit()
    with as_user(CLERK), pytest.raises(Unauthorized):
        tool.doActionFor(bad, "accept_action")


def test_an_action_that_is_not_for_the_user(paper: Any, tool: Any) -> None:
    with as_user(CLERK), pytest.raises(Unauthorized, match=r"'clerk'.*submit_action"):
        tool.doActionFor(paper, "submit_action")


@pytest.mark.parametrize("action", ["accept_action", "nonsense"])
def test_an_action_that_the_state_has_not(paper: Any, tool: Any, action: str) -> None:
    with pytest.raises(UnsupportedWorkflowMethod, match=action):
        tool.doActionFor(paper, action)


def test_an_action_of_another_workflow(paper: Any, tool: Any) -> None:
    with pytest.raises(UnsupportedWorkflowMethod):
        tool.doActionFor(paper, "submit_action", wf_id="other_workflow")
    tool.doActionFor(paper, "submit_action", wf_id="paper_workflow")


def test_an_action_may_change_the_state_itself_and_a_method_may_be_asked_for(paper: Any, tool: Any) -> None:
    tool.doActionFor(paper, "sign_action")
    assert last(paper)["action"] == "sign_action"
    tool.doActionFor(paper, "retract")
    assert paper.getPaperState() == "draft"


class TestConsistency:
    @pytest.fixture
    def inconsistent(self, paper: Any) -> Any:
        paper._p_activate()
        paper.__dict__["checkConsistency"] = lambda: ["Title must be defined", "Reference must be defined"]
        return paper

    def test_all_messages_are_told_and_recorded(self, inconsistent: Any, tool: Any) -> None:
        with pytest.raises(ValidationFailed) as caught:
            tool.doActionFor(inconsistent, "submit_action", comment="please")
        assert caught.value.message_list == ["Title must be defined", "Reference must be defined"]
        assert inconsistent.getPaperState() == "draft"
        entry = last(inconsistent)
        assert (entry["action"], entry["comment"]) == ("submit_action", "please")
        assert entry["error_message"] == "Title must be defined\nReference must be defined"

    def test_a_method_does_not_check(self, inconsistent: Any) -> None:
        inconsistent.submit()
        assert inconsistent.getPaperState() == "submitted"

    def test_an_action_can_do_without(self, inconsistent: Any, tool: Any) -> None:
        tool["paper_workflow"].set_data(changed(PAPER, submit_action={"check_consistency": False}))
        tool.doActionFor(inconsistent, "submit_action")
        assert inconsistent.getPaperState() == "submitted"

    def test_an_after_script_that_fails_leaves_no_false_record(self, paper: Any, tool: Any) -> None:
        def fail(change: dict[str, Any]) -> None:
            raise ValidationFailed(["too late"])

        paper.__dict__["fail"] = fail
        tool["paper_workflow"].set_data(changed(PAPER, submit={"after_script": "fail"}))
        with pytest.raises(ValidationFailed, match="too late"):
            tool.doActionFor(paper, "submit_action")
        assert not last(paper)["error_message"]


def test_scripts_of_the_action_run_around_the_method(paper: Any, tool: Any) -> None:
    seen: list[tuple[str, str]] = []
    note = {"before_script": "note", "after_script": "note"}
    tool["paper_workflow"].set_data(changed(PAPER, submit_action=note))
    paper.__dict__["note"] = lambda change: seen.append((change["transition"], paper.getPaperState()))
    tool.doActionFor(paper, "submit_action")
    assert seen == [("submit_action", "draft"), ("submit_action", "submitted")]


def test_the_action_menu(paper: Any, tool: Any) -> None:
    with as_user(AMY):
        assert tool.getActionList(paper) == [("submit_action", "Submit", "paper_workflow")]
    with as_user(CLERK):
        assert tool.getActionList(paper) == []
    paper.submit()
    with as_user(CLERK):
        assert tool.getActionList(paper) == [("accept_action", "Accept", "paper_workflow")]
    with as_user(ANONYMOUS):
        assert tool.getActionList(paper) == []


def test_what_is_possible(paper: Any, tool: Any) -> None:
    with as_user(AMY):
        assert tool.isTransitionPossible(paper, "submit") and tool.isTransitionPossible(paper, "submit_action")
        assert not tool.isTransitionPossible(paper, "accept")
        assert not tool.isTransitionPossible(paper, "nonsense")
        assert not tool.isTransitionPossible(paper, "submit", wf_id="other")
    with as_user(ANONYMOUS):
        assert not tool.isTransitionPossible(paper, "submit")


def test_information(paper: Any, tool: Any) -> None:
    paper.submit(comment="c")
    assert tool.getInfoFor(paper, "paper_state") == "submitted"
    assert tool.getInfoFor(paper, "comment") == "c"
    history = tool.getInfoFor(paper, "history", wf_id="paper_workflow")
    assert [entry["paper_state"] for entry in history] == ["draft", "submitted"]
    history[0]["actor"] = "forged"
    assert tool.getInfoFor(paper, "history")[0]["actor"] == "amy"
    assert tool.getStatusOf("paper_workflow", paper)["paper_state"] == "submitted"
    assert tool.getStatusOf("other_workflow", paper) is None
    assert tool.getInfoFor(paper, "nothing", None) is None
    assert tool.getChainFor(paper) == ("paper_workflow",)
    assert tool.getStateItemList(paper) == [("paper_state", "submitted", "Submitted")]
    with pytest.raises(NotFound, match="nothing"):
        tool.getInfoFor(paper, "nothing")


def test_the_history_for_people(paper: Any, tool: Any) -> None:
    paper.submit(comment="c")
    newest, oldest = tool.getHistoryList(paper)
    assert (newest["action_title"], newest["state_title"], newest["workflow_title"], newest["comment"]) == (
        *("Submit", "Submitted", "Paper Workflow", "c"),
    )
    assert (oldest["actor"], oldest["action"], oldest["state"]) == ("amy", "", "draft")


def test_information_is_for_those_who_may_see_the_document(papers: Any, tool: Any) -> None:
    data = changed(PAPER, draft={"permissions": {"Access contents information": ["Owner"]}})
    tool["paper_workflow"].set_data(data)
    paper = papers.newContent(portal_type="Paper")
    for ask in (
        lambda: tool.getInfoFor(paper, "paper_state"),
        lambda: tool.getStatusOf("paper_workflow", paper),
        lambda: tool.getHistoryList(paper),
        lambda: tool.getStateItemList(paper),
    ):
        with as_user(CLERK), pytest.raises(Unauthorized):
            ask()


def test_many_documents_at_once(papers: Any, tool: Any) -> None:
    first, second, third = (papers.newContent(portal_type="Paper") for _ in range(3))
    second.submit()
    third.__dict__["checkConsistency"] = lambda: ["bad"]
    refused = tool.doActionForList([first, second, third], "submit_action", "all")
    assert list(refused) == [second.getPath(), third.getPath()]
    assert refused[third.getPath()] == "bad"
    assert [paper.getPaperState() for paper in (first, second, third)] == ["submitted", "submitted", "draft"]


def test_a_late_failure_stops_a_mass_action(papers: Any, tool: Any) -> None:
    def fail(change: dict[str, Any]) -> None:
        raise ValidationFailed(["too late"])

    tool["paper_workflow"].set_data(changed(PAPER, submit={"after_script": "fail"}))
    paper = papers.newContent(portal_type="Paper")
    paper.__dict__["fail"] = fail
    with pytest.raises(ValidationFailed):
        tool.doActionForList([paper], "submit_action")


WORKLIST = {
    "id": "papers",
    "title": "Papers to Accept (%(count)s)",
    "portal_type": ["Paper"],
    "state": ["submitted"],
    "roles": [ASSIGNOR, MANAGER],
}


def test_worklists_are_for_their_roles(papers: Any, site: Any, tool: Any) -> None:
    for name in [name for name in tool.objectIds() if name != "paper_workflow"]:
        tool.manage_delObjects([name])
    data = changed(PAPER, submitted={"permissions": {"View": [ASSIGNOR, MANAGER, ASSIGNEE]}})
    tool["paper_workflow"].set_data({**data, "state_variable": "validation_state", "worklist": [WORKLIST]})
    assert tool.listActions() == []
    for _ in range(2):
        papers.newContent(portal_type="Paper").submit()
    papers.newContent(portal_type="Paper")
    with as_user(User("boss", frozenset({ASSIGNOR}))):
        (waiting,) = tool.listActions()
        assert (waiting.id, waiting.title, waiting.count) == ("papers", "Papers to Accept (2)", 2)
        assert waiting.query == {"portal_type": ["Paper"], "validation_state": ["submitted"]}
        assert len(site.portal_catalog(**waiting.query)) == 2
    for user in (CLERK, ANONYMOUS):
        with as_user(user):
            assert tool.listActions() == []


def test_a_worklist_that_cannot_be_counted_stops_no_other(papers: Any, site: Any, tool: Any, caplog: Any) -> None:
    wrong = {**WORKLIST, "id": "wrong", "query": {"no_such_column": 1}}
    tool["paper_workflow"].set_data({**PAPER, "state_variable": "validation_state", "worklist": [wrong, WORKLIST]})
    papers.newContent(portal_type="Paper").submit()
    with as_user(User("boss", frozenset({ASSIGNOR, MANAGER}))):
        assert "papers" in [waiting.id for waiting in tool.listActions()]
    assert "the worklist wrong of paper_workflow cannot be counted" in caplog.text


def test_only_managers_change_workflows(papers: Any, tool: Any) -> None:
    workflow = tool["paper_workflow"]
    with as_user(CLERK):
        for name in ("getDefinitionText", "setDefinitionText", "edit"):
            with pytest.raises(Unauthorized):
                require_attribute(workflow, name)
        for name in ("set_data", "_set_data", "definition", "to_data"):
            with as_user(User("m", frozenset({MANAGER}))), pytest.raises(Unauthorized):
                require_attribute(workflow, name)
        require_attribute(tool, "doActionFor")
        with pytest.raises(Unauthorized):
            require_attribute(tool, "newContent")
