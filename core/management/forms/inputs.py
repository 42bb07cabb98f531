"""What an input of a form shows of a value, and the value of what a browser sends for it.

Input that cannot be used is kept as it was typed, so that nothing is lost when a form is shown again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from webob.multidict import MultiDict

from wendelin.core.errors import BadRequest
from wendelin.core.management.forms.fields import HIDDEN_KINDS, MULTIPLE_KINDS, Field
from wendelin.core.management.forms.uploads import SentFile, is_upload
from wendelin.core.model.objects.properties import CategoryProperty, in_utc

#: What an input shows: text; a bool for a box; a list of texts where several can be chosen.
Raw = str | bool | list[str]
MESSAGES = {
    "integer": "Enter a whole number, such as 42.",
    "float": "Enter a number, such as 3.14.",
    "date": "Enter a date, such as 2026-01-31, or with a time: 2026-01-31 12:00.",
}


def show_value(field: Field, value: object) -> Raw:
    """A property's value as its input shows it."""
    if field.kind == "checkbox":
        return bool(value)
    if field.kind in MULTIPLE_KINDS:
        return [str(item) for item in _items(value)]
    if value is None or field.kind in HIDDEN_KINDS:
        return ""
    if isinstance(value, str):
        return value
    if field.kind == "lines":
        return "\n".join(str(item) for item in _items(value))
    if isinstance(value, tuple | list):
        return " ".join(str(item) for item in value)
    if isinstance(value, datetime):
        return in_utc(value).strftime("%Y-%m-%dT%H:%M:%S" if value.second else "%Y-%m-%dT%H:%M")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return str(value)


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, Iterable) and not isinstance(value, str) else () if value is None else (value,)


def read_raw(field: Field, name: str, form: MultiDict) -> Raw | SentFile:
    """What the browser sent for a field, as it came: text, a bool, a list, or an upload."""
    if field.kind == "checkbox":
        return name in form
    if field.kind in MULTIPLE_KINDS:
        return [value for value in form.getall(name) if value]
    value = form.get(name, "")
    if field.kind == "file":
        return value if is_upload(value) else ""  # b"" when no file was chosen
    return str(value).replace("\r\n", "\n")


def is_sent(field: Field, raw: Raw | SentFile) -> bool:
    """False for inputs where "nothing sent" means "leave it as it is": passwords and uploads."""
    return field.kind not in HIDDEN_KINDS or is_upload(raw) or bool(raw)


def to_value(field: Field, raw: Raw | SentFile) -> Any:
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


def _check_choice(field: Field, raw: Raw | SentFile) -> None:
    known = {value for _, value in field.options}
    for value in _items(raw):
        if value not in known:
            raise BadRequest(f"{value!r} is not one of the choices.")
