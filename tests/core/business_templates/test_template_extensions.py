"""Extensions of portal types and category trees that another template owns: they add, and go exactly."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.core.business_templates.template_factory import TemplateMaker
from wendelin.core.business_templates import dump, install, uninstall
from wendelin.core.errors import BusinessTemplateError, PathOwned

FILE = "portal_types/File.toml"


def extension(name: str, **data: Any) -> dict[str, Any]:
    """A template that extends File: one entry of its own in each kind of list, and some that several share."""
    return {
        "property_sheets/Shared.toml" if name == "a" else f"property_sheets/{name}.toml": {"property": [{"id": name}]},
        FILE: {
            "extends": True,
            "workflow_list": ["validation_workflow"],
            "base_category_list": ["follow_up", "use", "source"],
            "type_group_list": [name, "shared"],
            "list_column_list": [f"{name}|{name}"],
            "action": [{"id": f"action_{name}", "title": name}],
            "form": [{"id": f"form_{name}", "title": name, "field_list": ["title"]}],
            "dialog": [{"id": f"dialog_{name}", "field": [{"id": "x"}]}],
            **data,
        },
    }


def test_what_an_extension_adds(site: Any, add_template: TemplateMaker) -> None:
    before = dump(site)
    own = site.portal_types["File"].to_data()
    add_template("a", extension("a", property_sheet_list=["Shared"], field_list=["a"]))
    install(site, "a")
    data = site.portal_types["File"].to_data()
    assert data["workflow_list"] == [*own["workflow_list"], "validation_workflow"]
    assert data["base_category_list"] == [*own["base_category_list"], "use", "source"]
    assert data["property_sheet_list"] == [*own["property_sheet_list"], "Shared"]
    assert data["field_list"] == [*own["field_list"], "a"]
    assert data["list_column_list"] == ["a|a"]
    assert [entry["id"] for entry in data["dialog"]] == ["dialog_a"]
    file = site.document_module.newContent(portal_type="File", a="value of a")
    assert file.getA() == "value of a"
    assert file.getValidationState() == "draft"
    site.document_module.manage_delObjects([file.getId()])
    uninstall(site, "a")
    assert site.portal_types["File"].to_data() == own
    assert dump(site) == before


@pytest.mark.parametrize("order", list(permutations("abc")))
def test_several_extensions_in_any_order(site: Any, add_template: TemplateMaker, order: tuple[str, ...]) -> None:
    """The type looks the same whatever the order of installing, and each one's removal leaves what the others add."""
    for name in "abc":
        add_template(name, extension(name))
    seen = {(): site.portal_types["File"].to_data()}
    installed: list[str] = []
    for name in order:
        install(site, name)
        installed.append(name)
        seen[tuple(sorted(installed))] = site.portal_types["File"].to_data()
    assert seen[tuple("abc")]["type_group_list"] == ["document", "a", "shared", "b", "c"]
    for name in order:
        uninstall(site, name)
        installed.remove(name)
        data = site.portal_types["File"].to_data()
        assert data == seen.setdefault(tuple(sorted(installed)), data)
        assert ("shared" in data["type_group_list"]) == bool(installed)
    assert site.portal_types["File"].to_data() == seen[()]


def test_what_the_user_does_to_an_extended_type_stays(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", extension("a"))
    add_template("b", extension("b"))
    install(site, "a")
    file_type = site.portal_types["File"]
    file_type.edit(type_group_list=["mine", "a"])  # the user adds one entry, and takes "document" and "shared" away
    install(site, "b")
    assert file_type.type_group_list == ("mine", "a", "b")
    uninstall(site, "a")
    assert file_type.type_group_list == ("mine", "b")
    uninstall(site, "b")
    assert file_type.type_group_list == ("mine",)


def test_an_extension_of_a_type_that_shows_all_fields(site: Any, add_template: TemplateMaker) -> None:
    """Naming one field must not hide the others."""
    add_template("a", {"portal_types/Note.toml": {"type_class": "wendelin.core.model.objects.folder.Folder"}})
    add_template("b", {"portal_types/Note.toml": {"extends": True, "field_list": ["title"]}}, dependencies=["a"])
    install(site, ["a", "b"])
    assert site.portal_types["Note"].field_list == ()


def test_two_extensions_with_one_action(site: Any, add_template: TemplateMaker) -> None:
    for name in "ab":
        add_template(name, {FILE: {"extends": True, "action": [{"id": "look", "title": name}]}})
    with pytest.raises(PathOwned, match=r"'portal_types/File#action/look' is brought by a/portal_types/File\.toml"):
        install(site, ["a", "b"])
    install(site, "a")
    with pytest.raises(PathOwned, match="'portal_types/File#action/look' belongs to a"):
        install(site, "b")


def test_an_extension_with_an_action_that_the_type_of_the_set_has(site: Any, add_template: TemplateMaker) -> None:
    note = {"type_class": "wendelin.core.model.objects.folder.Folder", "action": [{"id": "look"}]}
    more = {"extends": True, "action": [{"id": "look"}]}
    add_template("a", {"portal_types/Note.toml": note})
    add_template("b", {"portal_types/Note.toml": more}, dependencies=["a"])
    with pytest.raises(PathOwned, match=r"Note already has \[\[action\]\] 'look'"):
        install(site, ["a", "b"])


def test_an_extension_changes_nothing(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", {FILE: {"extends": True, "type_class": "wendelin.core.model.objects.folder.Folder"}})
    with pytest.raises(BusinessTemplateError, match="unknown key 'type_class'"):
        install(site, "a")


def test_the_owner_of_an_extended_type_stays(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", {"portal_types/Note.toml": {"type_class": "wendelin.core.model.objects.folder.Folder"}})
    add_template("b", {"portal_types/Note.toml": {"extends": True, "type_group_list": ["x"]}})
    install(site, "a")
    with pytest.raises(BusinessTemplateError, match="belongs to a, which is not among the dependencies"):
        install(site, "b")


def test_more_of_a_category_tree(site: Any, add_template: TemplateMaker) -> None:
    tree = {"extends": True, "category": [{"id": "a", "category": [{"id": "b"}]}]}
    more = {"extends": True, "category": [{"id": "a", "extends": True, "category": [{"id": "c"}]}]}
    before = dump(site)
    add_template("one", {"categories/use.toml": tree})
    add_template("two", {"categories/use.toml": more}, dependencies=["one", "erp5_core"])
    install(site, ["two", "one"])
    assert sorted(site.portal_categories.use["a"]) == ["b", "c"]
    uninstall(site, "two")
    assert sorted(site.portal_categories.use["a"]) == ["b"]
    uninstall(site, "one")
    assert dump(site) == before
