"""Transitions on real documents: guards, scripts, history, events, permissions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.core.model.workflow.paper_workflow import PAPER, changed
from wendelin.core.errors import AttributeNotFound, BadRequest, UnsupportedWorkflowMethod, WorkflowError
from wendelin.core.model.objects.events import DocumentModified, StateChanged, subscribed
from wendelin.core.model.workflow import recataloguing
from wendelin.core.model.workflow.chains import history_of
from wendelin.core.model.workflow.engine import AUTOMATIC_LIMIT, EDIT_HISTORY_LIMIT, record_edit, set_state
from wendelin.core.model.workflow.workflow import Workflow
from wendelin.core.security import (
    ANONYMOUS,
    ASSIGNEE,
    ASSIGNOR,
    AUTHOR,
    MANAGER,
    MODIFY,
    VIEW,
    User,
    allowed_principals,
    allowed_roles,
    as_user,
    check_permission,
    principals_of,
)

AMY = User("amy", frozenset({AUTHOR}))
BOSS = User("boss", frozenset({ASSIGNOR}))


@pytest.fixture
def paper(papers: Any) -> Any:
    with as_user(AMY):
        return papers.newContent(portal_type="Paper")


def actions_of(document: Any) -> list[str]:
    return [entry["action"] for entry in history_of(document, "paper_workflow")]


def test_a_new_document_is_in_the_initial_state(paper: Any) -> None:
    assert (paper.getPaperState(), paper.getPaperStateTitle()) == ("draft", "Draft")
    assert paper.getTranslatedPaperStateTitle() == "Draft"
    (entry,) = paper.workflow_history["paper_workflow"]
    assert (entry["actor"], entry["paper_state"], entry["comment"], entry["error_message"]) == ("amy", "draft", "", "")


def test_a_transition_changes_state_history_and_permissions(paper: Any) -> None:
    with as_user(AMY):
        paper.submit(comment="please")
    assert paper.getPaperState() == "submitted"
    entry = paper.workflow_history["paper_workflow"][-1]
    assert (entry["action"], entry["actor"], entry["comment"]) == ("submit", "amy", "please")
    assert entry["time"].tzinfo is UTC and datetime.now(UTC) - entry["time"] < timedelta(minutes=1)
    assert not check_permission(MODIFY, paper, AMY)
    assert check_permission(MODIFY, paper, BOSS)


def test_the_first_history_entry_stays(paper: Any) -> None:
    paper.submit()
    paper.retract()
    assert actions_of(paper) == ["", "submit", "retract"]


def test_a_transition_that_the_state_does_not_list_is_refused(paper: Any) -> None:
    with pytest.raises(UnsupportedWorkflowMethod, match=r"'accept'.*paper_module/1.*paper_state=draft"):
        paper.accept()
    assert actions_of(paper) == [""]


def test_a_guard_asks_for_a_permission(paper: Any) -> None:
    with as_user(User("eve", frozenset({AUTHOR}))), pytest.raises(UnsupportedWorkflowMethod, match="'eve'"):
        paper.submit()
    with as_user(AMY):
        paper.submit()


def test_a_guard_asks_for_a_role(paper: Any) -> None:
    paper.submit()
    with as_user(User("m", frozenset({MANAGER}))), pytest.raises(UnsupportedWorkflowMethod):
        paper.accept()
    with as_user(BOSS):
        paper.accept()
    assert paper.getPaperState() == "accepted"


def test_a_guard_may_be_a_local_role(paper: Any) -> None:
    paper.submit()
    paper.manage_setLocalRoles("cat", [ASSIGNOR])
    with as_user(User("cat")):
        paper.accept()
    assert paper.getPaperState() == "accepted"


def test_a_guard_evaluates_its_condition(papers: Any) -> None:
    bad = papers.newContent(id="bad", portal_type="Paper")
    bad.submit()
    with as_user(BOSS), pytest.raises(UnsupportedWorkflowMethod):
        bad.accept()


@pytest.mark.parametrize("condition", ["1 / 0", "nothing", "here.noSuchMethod()", "here.__class__", "import os"])
def test_a_bad_condition_names_itself(papers: Any, site: Any, condition: str) -> None:
    site.portal_workflow["paper_workflow"].set_data(changed(PAPER, submit={"condition": condition}))
    paper = papers.newContent(portal_type="Paper")
    with pytest.raises(WorkflowError, match=r"expression .* on /erp5/paper_module/1"):
        paper.submit()


def test_a_user_who_may_not_see_what_the_condition_asks_does_not_pass(papers: Any, site: Any) -> None:
    data = changed(PAPER, submit={"permission": "", "condition": "python: portal.portal_types.getTitle() != ''"})
    site.portal_workflow["paper_workflow"].set_data(data)
    paper = papers.newContent(portal_type="Paper")
    with as_user(ANONYMOUS), pytest.raises(UnsupportedWorkflowMethod):
        paper.submit()
    paper.submit()


def test_scripts_run_before_and_after(papers: Any, site: Any) -> None:
    seen = []
    note = {"before_script": "noteBefore", "after_script": "noteAfter"}
    site.portal_workflow["paper_workflow"].set_data(changed(PAPER, submit=note))
    paper = papers.newContent(portal_type="Paper")
    paper._p_activate()
    paper.__dict__["noteBefore"] = lambda change: seen.append((paper.getPaperState(), change["new_state"]))
    paper.__dict__["noteAfter"] = lambda change: seen.append((paper.getPaperState(), change["kwargs"]))
    paper.submit(comment="c", speed=3)
    assert seen == [("draft", "submitted"), ("submitted", {"speed": 3})]


def test_a_before_script_can_refuse(papers: Any, site: Any) -> None:
    def refuse(change: dict[str, Any]) -> None:
        raise ValueError("no")

    site.portal_workflow["paper_workflow"].set_data(changed(PAPER, submit={"before_script": "refuse"}))
    paper = papers.newContent(portal_type="Paper")
    paper.__dict__["refuse"] = refuse
    with pytest.raises(ValueError, match="no"):
        paper.submit()
    assert paper.getPaperState() == "draft"


def test_a_missing_script_is_told(papers: Any, site: Any) -> None:
    site.portal_workflow["paper_workflow"].set_data(changed(PAPER, submit={"before_script": "Paper_gone"}))
    with pytest.raises(AttributeNotFound, match="Paper_gone"):
        papers.newContent(portal_type="Paper").submit()


def test_a_change_of_state_is_announced(paper: Any) -> None:
    events: list[StateChanged] = []
    with subscribed(StateChanged, events.append):
        paper.submit()
    (event,) = events
    assert (event.document, event.workflow_id, event.old_state, event.new_state, event.action) == (
        *(paper, "paper_workflow", "draft", "submitted", "submit"),
    )


def test_content_hears_of_a_change_of_who_may_see_it(papers: Any, site: Any, add_type: Any) -> None:
    add_type("Sheet of Paper")
    add_type("Folded Paper", workflow_list=["paper_workflow"], allowed_content_type_list=["Sheet of Paper", "Paper"])
    site.portal_types["Paper Module"].edit(allowed_content_type_list=["Folded Paper"])
    folded = papers.newContent(portal_type="Folded Paper")
    sheet = folded.newContent(id="sheet", portal_type="Sheet of Paper")
    folded.newContent(id="paper", portal_type="Paper")
    events: list[DocumentModified] = []
    with subscribed(DocumentModified, events.append):
        folded.submit()
    assert [event.document for event in events] == [sheet]
    assert allowed_roles(VIEW, sheet) == allowed_roles(VIEW, folded)


def test_automatic_transitions_follow(papers: Any, site: Any) -> None:
    data = changed(PAPER, accept={"trigger": "automatic", "roles": []}, accept_action={"method": "retract"})
    site.portal_workflow["paper_workflow"].set_data(data)
    paper = papers.newContent(portal_type="Paper")
    paper.submit()
    assert actions_of(paper) == ["", "submit", "accept"]
    bad = papers.newContent(id="bad", portal_type="Paper")
    bad.submit()
    assert bad.getPaperState() == "submitted"


def test_automatic_transitions_in_a_circle_are_stopped(papers: Any, site: Any) -> None:
    data = changed(PAPER, accept={"trigger": "automatic", "roles": [], "new_state": "submitted"})
    data = changed(data, accept_action={"method": "retract"})
    site.portal_workflow["paper_workflow"].set_data(data)
    paper = papers.newContent(portal_type="Paper")
    with pytest.raises(WorkflowError, match="circle"):
        paper.submit()
    assert actions_of(paper).count("accept") == AUTOMATIC_LIMIT


def test_a_changed_workflow_counts_at_once(papers: Any, site: Any) -> None:
    paper = papers.newContent(portal_type="Paper")
    assert not check_permission(VIEW, paper, ANONYMOUS)
    workflow = site.portal_workflow["paper_workflow"]
    workflow.setDefinitionText(workflow.getDefinitionText().replace('"Owner"', '"Anonymous"'))
    assert check_permission(VIEW, paper, ANONYMOUS)
    workflow.set_data(
        changed(PAPER, submit={"id": "send"}, draft={"transitions": ["send"]}, submit_action={"method": "send"})
    )
    paper.send()
    assert paper.getPaperState() == "submitted"
    with pytest.raises(AttributeNotFound):
        _ = paper.submit


class TestNewViewers:
    """A change of a workflow's permissions reaches the catalog."""

    def change(self, site: Any) -> None:
        data = changed(PAPER, draft={"permissions": {"View": ["Anonymous"]}})
        site.portal_workflow["paper_workflow"].set_data(data)

    def seen(self, site: Any) -> int:
        with as_user(ANONYMOUS):
            return len(site.portal_catalog(portal_type="Paper"))

    def test_at_once(self, papers: Any, site: Any) -> None:
        for _ in range(3):
            papers.newContent(portal_type="Paper")
        assert self.seen(site) == 0
        self.change(site)
        assert self.seen(site) == 3

    def test_many_in_activities(self, papers: Any, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        later: list[Any] = []
        monkeypatch.setattr(recataloguing, "BATCH", 2)
        monkeypatch.setattr(type(site.portal_workflow), "activate", lambda self, **kw: Later(later))
        for _ in range(5):
            papers.newContent(portal_type="Paper")
        assert self.seen(site) == 0
        self.change(site)
        assert (self.seen(site), [len(uids) for uids in later]) == (2, [2, 1])
        papers.manage_delObjects([papers.objectIds()[-1]])
        for uids in later:
            site.portal_workflow.announce_new_viewers(uids)
        assert self.seen(site) == 4

    def test_the_rest_is_queued(self, papers: Any, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recataloguing, "BATCH", 1)
        for _ in range(2):
            papers.newContent(portal_type="Paper")
        self.change(site)
        assert site.portal_activities.hasActivity(document=site.portal_workflow)


class Later:
    """Notes what an activity would be asked to do."""

    def __init__(self, later: list[Any]) -> None:
        self.announce_new_viewers = later.append


def test_a_renamed_workflow_keeps_its_new_id(papers: Any, site: Any) -> None:
    site.portal_workflow.manage_renameObject("paper_workflow", "new_workflow")
    assert site.portal_workflow["new_workflow"].definition.id == "new_workflow"


def test_a_workflow_made_in_the_browser(site: Any, add_type: Any, papers: Any) -> None:
    workflow = site.portal_workflow.newContent(id="made_workflow", portal_type="Workflow")
    text = site.portal_workflow["paper_workflow"].getDefinitionText()
    workflow.edit(definition_text=text.replace("paper_state", "made_state"))
    add_type("Made", module="made_module", workflow_list=["made_workflow"])
    made = site.made_module.newContent(portal_type="Made")
    assert made.getMadeState() == "draft"
    assert workflow.getTitle() == "Paper Workflow"
    for bad in ("[[", "colour = 3"):
        with pytest.raises(BadRequest):
            workflow.edit(definition_text=bad)
    assert made.getMadeState() == "draft"


def test_a_state_that_is_gone_leaves_the_document_to_managers(paper: Any, site: Any) -> None:
    paper.submit()
    data = {**PAPER, "state": [{"id": "draft"}, PAPER["state"][2], PAPER["state"][3], {"id": "submitted2"}]}
    data["transition"] = [{**entry, "new_state": ""} for entry in PAPER["transition"]]
    site.portal_workflow["paper_workflow"].set_data(data)
    assert allowed_roles(VIEW, paper) == {MANAGER}
    assert paper.getPaperStateTitle() == "submitted"
    with pytest.raises(UnsupportedWorkflowMethod):
        paper.accept()


def test_a_state_leaves_what_it_does_not_list_to_managers_or_to_the_container(paper: Any) -> None:
    paper.submit()
    with as_user(BOSS):
        paper.accept()
    assert allowed_roles(MODIFY, paper) == {MANAGER}
    set_state(paper, "paper_workflow", "torn")
    assert allowed_roles(VIEW, paper) == allowed_roles(VIEW, paper.getParentValue())


def test_principals_agree_with_the_decision_in_every_state(paper: Any) -> None:
    users = [ANONYMOUS, AMY, BOSS, User("cat"), User("m", frozenset({MANAGER})), User("a", frozenset({ASSIGNEE}))]
    paper.manage_setLocalRoles("cat", [ASSIGNEE])
    for state in ("draft", "submitted", "accepted", "torn"):
        set_state(paper, "paper_workflow", state)
        for user in users:
            for permission in (VIEW, MODIFY):
                met = not principals_of(user).isdisjoint(allowed_principals(permission, paper))
                assert met == check_permission(permission, paper, user), (state, user, permission)


def test_the_first_workflow_that_manages_a_permission_answers(site: Any, add_type: Any, add_workflow: Any) -> None:
    first = {
        "state_variable": "first_state",
        "initial_state": "on",
        "state": [{"id": "on", "permissions": {MODIFY: ["Author"]}}],
    }
    add_workflow("first_workflow", first)
    add_workflow("paper_workflow", PAPER)
    add_type("Paper", module="paper_module", workflow_list=["first_workflow", "paper_workflow"])
    paper = site.paper_module.newContent(portal_type="Paper")
    assert allowed_roles(MODIFY, paper) == {AUTHOR}
    assert allowed_roles(VIEW, paper) == {"Owner", MANAGER}


def test_set_state_needs_no_transition(paper: Any) -> None:
    set_state(paper, "paper_workflow", "accepted", comment="installed")
    assert paper.getPaperState() == "accepted"
    set_state(paper, "paper_workflow", "accepted")
    assert len(actions_of(paper)) == 2
    with pytest.raises(WorkflowError, match="no state 'x'"):
        set_state(paper, "paper_workflow", "x")
    with pytest.raises(WorkflowError, match="not in the chain"):
        set_state(paper, "other_workflow", "draft")


def test_variables_are_worked_out_for_each_entry(papers: Any, site: Any) -> None:
    variable = {"id": "title_then", "expression": "here.getTitle() + state_change.get('comment', '')"}
    site.portal_workflow["paper_workflow"].set_data({**PAPER, "variable": [variable]})
    paper = papers.newContent(id="p", portal_type="Paper")
    paper.submit(comment="!")
    assert [entry["title_then"] for entry in history_of(paper, "paper_workflow")] == ["p", "p!"]


def test_a_copy_starts_anew_and_a_temporary_copy_leaves_the_original_alone(paper: Any) -> None:
    paper.submit()
    assert paper.Base_createCloneDocument().getPaperState() == "draft"
    copy = paper.asContext()
    copy.retract()
    assert (copy.getPaperState(), paper.getPaperState()) == ("draft", "submitted")


def test_state_and_history_survive_a_commit(paper: Any, commit: Any, connection: Any) -> None:
    commit()
    paper.submit()
    commit()
    connection.cacheMinimize()
    assert paper.getPaperState() == "submitted" and actions_of(paper) == ["", "submit"]


class TestEditRecord:
    @pytest.fixture
    def note(self, site: Any, add_type: Any, add_workflow: Any) -> Any:
        if "edit_workflow" not in site.portal_workflow:
            add_workflow("edit_workflow", EDIT)
        add_type("Note", module="note_module", workflow_list=["edit_workflow"])
        return site.note_module.newContent(portal_type="Note")

    def count(self, note: Any) -> int:
        return len(history_of(note, "edit_workflow"))

    def test_edits_of_one_transaction_are_one_entry(self, note: Any, commit: Any) -> None:
        note.edit(title="one")
        note.edit(title="two")
        assert self.count(note) == 2
        commit()
        with as_user(AMY):
            note.edit(title="three")
        assert self.count(note) == 3
        assert history_of(note, "edit_workflow")[-1]["actor"] == "amy"

    def test_a_comment_is_always_kept(self, note: Any) -> None:
        record_edit(note)
        record_edit(note, comment="because")
        assert [entry["comment"] for entry in history_of(note, "edit_workflow")][-1] == "because"

    def test_a_long_record_loses_its_middle(self, note: Any) -> None:
        for number in range(EDIT_HISTORY_LIMIT + 5):
            record_edit(note, comment=str(number))
        history = history_of(note, "edit_workflow")
        assert len(history) == EDIT_HISTORY_LIMIT
        assert history[0]["action"] == "" and history[-1]["comment"] == str(EDIT_HISTORY_LIMIT + 4)

    def test_types_without_the_workflow_keep_no_record(self, papers: Any) -> None:
        paper = papers.newContent(portal_type="Paper")
        paper.edit(title="x")
        assert "edit_workflow" not in paper.workflow_history


EDIT = {"state_variable": "edit_state", "initial_state": "current", "state": [{"id": "current"}]}


def test_a_workflow_knows_its_place(papers: Any, site: Any) -> None:
    workflow = site.portal_workflow["paper_workflow"]
    assert isinstance(workflow, Workflow) and workflow.getPath() == "/erp5/portal_workflow/paper_workflow"
    assert workflow.getStateTitleList() == ["Draft", "Submitted", "Accepted", "torn"]
