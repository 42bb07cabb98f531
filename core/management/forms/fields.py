"""Form fields: which input a property or a relation of a portal type becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wendelin.core.model.objects.properties import CategoryProperty, Property

#: What the names of inputs begin with in dialogs, as in forms of the original.
DIALOG_PREFIX = "field_your_"
GROUPS = ("left", "right", "center", "bottom")
#: Up to this many choices a relation to categories is a plain select.
SELECT_LIMIT = 200

KIND_BY_TYPE = {
    "string": "text",
    "text": "textarea",
    "integer": "number",
    "float": "number",
    "boolean": "checkbox",
    "date": "date",
    "lines": "lines",
    "tokens": "text",
    "selection": "select",
    "multiple selection": "multiselect",
    "data": "file",
    "object": "readonly",
}
KIND_BY_WIDGET = {
    "textarea": "textarea",
    "checkbox": "checkbox",
    "password": "password",
    "code": "code",
    "file": "file",
    "relation": "relation",
    "select": "select",
}
HIDDEN_KINDS = frozenset({"password", "file"})
MULTIPLE_KINDS = frozenset({"multiselect", "relation"})


@dataclass(frozen=True)
class Field:
    """One question of a form. ``kind`` says which input it is; ``prop`` what a value of it has to be."""

    id: str
    title: str
    kind: str
    prop: Property | CategoryProperty
    description: str = ""
    required: bool = False
    editable: bool = True
    group: str = "left"
    multivalued: bool = False
    options: tuple[tuple[str, str], ...] = ()

    @property
    def is_relation(self) -> bool:
        """Whether its value is other documents."""
        return isinstance(self.prop, CategoryProperty)


def field_of(prop: Property | CategoryProperty, options: Iterable[tuple[str, str]] = ()) -> Field:
    """The field of a property or a relation; ``options`` are the choices of a relation to few categories."""
    if isinstance(prop, CategoryProperty):
        options = tuple(options)
        kind = ("multiselect" if prop.multivalued else "select") if options else "relation"
        multivalued = prop.multivalued
    else:
        options = tuple((str(label), str(value)) for label, value in prop.select_list)
        kind = KIND_BY_WIDGET.get(prop.widget) or KIND_BY_TYPE[prop.type]
        if options and kind in ("text", "number"):
            kind = "select"
        multivalued = prop.is_list
    return Field(
        prop.id,
        prop.label,
        kind,
        prop,
        description=prop.description,
        required=prop.required,
        editable=prop.editable,
        group=prop.group if prop.group in (*GROUPS, "hidden") else "left",
        multivalued=multivalued,
        options=options,
    )
