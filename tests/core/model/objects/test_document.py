"""Documents: identity, lookup order, properties, editing, children, copies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wendelin.core.errors import (
    AttributeNotFound,
    BadRequest,
    DisallowedContent,
    DuplicateId,
    InvalidId,
    NotFound,
    Unauthorized,
    ValidationFailed,
)
from wendelin.core.model.objects.events import (
    DocumentAdded,
    DocumentModified,
    DocumentMoved,
    DocumentRemoved,
    subscribed,
)
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ANONYMOUS, as_user, check_permission

SHEET = {
    "property": [
        {"id": "start_date", "type": "date"},
        {"id": "int_index", "type": "integer", "default": 3},
        {"id": "ratio", "type": "float"},
        {"id": "subject", "type": "lines"},
        {"id": "visible", "type": "boolean"},
        {"id": "script_id_list", "type": "tokens"},
        {"id": "colour", "type": "selection", "select_list": [["Red", "red"]], "required": True},
    ]
}


class Awkward(Folder):
    """A class with a property that fails inside."""

    @property
    def broken(self) -> str:
        return self.no_such_thing_inside


@pytest.fixture
def module(site, add_type, add_sheet):
    add_sheet("Sample", **SHEET)
    add_type("Sample", module="sample_module", property_sheet_list=["Sample"], allowed_content_type_list=["Sample"])
    return site["sample_module"]


def test_identity(site, module):
    document = module.newContent(portal_type="Sample", title="First")
    assert document.getId() == "1"
    assert document.getPath() == "/erp5/sample_module/1"
    assert document.getRelativeUrl() == "sample_module/1"
    assert document.getPortalObject() is site
    assert document.getParentValue() is module
    assert document.getPortalType() == "Sample"
    assert document.getUid() > 0
    assert repr(document) == "<Sample /erp5/sample_module/1>"


def test_generated_accessors(module):
    document = module.newContent(subject=["a", "b"], visible="true", start_date="2026-01-31")
    assert document.getSubjectList() == ["a", "b"]
    assert document.getSubject() == document.getDefaultSubject() == "a"
    assert document.getSubjectSet() == ["a", "b"]
    assert document.isVisible() is True and document.getVisible() is True
    assert document.getStartDate() == datetime(2026, 1, 31, tzinfo=UTC)
    assert document.getIntIndex() == 3 and not document.hasIntIndex()
    document.setIntIndex("7")
    assert document.getIntIndex() == 7 and document.hasIntIndex()
    document.setIntIndex(None)
    assert document.getIntIndex() == 3 and document.getIntIndex(9) == 9
    document.setScriptIdList("x, y z")
    assert document.getScriptIdList() == ["x", "y", "z"]


def test_get_property_does_not_acquire(module):
    module.edit(title="The module", description="text")
    document = module.newContent()
    assert document.getProperty("description") is None
    assert document.getProperty("description", "none") == "none"
    assert document.getTitle() == document.getId()
    assert document.getProperty("id") == document.getId()


def test_edit_reports_every_problem_and_changes_nothing(module):
    document = module.newContent(title="before")
    with pytest.raises(ValidationFailed) as caught:
        document.edit(title="after", int_index="many", star_date="2026-01-01")
    assert len(caught.value.message_list) == 2
    assert "did you mean start_date?" in str(caught.value)
    assert document.getTitle() == "before"


def test_edit_tells_subscribers_once_and_only_of_changes(module):
    document = module.newContent(title="t")
    heard = []
    with subscribed(DocumentModified, heard.append):
        document.edit(title="t")
        document.edit(title="u", int_index=4, ratio=None)
    assert [event.changed for event in heard] == [frozenset({"title", "int_index"})]


def test_edit_is_recorded_and_dated(site, add_type):
    add_type("Kept", module="kept_module", workflow_list=["edit_workflow"])
    document = site["kept_module"].newContent()
    before = document.getModificationDate()
    document.edit(title="new")
    assert document.getModificationDate() > before
    assert document.workflow_history["edit_workflow"][-1]["action"] == "edit"


def test_required_properties_make_a_document_inconsistent(module):
    document = module.newContent()
    assert document.checkConsistency() == ["Colour must be defined"]
    document.edit(colour="red")
    assert document.checkConsistency() == []


def test_lookup_order_own_before_accessor_before_child_before_container(site, module):
    document = module.newContent()
    child = document.newContent("getRatio", portal_type="Sample")
    assert document.getRatio() is None and document["getRatio"] is child
    inner = document.newContent("inner", portal_type="Sample")
    assert document.inner is inner
    assert inner.sample_module is module
    assert inner.portal_types is site["portal_types"]


def test_lookup_failure_says_where_it_looked(module):
    document = module.newContent()
    with pytest.raises(AttributeNotFound) as caught:
        document.no_such_name  # noqa: B018
    assert "no_such_name" in str(caught.value) and "/erp5/sample_module" in caught.value.where
    assert not hasattr(document, "no_such_name")


def test_error_inside_a_property_is_not_masked_by_a_container(site, add_type):
    add_type("Awkward", module="awkward_module", type_class=f"{__name__}.Awkward")
    site["awkward_module"].broken = "the container's"
    document = site["awkward_module"].newContent()
    with pytest.raises(AttributeNotFound, match="no_such_thing_inside"):
        document.broken  # noqa: B018


def test_what_changes_a_document_is_never_acquired(site, add_type):
    add_type("Plain", module="plain_module")
    document = site["plain_module"].newContent()
    for name in ("setIntIndex", "_setIntIndex", "validate"):
        assert not hasattr(document, name)


def test_new_content_refuses(module):
    with pytest.raises(DisallowedContent, match="Sample"):
        module.newContent(portal_type="Nothing")
    with pytest.raises(BadRequest, match="no property 'colr'"):
        module.newContent(colr="x")
    module.newContent("a")
    with pytest.raises(DuplicateId):
        module.newContent("a")
    for id in ("", "_x", "a/b", "a?b", "..", "a\nb", "@@x"):
        with pytest.raises(InvalidId):
            module.newContent(id)
    assert module.objectIds() == ["a"]


def test_temporary_documents_are_not_kept(module):
    heard = []
    with subscribed(DocumentAdded, heard.append):
        document = module.newContent(temp_object=True, title="t")
        child = document.newContent("child", portal_type="Sample")
    assert document.isTempObject() and child.isTempObject()
    assert len(module) == 0 and document.getPortalObject() is module.getPortalObject()
    assert all(event.document.isTempObject() for event in heard)


def test_children(module):
    for title in ("b", "a", "C"):
        module.newContent(title=title)
    assert len(module) == 3 and "2" in module and "9" not in module
    assert [child.getTitle() for child in module.contentValues(sort_on="title")] == ["a", "b", "C"]
    assert [child.getTitle() for child in module.contentValues(sort_on=[("title", "descending")])] == ["C", "b", "a"]
    assert module.objectValues(portal_type="Other") == []
    with pytest.raises(NotFound):
        module["9"]


def test_traversal(site, module):
    document = module.newContent()
    assert site.unrestrictedTraverse("sample_module/1") is document
    assert document.unrestrictedTraverse("/erp5/sample_module/1") is document
    assert site.unrestrictedTraverse("sample_module/7/8", None) is None
    with pytest.raises(NotFound):
        site.unrestrictedTraverse("sample_module/7")
    with as_user(ANONYMOUS), pytest.raises(Unauthorized):
        site.restrictedTraverse("sample_module/1")


def test_delete_tells_about_everything_below(module):
    document = module.newContent()
    document.newContent("inner", portal_type="Sample")
    heard = []
    with subscribed(DocumentRemoved, lambda event: heard.append(event.document.getPath())):
        module.manage_delObjects(["1"])
    assert heard == ["/erp5/sample_module/1/inner", "/erp5/sample_module/1"]
    assert len(module) == 0
    with pytest.raises(NotFound):
        module.manage_delObjects(["1"])


def test_delete_of_several_is_all_or_nothing(module):
    module.newContent("a")
    with pytest.raises(NotFound):
        module.manage_delObjects(["a", "gone"])
    assert "a" in module


def test_rename_moves_what_is_below(module):
    target = module.newContent()
    target.newContent("inner", portal_type="Sample")
    heard = []
    with subscribed(DocumentMoved, lambda event: heard.append((event.old_path, event.document.getPath()))):
        target.setId("renamed")
    assert heard == [
        ("/erp5/sample_module/1", "/erp5/sample_module/renamed"),
        ("/erp5/sample_module/1/inner", "/erp5/sample_module/renamed/inner"),
    ]
    assert target.getId() == "renamed"


def test_clone_starts_anew(module):
    original = module.newContent(title="o", subject=["s"])
    original.newContent("inner", portal_type="Sample", title="i")
    original.manage_setLocalRoles("joe", ["Assignee"])
    copy = original.Base_createCloneDocument()
    assert copy.getId() != original.getId() and copy.getUid() != original.getUid()
    assert copy.getTitle() == "o" and copy["inner"].getTitle() == "i"
    assert copy["inner"] is not original["inner"] and copy["inner"].getParentValue() is copy
    assert copy.getLocalRoles() == {}


def test_cut_and_paste_moves(site, module, add_type):
    add_type("Box", module="box_module", allowed_content_type_list=["Sample"])
    box = site["box_module"].newContent()
    document = module.newContent(title="m")
    (moved,) = box.manage_pasteObjects(module.manage_cutObjects([document.getId()]))
    assert moved is document and document.getParentValue() is box and len(module) == 0
    with pytest.raises(DisallowedContent):
        site["box_module"].manage_pasteObjects(box.manage_copyObjects([document.getId()]))
    with pytest.raises(BadRequest, match="into itself"):
        document.manage_pasteObjects(box.manage_cutObjects([document.getId()]))


def test_as_context_is_a_temporary_view(module):
    document = module.newContent(title="kept")
    other = document.asContext(title="changed")
    assert other.getTitle() == "changed" and document.getTitle() == "kept"
    assert other.isTempObject() and other.getPath() == document.getPath()


def test_types_changed_in_the_site_take_effect_at_once(site, module, add_sheet):
    document = module.newContent()
    assert not hasattr(document, "getDepth")
    add_sheet("Depth", property=[{"id": "depth", "type": "float"}])
    site["portal_types"]["Sample"].edit(property_sheet_list=["Sample", "Depth"])
    document.setDepth("1.5")
    assert document.getDepth() == 1.5


def test_document_of_an_unknown_type_can_still_be_read(site, module, commit):
    document = module.newContent(title="orphan")
    del site["portal_types"]._tree["Sample"]
    site.touch_types()
    commit()
    assert document.getTitle() == "orphan" and document.getPath() == "/erp5/sample_module/1"


def test_documents_follow_the_workflows_of_their_type(site, add_type):
    add_type("Note", module="note_module")
    add_user = site["acl_users"].add_user
    add_user("reader", "a long password", ["Auditor"])
    reader = site["acl_users"].get_user("reader")
    site["note_module"].newContent(title="n")
    with as_user(reader):
        assert site["portal_catalog"].countResults(portal_type="Note")[0][0] == 1
    site["portal_types"]["Note"].edit(workflow_list=["validation_workflow"])
    assert site["note_module"]["1"].getValidationState() == "draft"
    with as_user(reader):
        visible = site["portal_catalog"].countResults(portal_type="Note")[0][0]
    assert visible == int(check_permission("View", site["note_module"]["1"], reader))


def test_ids_behind_an_id(site, add_type):
    add_type("Sample", module="sample_module")
    module = site.sample_module
    assert list(module.ids_behind("a")) == []
    for id in ("a", "b", "c", "d"):
        module.newContent(id, portal_type="Sample")
    assert list(module.ids_behind("b")) == list(module.ids_behind("bb")) == ["c", "d"]
    assert list(module.ids_behind("")) == list(module)
