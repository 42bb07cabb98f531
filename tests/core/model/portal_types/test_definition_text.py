"""Types and property sheets changed as text in the site: at once, whole, and never so that documents cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.site import get_site

HEIGHT = '[[property]]\nid = "height"\ntype = "integer"\ndefault = 3\n'


@pytest.fixture
def tree(site: Any, add_type: Any, add_sheet: Any) -> Any:
    add_sheet("Tree", property=[{"id": "age", "type": "integer"}])
    add_type("Tree", module="tree_module", property_sheet_list=["Tree"])
    return site.tree_module.newContent(portal_type="Tree", age=7)


def test_a_property_appears_at_once_and_in_another_connection(tree: Any, site: Any, database: Any, commit: Any) -> None:
    commit()
    with database.connect() as other:
        assert not hasattr(get_site(other).tree_module[tree.getId()], "getHeight")
        sheet = site.portal_property_sheets.Tree
        sheet.edit(definition_text=sheet.getDefinitionText() + HEIGHT)
        assert tree.getHeight() == 3 and tree.getAge() == 7
        commit()
        other.transaction_manager.abort()
        other.transaction_manager.begin()
        assert get_site(other).tree_module[tree.getId()].getHeight() == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[property", "not TOML"),
        ("property = 3", r"\[\[property\]\]"),
        ("[[thing]]\nid = 'x'", "no thing"),
        ("[[property]]\ntype = 'string'", "id"),
        ("[[property]]\nid = 5", "small letters"),
        ("[[property]]\nid = 'a b'", "small letters"),
        ("[[property]]\nid = 'a'\ntype = 'nonsense'", "unknown type"),
        ("[[property]]\nid = 'a'\ntype = 'integer'\ndefault = 'many'", "not a valid integer"),
        ("[[property]]\nid = 'a'\ncolour = 'red'", "no colour"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(tree: Any, site: Any, text: str, message: str) -> None:
    sheet = site.portal_property_sheets.Tree
    before = sheet.to_data()
    with pytest.raises(BadRequest, match=message):
        sheet.edit(definition_text=text)
    assert sheet.to_data() == before and tree.getAge() == 7


def test_every_shipped_definition_is_read_back_as_it_was(tree: Any, site: Any) -> None:
    token = site.type_token
    tables = [*site.portal_property_sheets.objectValues(), *site.portal_types.objectValues()]
    assert len(tables) > 50
    for document in tables:
        document.edit(definition_text=document.getDefinitionText())
    assert site.type_token == token


def test_actions_and_forms_of_a_type(tree: Any, site: Any) -> None:
    data = site.portal_types.Tree
    data.edit(definition_text='[[form]]\nid = "growth"\ntitle = "Growth"\nfield_list = ["age"]\n')
    assert [form.title for form in tree.getTypeInfo().form_list] == ["Growth"]
    with pytest.raises(BadRequest, match="no colour"):
        data.edit(definition_text='[[form]]\nid = "growth"\ncolour = "red"\n')
    assert [form.title for form in tree.getTypeInfo().form_list] == ["Growth"]
    assert data.property_sheet_list == ("Tree",)
