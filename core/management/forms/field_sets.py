"""The fields of a form with what stands in them, and with what is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webob.multidict import MultiDict

from wendelin.core.database import is_own_fault, reason_of
from wendelin.core.errors import BadRequest
from wendelin.core.management.forms.fields import DIALOG_PREFIX, HIDDEN_KINDS, MULTIPLE_KINDS, Field
from wendelin.core.management.forms.inputs import Raw, is_sent, read_raw, show_value, to_value
from wendelin.core.model.objects.properties import CategoryProperty, Property

#: Up to this many choices, of which several can be chosen, are boxes.
CHECKLIST_LIMIT = 12


@dataclass
class BoundField:
    """A field in a form. ``raw`` is what the input shows: text, a bool, or a list of texts."""

    field: Field
    name: str
    raw: Raw = ""
    error: str = ""
    other: str = ""
    choices: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    link: str = ""
    language: str = ""
    addresses: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_checklist(self) -> bool:
        """Few choices are shown all at once, each with a box."""
        return self.field.kind == "multiselect" and len(self.field.options) <= CHECKLIST_LIMIT

    @property
    def hint_id(self) -> str:
        """The id of the line below the input that says what is wanted."""
        return f"{self.name}-hint"

    @property
    def hints(self) -> str | None:
        """What a screen reader reads after the label."""
        parts = [f"{self.name}-error"] * bool(self.error) + [self.hint_id] * bool(self.field.description)
        return " ".join(parts) or None


class FieldSet:
    """The fields of one form, filled from a document, from defaults, or from what a browser sent."""

    def __init__(self, fields: Iterable[Field], prefix: str) -> None:
        self.prefix = prefix
        self.bound = [BoundField(entry, prefix + entry.id) for entry in fields]
        self.errors: list[str] = []

    def __iter__(self) -> Iterator[BoundField]:
        return iter(self.bound)

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong, with a field or with the whole."""
        return bool(self.errors) or any(entry.error for entry in self.bound)

    @property
    def has_upload(self) -> bool:
        """Whether a file may come with the form, which then has to be sent in parts."""
        return any(entry.field.kind == "file" for entry in self.bound)

    @property
    def is_editable(self) -> bool:
        """Whether the user may change any field, and so needs the button Save."""
        return any(entry.field.editable for entry in self.bound)

    def group(self, *names: str) -> list[BoundField]:
        """The fields that stand in those parts of the page."""
        return [entry for entry in self.bound if entry.field.group in names]

    def fill(self, value_of: Callable[[Field], object]) -> None:
        """Show the values that a document has."""
        for entry in self.bound:
            # What is never shown is not read: a file may be larger than memory.
            if entry.field.kind not in HIDDEN_KINDS:
                self._show(entry, value_of)

    @staticmethod
    def _show(entry: BoundField, value_of: Callable[[Field], object]) -> None:
        """One value; where the document cannot answer, the reason, which cannot be saved over what is there."""
        try:
            entry.raw = show_value(entry.field, value_of(entry.field))
        except Exception as error:
            if not is_own_fault(error):
                raise
            entry.field = dataclasses.replace(entry.field, kind="readonly", editable=False)
            entry.raw = f"(cannot be read: {reason_of(error)})"

    def read(self, form: MultiDict) -> dict[str, Any]:
        """The values of a submitted form by id, of the fields that can be changed; errors are noted at each field."""
        values: dict[str, Any] = {}
        for entry in self.bound:
            if not entry.field.editable or entry.field.kind == "readonly":
                continue
            if self._is_left_out(entry, form):
                if entry.field.required and self.prefix == DIALOG_PREFIX and not _has_default(entry.field.prop):
                    entry.error = "This field is required."  # a document has a value already, a dialog has none
                continue
            sent = read_raw(entry.field, entry.name, form)
            entry.raw = sent if isinstance(sent, str | bool | list) else ""  # a file cannot be shown again
            if not is_sent(entry.field, sent):
                if entry.field.required:
                    entry.error = "This field is required."
                continue
            try:
                values[entry.field.id] = to_value(entry.field, sent)
            except BadRequest as error:
                entry.error = str(error)
        return values

    @staticmethod
    def _is_left_out(entry: BoundField, form: MultiDict) -> bool:
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


def _has_default(prop: Property | CategoryProperty) -> bool:
    return isinstance(prop, Property) and prop.default is not None
