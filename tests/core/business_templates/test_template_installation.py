"""Installing and removing: what is made, whose it is, and that nothing of users is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.core.business_templates.template_factory import TemplateMaker, module_files
from wendelin.core.business_templates import dump, install, uninstall
from wendelin.core.errors import BusinessTemplateError, DependentsRemain, PathOwned, UserDataRemains
from wendelin.core.model.workflow.tool import WorkflowTool
from wendelin.core.security import ADD, User, as_user, check_permission

METHOD = "wendelin.core.model.accounts.membership:check_permission_at"
EVERYTHING: dict[str, Any] = {
    **module_files(
        "sample", property_sheet_list=["Sample"], base_category_list=["use"], workflow_list=["sample_workflow"]
    ),
    "property_sheets/Sample.toml": {
        "property": [{"id": "colour"}, {"id": "page", "type": "text"}, {"id": "parts", "type": "lines"}],
        "category": [{"id": "mood", "title": "Mood", "multivalued": True}],
    },
    "workflows/sample_workflow.toml": {
        "state_variable": "sample_state",
        "initial_state": "new",
        "state": [{"id": "new", "transitions": ["use"]}, {"id": "used"}],
        "transition": [{"id": "use", "trigger": "method", "new_state": "used"}],
    },
    "categories/mood.toml": {
        "title": "Mood",
        "category": [{"id": "good", "category": [{"id": "very", "title": "Very"}]}],
    },
    "categories/use.toml": {
        "extends": True,
        "category": [{"id": "big_data", "extends": True, "category": [{"id": "sampling", "title": "Sampling"}]}],
    },
    "actions.toml": {
        "action": [{"id": "samples", "category": "global", "title": "Samples", "action": "/sample_module"}]
    },
    "security.toml": {"permissions": {"Take samples": ["Manager", "Assignor"]}},
    "preferences.toml": {
        "preference": [
            {
                "id": "sample_preference",
                "portal_type": "System Preference",
                "properties": {"title": "Samples"},
                "state": {"preference_workflow": "global"},
            }
        ]
    },
    "skins/sample/Sample_hello.py": '# wendelin: parameters="name"\nreturn context.getTitle() + " greets " + name\n',
    "skins/sample/sample.css": "p { color: red }",
    "paths/sample_module/first.toml": {
        "portal_type": "Sample",
        "properties": {"title": "First", "colour": "red", "parts": ["a", "b"]},
        "categories": ["mood/good/very", "use/big_data/sampling"],
        "state": {"sample_workflow": "used"},
    },
    "paths/sample_module/first.page.html": "<p>Grüße</p>",
}
SKINS = {
    "sample": {
        "priority": 7,
        "methods": {"Sample_id": {"method": METHOD, "published": "View"}},
    }
}


def test_everything_that_a_template_can_bring(
    site: Any, add_template: TemplateMaker, commit: Callable[[], None]
) -> None:
    add_template("sample", EVERYTHING, skins=SKINS)
    assert install(site, "sample") == ["sample"]
    commit()
    first = site.sample_module["first"]
    assert (first.getTitle(), first.getColour(), first.getPartsList()) == ("First", "red", ["a", "b"])
    assert first.getPage() == "<p>Grüße</p>"
    assert first.getSampleState() == "used"
    assert first.getMoodValue().getLogicalPath() == "Good/Very"
    assert first.getUseTitle() == "Sampling"
    assert first.Sample_hello("Ann") == "First greets Ann"
    assert site.portal_skins.sample.priority == 7
    assert site.portal_skins.sample["Sample_id"].published == "View"
    assert site.portal_skins.sample["sample.css"].data == b"p { color: red }"
    assert "Samples" in [action.title for action in site.portal_actions.action_list]
    assert check_permission("Take samples", site, User("a", frozenset({"Assignor"})))
    assert not check_permission("Take samples", site, User("a", frozenset({"Auditor"})))
    assert site.portal_preferences.sample_preference.getPreferenceState() == "global"
    assert site.portal_catalog.getResultValue(portal_type="Sample", reference=None, title="First") == first
    new = site.sample_module.newContent(portal_type="Sample")
    assert new.getSampleState() == "new"


def test_removing_everything(site: Any, add_template: TemplateMaker, commit: Callable[[], None]) -> None:
    before = dump(site, documents=True)
    add_template("sample", EVERYTHING, skins=SKINS)
    install(site, "sample")
    commit()
    assert len(dump(site)) == len(before) + 16
    uninstall(site, "sample")
    commit()
    assert dump(site, documents=True) == before
    assert site.portal_catalog.countResults(portal_type="Sample")[0][0] == 0
    assert "sample_module" not in site


def test_the_installed_document(site: Any, add_template: TemplateMaker) -> None:
    folder = add_template("sample", EVERYTHING, skins=SKINS, description="Samples", provisions=["things"])
    install(site, "sample")
    document = site.portal_templates["sample"]
    assert document.getPortalType() == "Business Template"
    assert (document.title, document.version, document.description) == ("sample", "1.0", "Samples")
    assert document.getInstallationState() == "installed"
    assert document.dependency_list == ("erp5_core",)
    assert document.getChanges() == "first"
    assert len(document.revision) == 64
    paths = document.getInstalledPathList()
    assert {"sample_module", "sample_module/first", "portal_types/Sample", "portal_skins/sample/Sample_id"} <= set(
        paths
    )
    assert "portal_categories/use/big_data/sampling" in paths
    assert "portal_categories/use" not in paths
    assert folder.is_dir()


def test_nothing_is_committed(site: Any, connection: Any, add_template: TemplateMaker) -> None:
    before = dump(site, documents=True)
    add_template("sample", EVERYTHING, skins=SKINS)
    install(site, "sample")
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert dump(site, documents=True) == before
    with pytest.raises(AttributeError):
        site.sample_module.getTitle()
    install(site, "sample")
    connection.transaction_manager.commit()
    connection.transaction_manager.begin()
    installed = dump(site, documents=True)
    uninstall(site, "sample")
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert dump(site, documents=True) == installed


def test_progress_and_dependencies(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", module_files("ant"))
    add_template("b", module_files("bee"), dependencies=["a"])
    calls: list[tuple[int, int, str]] = []
    with pytest.raises(BusinessTemplateError, match=r"b: depends on a, but available is a 1\.0"):
        install(site, "b")
    assert install(site, "b", lambda *call: calls.append(call), install_dependency=True) == ["a", "b"]
    assert [done for done, _, _ in calls] == list(range(1, 7))
    assert {total for _, total, _ in calls} == {6}
    assert calls[0][2].startswith("a: ")
    assert calls[-1][2] == "b: bee_module"
    assert install(site, ["a", "b"]) == []


def test_the_order_in_which_titles_are_given_does_not_matter(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", module_files("ant"), dependencies=["b"])
    add_template("b", module_files("bee"))
    assert install(site, ["a", "b"]) == ["b", "a"]


def test_dependents_are_refused(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", module_files("ant"), provisions=["insects"])
    add_template("b", module_files("bee"), dependencies=["a"])
    add_template("c", module_files("cat"), dependencies=["insects"])
    install(site, ["a", "b", "c"])
    with pytest.raises(DependentsRemain) as caught:
        uninstall(site, "a")
    assert caught.value.problem_list == ["b depends on a", "c depends on a"]
    for title in ("c", "b", "a"):
        uninstall(site, title)
    assert "ant_module" not in site


def test_what_is_not_installed_cannot_be_removed(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", {})
    with pytest.raises(BusinessTemplateError, match="'a' is not installed"):
        uninstall(site, "a")


# -- data of users


def test_documents_of_users_are_not_lost(site: Any, add_template: TemplateMaker) -> None:
    before = dump(site, documents=True)
    add_template("sample", EVERYTHING, skins=SKINS)
    install(site, "sample")
    site.sample_module.newContent("mine", portal_type="Sample")
    site.portal_categories.mood.newContent("bad", portal_type="Category")
    with pytest.raises(UserDataRemains) as caught:
        uninstall(site, "sample")
    text = str(caught.value)
    assert "sample_module/mine was made by users" in text
    assert "portal_categories/mood/bad was made by users" in text
    assert "sample_module/first " not in text
    assert site.sample_module["mine"].getPortalType() == "Sample"
    uninstall(site, "sample", remove_user_data=True)
    assert dump(site, documents=True) == before


def test_documents_elsewhere(site: Any, add_template: TemplateMaker) -> None:
    before = dump(site, documents=True)
    add_template("a", {"portal_types/Note.toml": {"type_class": "wendelin.core.model.objects.folder.Folder"}})
    install(site, "a")
    allowed = site.portal_types["Document Module"].allowed_content_type_list
    site.portal_types["Document Module"].edit(allowed_content_type_list=[*allowed, "Note"])
    site.document_module.newContent("note", portal_type="Note")
    with pytest.raises(UserDataRemains) as caught:
        uninstall(site, "a")
    assert caught.value.problem_list[1:] == [
        "document_module/note is of a portal type of the template",
        "portal type 'Document Module' refers to 'Note' in its allowed_content_type_list",
    ]
    uninstall(site, "a", remove_user_data=True)
    assert list(site.document_module) == []
    after = dump(site, documents=True)
    del before["portal_types/Document Module"], after["portal_types/Document Module"]  # its history has the edit
    assert after == before


def test_a_long_list_of_documents_is_cut(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", module_files("ant"))
    install(site, "a")
    for number in range(50):
        site.ant_module.newContent(str(number), portal_type="Ant")
    with pytest.raises(UserDataRemains) as caught:
        uninstall(site, "a")
    assert len(caught.value.problem_list) < 50
    assert "... and more" in caught.value.problem_list


def test_what_users_deleted_before(site: Any, add_template: TemplateMaker) -> None:
    before = dump(site, documents=True)
    add_template("sample", EVERYTHING, skins=SKINS)
    install(site, "sample")
    site.sample_module.manage_delObjects(["first"])
    site.portal_categories.mood.manage_delObjects(["good"])
    site.portal_skins.manage_delObjects(["sample"])
    uninstall(site, "sample")
    assert dump(site, documents=True) == before


def test_documents_that_come_by_themselves_are_no_data_of_users(site: Any, add_template: TemplateMaker) -> None:
    """A class, or a subscriber, may make more than the template names."""
    from wendelin.core.model.objects.events import DocumentAdded, subscribed

    def add_part(event: DocumentAdded) -> None:
        if event.document.portal_type == "Ant Module":
            event.document._setObject("part", type(event.document)())

    before = dump(site, documents=True)
    add_template("a", module_files("ant"))
    with subscribed(DocumentAdded, add_part):
        install(site, "a")
    assert list(site.ant_module) == ["part"]
    uninstall(site, "a")
    assert dump(site, documents=True) == before


# -- rights


def test_the_tool_asks_for_rights() -> None:
    from wendelin.core.business_templates.tool import TemplateTool
    from wendelin.core.security import MANAGE

    public = [name for name in vars(TemplateTool) if name[0] != "_" and callable(getattr(TemplateTool, name))]
    permissions = {name: getattr(getattr(TemplateTool, name), "__permission__", None) for name in public}
    assert set(permissions.values()) == {MANAGE, None}
    assert {name for name, permission in permissions.items() if permission is None} == {
        "installed_documents",
        "installed_manifests",
    }


def test_permissions_of_a_plugin_count(site: Any, add_template: TemplateMaker) -> None:
    with as_user(User("ann", frozenset({"Author"}))) as ann:
        assert check_permission(ADD, site.document_module, ann)
        assert not check_permission("Take samples", site, ann)


def test_the_platforms_own_tools_are_no_templates(site: Any) -> None:
    assert isinstance(site.portal_workflow, WorkflowTool)


def test_a_portal_type_with_an_action_of_a_user(site: Any, add_template: TemplateMaker) -> None:
    from wendelin.core.model.portal_types.actions import Action

    add_template("a", {"portal_types/File.toml": {"extends": True, "action": [{"id": "mine", "title": "Theirs"}]}})
    site.portal_types["File"].action_list = (Action("mine", "Mine"),)
    with pytest.raises(PathOwned, match=r"File already has \[\[action\]\] 'mine'"):
        install(site, "a")
