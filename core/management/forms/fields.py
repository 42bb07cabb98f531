"""Form fields: from a portal type's properties to inputs, and from what a browser sends to values.

A `Field` is what is asked; a `BoundField` is a field with what stands in it, and with what is wrong with it. Input that
cannot be used is kept as it was typed, so that nothing is lost when a form is shown again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.properties import CategoryProperty, Property

GROUPS = ("left", "right", "center", "bottom")
#: Up to this many choices a relation to categories is a plain select.
SELECT_LIMIT = 200
#: Up to this many choices, of which several can be chosen, are boxes.
CHECKLIST_LIMIT = 12

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
        return isinstance(self.prop, CategoryProperty)


@dataclass
class BoundField:
    """A field in a form. ``raw`` is what the input shows: text, a bool, or a list of texts."""

    field: Field
    name: str
    raw: Any = ""
    error: str = ""
    other: str = ""
    choices: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    link: str = ""

    @property
    def is_checklist(self) -> bool:
        """Few choices are shown all at once, each with a box."""
        return self.field.kind == "multiselect" and len(self.field.options) <= CHECKLIST_LIMIT

    @property
    def hint_id(self) -> str:
        return f"{self.name}-hint"

    @property
    def hints(self) -> str | None:
        """What a screen reader reads after the label."""
        parts = [f"{self.name}-error"] * bool(self.error) + [self.hint_id] * bool(self.field.description)
        return " ".join(parts) or None


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


def show_value(field: Field, value: Any) -> Any:
    """A property's value as its input shows it."""
    if field.kind == "checkbox":
        return bool(value)
    if field.kind in MULTIPLE_KINDS:
        return [str(item) for item in ([value] if isinstance(value, str) else value or ())]
    if value is None or field.kind in ("password", "file"):
        return ""
    if isinstance(value, str):
        return value
    if field.kind == "lines":
        return "\n".join(str(item) for item in value)
    if isinstance(value, tuple | list):
        return " ".join(str(item) for item in value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S" if value.second else "%Y-%m-%dT%H:%M")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return str(value)


def read_raw(field: Field, name: str, form: Any) -> Any:
    """What the browser sent for a field, as it came: text, a bool, a list, or an upload."""
    if field.kind == "checkbox":
        return name in form
    if field.kind in MULTIPLE_KINDS:
        return [value for value in form.getall(name) if value]
    value = form.get(name, "")
    if field.kind == "file":
        return value if hasattr(value, "file") else ""  # b"" when no file was chosen
    return str(value).replace("\r\n", "\n")


def is_sent(field: Field, raw: Any) -> bool:
    """False for inputs where "nothing sent" means "leave it as it is": passwords and uploads."""
    return not (field.kind in ("password", "file") and not hasattr(raw, "file") and not raw)


def to_value(field: Field, raw: Any) -> Any:
    """The value of an input. Raises `BadRequest` with a message that is shown beside the field."""
    if field.kind == "file":
        return raw
    if field.required and field.kind != "checkbox" and not raw:
        raise BadRequest("This field is required.")
    if isinstance(field.prop, CategoryProperty):
        return list(raw) if isinstance(raw, list) else [raw] if raw else []
    if field.options and raw:
        _check_choice(field, raw)
    try:
        return field.prop.convert(raw)
    except BadRequest as error:
        raise BadRequest(MESSAGES.get(field.prop.type, str(error))) from error


MESSAGES = {
    "integer": "Enter a whole number, such as 42.",
    "float": "Enter a number, such as 3.14.",
    "date": "Enter a date, such as 2026-01-31, or with a time: 2026-01-31 12:00.",
}


def _check_choice(field: Field, raw: Any) -> None:
    known = {value for _, value in field.options}
    for value in [raw] if isinstance(raw, str) else raw:
        if value not in known:
            raise BadRequest(f"{value!r} is not one of the choices.")


class FieldSet:
    """The fields of one form, filled from a document, from defaults, or from what a browser sent."""

    def __init__(self, fields: Iterable[Field], prefix: str) -> None:
        self.prefix = prefix
        self.bound = [BoundField(entry, prefix + entry.id) for entry in fields]
        self.errors: list[str] = []

    def __iter__(self) -> Any:
        return iter(self.bound)

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or any(entry.error for entry in self.bound)

    @property
    def has_upload(self) -> bool:
        return any(entry.field.kind == "file" for entry in self.bound)

    @property
    def is_editable(self) -> bool:
        return any(entry.field.editable for entry in self.bound)

    def group(self, *names: str) -> list[BoundField]:
        return [entry for entry in self.bound if entry.field.group in names]

    def fill(self, value_of: Callable[[Field], Any]) -> None:
        """Show the values that a document has."""
        for entry in self.bound:
            # What is never shown is not read: a file may be larger than memory.
            entry.raw = "" if entry.field.kind in HIDDEN_KINDS else show_value(entry.field, value_of(entry.field))

    def read(self, form: Any) -> dict[str, Any]:
        """The values of a submitted form by id, of the fields that can be changed; errors are noted at each field."""
        values: dict[str, Any] = {}
        for entry in self.bound:
            if not entry.field.editable or entry.field.kind == "readonly" or self._is_left_out(entry, form):
                continue
            entry.raw = read_raw(entry.field, entry.name, form)
            if not is_sent(entry.field, entry.raw):
                if entry.field.required:
                    entry.error = "This field is required."
                continue
            try:
                values[entry.field.id] = to_value(entry.field, entry.raw)
            except BadRequest as error:
                entry.error = str(error)
            if hasattr(entry.raw, "file"):
                entry.raw = ""
        return values

    @staticmethod
    def _is_left_out(entry: BoundField, form: Any) -> bool:
        """A program need not send every field; of boxes and lists, browsers send nothing when nothing is chosen."""
        return entry.field.kind not in ("checkbox", *MULTIPLE_KINDS) and entry.name not in form

    def blame(self, messages: Mapping[str, str] | Iterable[str]) -> None:
        """Note errors that only the whole document could tell; those that name a field's label go to that field."""
        for message in messages:
            place = next((e for e in self.bound if message.startswith(e.field.title) and not e.error), None)
            if place is not None:
                place.error = message
            else:
                self.errors.append(message)
