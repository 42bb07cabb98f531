"""The workflows that core brings, on documents of a real site."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import wendelin.core
from wendelin.core.errors import UnsupportedWorkflowMethod
from wendelin.core.model.workflow.workflow import Workflow
from wendelin.core.security import (
    ACCESS,
    ADD,
    ANONYMOUS,
    ASSIGNEE,
    ASSIGNOR,
    AUDITOR,
    AUTHOR,
    MANAGER,
    MEMBER,
    MODIFY,
    VIEW,
    User,
    as_user,
    check_permission,
)

INGESTION = Path(wendelin.core.__file__).parent.parent / "plugins" / "ingestion" / "template" / "workflows"

OWNER_USER = User("owner", frozenset({AUTHOR}))
NOBODY = User("nobody")


def user(role: str) -> User:
    return User(f"a {role}", frozenset({role}))


@pytest.fixture
def make(site: Any, add_type: Any, add_sheet: Any) -> Any:
    """``make("validation_workflow")``: a function that creates documents with this workflow, owned by an author."""

    def made(workflow_id: str) -> Any:
        if workflow_id not in site.portal_workflow:
            data = tomllib.loads((INGESTION / f"{workflow_id}.toml").read_text())
            site.portal_workflow._setObject(workflow_id, Workflow.from_data(workflow_id, data))
        add_sheet("Sample", property=[{"id": "reference"}, {"id": "language"}])
        add_type("Part")
        add_type(
            "Sample",
            module="sample_module",
            workflow_list=[workflow_id],
            property_sheet_list=["Sample"],
            allowed_content_type_list=["Part"],
        )

        def create(**kw: Any) -> Any:
            with as_user(OWNER_USER):
                return site.sample_module.newContent(portal_type="Sample", **kw)

        return create

    return made


def may(permission: str, document: Any, *users: User) -> list[bool]:
    return [check_permission(permission, document, one) for one in users]


def test_validation(make: Any) -> None:
    document = make("validation_workflow")()
    assert document.getValidationState() == "draft"
    assert may(MODIFY, document, OWNER_USER, user(ASSIGNEE), user(AUTHOR), user(AUDITOR)) == [True, True, False, False]
    with as_user(OWNER_USER):
        document.validate()
    assert document.getValidationStateTitle() == "Validated"
    assert may(MODIFY, document, OWNER_USER, user(ASSIGNEE), user(MANAGER)) == [False, True, True]
    assert may(ADD, document, user(AUTHOR), user(AUDITOR)) == [True, False]
    assert may(VIEW, document, user(AUDITOR), NOBODY, ANONYMOUS) == [True, False, False]
    document.invalidate()
    document.delete()
    assert may(VIEW, document, OWNER_USER, user(MANAGER)) == [False, True]
    with pytest.raises(UnsupportedWorkflowMethod):
        document.validate()


def test_the_menu_of_validation(make: Any, site: Any) -> None:
    document = make("validation_workflow")()
    tool = site.portal_workflow
    with as_user(user(ASSIGNEE)):
        assert [action for action, *_ in tool.getActionList(document)] == ["validate_action"]
        tool.doActionFor(document, "validate_action")
        assert [title for _, title, _ in tool.getActionList(document)] == ["Invalidate"]
        tool.doActionFor(document, "invalidate_action")
        tool.doActionFor(document, "delete_action")
    with as_user(user(AUTHOR)):
        assert tool.getActionList(make_another(document)) == []


def make_another(document: Any) -> Any:
    return document.getParentValue().newContent(portal_type="Sample")


def test_data_supply(make: Any) -> None:
    document = make("data_supply_validation_workflow")()
    document.default()
    assert document.getValidationStateTitle() == "Default"
    document.invalidate()
    document.validate()
    document.default()
    document.validate()
    assert document.getValidationState() == "validated"


def test_data_simulation(make: Any, site: Any) -> None:
    create = make("data_simulation_workflow")
    document = create()
    for transition, state in (
        *(("plan", "planned"), ("confirm", "confirmed"), ("start", "started"), ("stop", "stopped")),
        *(("start", "started"), ("deliver", "delivered"), ("start", "started"), ("stop", "stopped")),
    ):
        getattr(document, transition)()
        assert document.getSimulationState() == state
    assert document.getSimulationStateTitle() == "Received"
    document.deliver()
    assert may(MODIFY, document, OWNER_USER, user(ASSIGNOR), user(MANAGER)) == [False, False, True]
    document = create()
    with as_user(OWNER_USER):
        assert [title for _, title, _ in site.portal_workflow.getActionList(document)] == [
            *("Declare as Received", "Declare as Delivered"),
        ]
        site.portal_workflow.doActionFor(document, "initial_stop_action")
    assert document.getSimulationState() == "stopped"


class TestPublication:
    @pytest.fixture
    def create(self, make: Any) -> Any:
        return make("document_publication_workflow")

    def test_anonymous_sees_what_is_published(self, create: Any) -> None:
        states = {}
        for transition in (
            "",
            "submit",
            "share",
            "share_alive",
            "release",
            "release_alive",
            "publish",
            "publish_alive",
        ):
            document = create()
            if transition:
                getattr(document, transition)()
            states[document.getValidationState()] = may(VIEW, document, ANONYMOUS, NOBODY, user(MEMBER), user(AUDITOR))
        assert states == {
            "draft": [False, False, False, True],
            "submitted": [False, False, False, True],
            "shared": [False, False, False, True],
            "shared_alive": [False, False, False, True],
            "released": [False, False, True, True],
            "released_alive": [False, False, True, True],
            "published": [True, True, True, True],
            "published_alive": [True, True, True, True],
        }

    def test_what_is_published_is_fixed_unless_alive(self, create: Any) -> None:
        document = create()
        document.publish()
        assert may(MODIFY, document, OWNER_USER, user(ASSIGNOR), user(MANAGER)) == [False, False, True]
        document.publish_alive()
        assert may(MODIFY, document, OWNER_USER, user(ASSIGNOR), ANONYMOUS) == [False, True, False]
        assert may(ACCESS, document, ANONYMOUS) == [True]

    def test_the_ways_back(self, create: Any) -> None:
        for transition, state in (("reject", "draft"), ("hide", "hidden"), ("archive", "archived")):
            document = create()
            document.publish_alive()
            with as_user(user(ASSIGNOR)):
                document.getPortalObject().portal_workflow.doActionFor(document, f"{transition}_action")
            assert document.getValidationState() == state
            assert may(VIEW, document, ANONYMOUS) == [False]

    def test_authors_submit_and_assignors_publish(self, create: Any, site: Any) -> None:
        document, tool = create(), site.portal_workflow
        with as_user(OWNER_USER):
            assert [title for _, title, _ in tool.getActionList(document)] == [
                *("Submit Document for Review", "Cancel Document Publication"),
            ]
            tool.doActionFor(document, "submit_action")
        with as_user(user(ASSIGNOR)):
            titles = [title for _, title, _ in tool.getActionList(document)]
            assert "Publish Document Alive" in titles and "Reject Document" in titles
            (worklist,) = tool.listActions()
            assert worklist.title == "Documents to Review (1)"
            tool.doActionFor(document, "publish_alive_action")
        assert document.getValidationState() == "published_alive"

    def test_the_newest_version_replaces_the_others(self, create: Any, site: Any) -> None:
        old, other_language, other = create(reference="a"), create(reference="a", language="fr"), create(reference="ab")
        nameless = create()
        for document in (old, other_language, other, nameless):
            document.publish_alive()
        new = create(reference="a")
        with as_user(user(ASSIGNOR)):
            site.portal_workflow.doActionFor(new, "publish_action")
        create().publish()
        assert [document.getValidationState() for document in (old, other_language, other, nameless, new)] == [
            *("archived", "published_alive", "published_alive", "published_alive", "published"),
        ]
        assert old.workflow_history["document_publication_workflow"][-1]["comment"].endswith(new.getRelativeUrl())

    def test_an_embedded_document_is_seen_with_what_holds_it(self, create: Any) -> None:
        document = create()
        document.embed()
        assert may(VIEW, document, user(AUDITOR), NOBODY) == may(VIEW, document.getParentValue(), user(AUDITOR), NOBODY)

    def test_content_without_a_workflow_is_published_with_its_document(self, create: Any, site: Any) -> None:
        document = create()
        part = document.newContent(id="part", portal_type="Part", title="x")
        with as_user(NOBODY):
            assert len(site.portal_catalog(portal_type="Part")) == 0
        document.publish()
        assert may(VIEW, part, ANONYMOUS) == [True]
        with as_user(NOBODY):
            assert len(site.portal_catalog(portal_type="Part")) == 1
        document.reject()
        with as_user(NOBODY):
            assert len(site.portal_catalog(portal_type="Part")) == 0


def test_category_publication(make: Any, site: Any) -> None:
    document = make("category_publication_workflow")()
    assert document.getValidationState() == "embedded"
    assert may(VIEW, document, ANONYMOUS, NOBODY, OWNER_USER) == [False, False, True]
    with as_user(user(ASSIGNOR)):
        assert [title for _, title, _ in site.portal_workflow.getActionList(document)] == [
            "Protect",
            "Publish",
            "Expire",
        ]
        site.portal_workflow.doActionFor(document, "publish_action")
    assert may(VIEW, document, ANONYMOUS) == [True]
    document.expire_published()
    assert may(VIEW, document, ANONYMOUS) == [False]
    document.protect()
    document.embed()
    assert document.getValidationStateTitle() == "Embedded"


def test_business_configuration(make: Any) -> None:
    document = make("business_configuration_simulation_workflow")()
    with as_user(user(MANAGER)):
        document.build()
        document.install()
    assert document.getSimulationState() == "installed"
    with as_user(OWNER_USER), pytest.raises(UnsupportedWorkflowMethod):
        document.reset()


def test_local_roles_reach_the_catalog(make: Any, site: Any) -> None:
    document = make("validation_workflow")()
    with as_user(NOBODY):
        assert len(site.portal_catalog(portal_type="Sample")) == 0
    document.getParentValue().manage_setLocalRoles("nobody", [AUDITOR])
    with as_user(NOBODY):
        assert [found.uid for found in site.portal_catalog(portal_type="Sample")] == [document.getUid()]
