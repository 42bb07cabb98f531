"""``portal_types/<Type>.toml``: a new portal type. Extensions of a type are in `type_extensions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wendelin.core.business_templates.checking.known import CATEGORIES, SHEETS, TYPES, WORKFLOWS, Known
from wendelin.core.business_templates.checking.type_facts import property_dict
from wendelin.core.business_templates.checking.words import check_permissions, check_words
from wendelin.core.business_templates.items.item import DocumentItem, Item
from wendelin.core.business_templates.text.problems import REFERENCE, Problem
from wendelin.core.business_templates.text.shapes import shape_of
from wendelin.core.business_templates.text.source_files import tables
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.model.objects.properties import from_data
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.actions import Action, Dialog, Form
from wendelin.core.model.portal_types.known_names import document_class_of
from wendelin.core.model.portal_types.types import PortalType

TEXT_KEYS = ("title", "description", "type_class", "type_icon", "id_generator", "permission", "init_script")
#: Lists of names of other things, and where those stand.
REFERENCE_LISTS = {
    "property_sheet_list": SHEETS,
    "base_category_list": CATEGORIES,
    "allowed_content_type_list": TYPES,
    "hidden_content_type_list": TYPES,
    "workflow_list": WORKFLOWS,
}
PLAIN_LISTS = ("type_group_list", "field_list", "list_column_list")
#: Arrays of tables, the plain class of their entries, and the attribute of the portal type that holds them.
PARTS: dict[str, tuple[Any, str]] = {
    "action": (lambda data: from_data(Action, data), "action_list"),
    "form": (lambda data: from_data(Form, data), "form_list"),
    "dialog": (Dialog.from_data, "dialog_list"),
}
LIST_KEYS = (*REFERENCE_LISTS, *PLAIN_LISTS)
TYPE_KEYS: dict[str, Any] = {
    **dict.fromkeys(TEXT_KEYS, str),
    **dict.fromkeys(LIST_KEYS, list[str]),
    "action": [shape_of(Action)],
    "form": [shape_of(Form)],
    "dialog": [shape_of(Dialog)],
    "extends": bool,
}
#: Names that stand in a form without a property sheet saying so.
NATIVE_FIELDS = {"id", "title", "description", "uid", "owner", "creation_date", "modification_date", "portal_type"}


class PortalTypeItem(DocumentItem):
    """One portal type, with its actions, forms and dialogs."""

    kind = "portal_type"
    shape = TYPE_KEYS

    def check(self, known: Known) -> Iterator[Problem]:
        """Problems with the class, the lists of names, the actions, forms and dialogs, and the fields."""
        if not self.data.get("type_class"):
            yield self.source.problem("type_class is missing (or write extends = true)")
        else:
            yield from check_class(self, self.data["type_class"])
        yield from check_lists(self, known)
        yield from check_parts(self, known)
        yield from check_fields(self, known)

    def make(self, site: Site) -> PortalType:
        """The portal type, with its actions, forms and dialogs."""
        return PortalType.from_data(self.id, {key: value for key, value in self.data.items() if key != "extends"})


def check_class(item: Item, class_path: object) -> Iterator[Problem]:
    """A problem when the dotted path does not lead to a document class."""
    try:
        document_class_of(str(class_path))
    except NotFound as error:
        yield item.source.problem(str(error), REFERENCE, near=str(class_path))


def check_lists(item: Item, known: Known) -> Iterator[Problem]:
    """Problems for names in the type's lists that lead nowhere."""
    for key, prefix in REFERENCE_LISTS.items():
        yield from known.check(item, prefix, item.data.get(key))


def check_parts(item: Item, known: Known) -> Iterator[Problem]:
    """Problems with actions, forms and dialogs."""
    for key, (build, _) in PARTS.items():
        for entry in tables(item.data, key):
            yield from check_words(item, known, entry)
            try:
                build(entry)
            except (BadRequest, TypeError) as error:
                yield item.source.problem(f"[[{key}]] {entry.get('id', '')!r}: {error}", near=str(entry.get("id", "")))
    yield from check_permissions(item, known, [item.data.get("permission")])
    yield from known.check_skin_method(item, item.data.get("init_script"))
    for dialog in tables(item.data, "dialog"):
        yield from known.check_skin_method(item, dialog.get("method"))


def check_fields(item: Item, known: Known) -> Iterator[Problem]:
    """Problems for form fields that no property sheet of the type has."""
    fields = NATIVE_FIELDS.union(property_dict(known, item.id))
    for entry in (item.data, *tables(item.data, "form")):
        for name in entry.get("field_list", ()):
            if name not in fields:
                yield item.source.unknown(f"property of {item.id}", str(name))
