"""A portal type with a class, sheet, workflow or base category that does not exist is refused, with the reason."""

from __future__ import annotations

import pytest

from wendelin.core.errors import BadRequest, ValidationFailed


@pytest.fixture
def file_type(site):
    return site["portal_types"]["File"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"type_class": "wendelin.core.model.objects.files.Fiel"},
            "class wendelin.core.model.objects.files.Fiel is not",
        ),
        ({"type_class": "no dots"}, "class no dots is not there"),
        ({"type_class": "os.path.join"}, "os.path.join is no document class"),
        ({"type_class": "collections.OrderedDict"}, "is no document class"),
        ({"property_sheet_list": ["Reference", "Referenz"]}, "no property sheet 'Referenz'; did you mean Reference"),
        (
            {"workflow_list": ["edit_workflow", "edit_workflw"]},
            "no workflow 'edit_workflw'; did you mean edit_workflow",
        ),
        ({"base_category_list": ("fellow_up",)}, "no base category 'fellow_up'; did you mean follow_up"),
    ],
)
def test_is_refused(file_type, values, reason):
    before = file_type.to_data()
    with pytest.raises(BadRequest, match=reason):
        file_type.edit(title="Changed", **values)
    assert file_type.to_data() == before


def test_all_problems_at_once(file_type):
    with pytest.raises(ValidationFailed) as caught:
        file_type.edit(workflow_list=["no_workflow"], type_class="no.Class")
    assert len(caught.value.message_list) == 2


def test_what_is_gone_does_not_keep_the_rest_from_being_edited(file_type):
    file_type.workflow_list = (*file_type.workflow_list, "gone_with_its_plugin")
    file_type.edit(title="Files", workflow_list=["gone_with_its_plugin", "edit_workflow"])
    assert file_type.title == "Files"


def test_the_form_says_so_at_the_field(browser_client):
    page = browser_client("zope").get("/erp5/portal_types/File/view")
    form = next(form for form in page.forms.values() if "field_my_workflow_list" in form.fields)
    form["field_my_workflow_list"] = "edit_workflw"
    assert "there is no workflow &#39;edit_workflw&#39;" in form.submit().text.replace("&#x27;", "&#39;").replace(
        "'", "&#39;"
    )
