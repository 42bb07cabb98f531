"""Saving a document's form: what was sent is read, compared with what others saved meanwhile, and written."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from wendelin.core.errors import BadRequest, ScriptError, ValidationFailed
from wendelin.core.management.forms.document_forms import value_of
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import HIDDEN_KINDS
from wendelin.core.management.forms.inputs import Raw, show_value
from wendelin.core.management.forms.uploads import is_upload, store_upload
from wendelin.core.management.lists.search import find_related
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.properties import CategoryProperty, Property


def serial_of(document: Document) -> str:
    """What a form carries to notice that somebody else saved meanwhile."""
    return bytes(getattr(document, "_p_serial", None) or b"").hex()


def save(document: Document, form: FieldSet, request: Request) -> bool:
    """Read what was sent and change the document; False, with the errors in the form, when that is not possible.

    A document that somebody else changed since the form was opened is left alone, unless the user has seen the
    difference and says so (``overwrite``).
    """
    values = form.read(request.POST)
    add_typed_relations(request, form, values)
    if form.has_errors:
        return False
    if request.POST.get("serial", serial_of(document)) != serial_of(document) and "overwrite" not in request.POST:
        return not note_differences(document, form)
    return apply(document, form, values)


def add_typed_relations(request: Request, form: FieldSet, values: dict[str, Any]) -> None:
    """What was typed into a relation's search and not chosen (also without a script): used when one document fits."""
    for entry in form:
        typed = request.POST.get(f"{entry.name}-search", "").strip()
        if not typed or not isinstance(entry.field.prop, CategoryProperty) or not entry.field.editable:
            continue
        found = find_related(request.site, typed, list(entry.field.prop.portal_type))
        if len(found) == 1:
            chosen = [found[0].getRelativeUrl()]
            kept = entry.raw if entry.field.multivalued and isinstance(entry.raw, list) else []
            entry.raw = [*kept, *chosen]
            values[entry.field.id] = entry.raw
            entry.error = ""
        elif found:
            titles = "; ".join(f"{document.getTitle()} ({document.getRelativeUrl()})" for document in found[:5])
            entry.error = f"{typed!r} fits several documents, write more of the title or reference: {titles}"
        else:
            entry.error = f"No document has {typed!r} in its title or reference."


def apply(document: Document, form: FieldSet, values: dict[str, Any]) -> bool:
    """`Document.edit`, with what it refuses noted in the form."""
    uploads = {id: value for id, value in values.items() if is_upload(value)}
    changed = {id: value for id, value in values.items() if id not in uploads and _differs(document, form, id, value)}
    try:
        if changed:
            document.edit(**changed)
        for id, upload in uploads.items():
            store_upload(document, id, upload)
    except ValidationFailed as error:
        form.blame(error.message_list)
        return False
    except (BadRequest, ScriptError) as error:
        form.blame([str(error)])
        return False
    return True


def _differs(document: Document, form: FieldSet, id: str, value: object) -> bool:
    """Only what changed is written: an edit of one field then does not undo what a script just did to another."""
    field = next(entry.field for entry in form if entry.field.id == id)
    old = value_of(document, field)
    if isinstance(field.prop, Property) and field.kind == "date":
        return show_value(field, old) != show_value(field, value)
    if isinstance(old, list | tuple) or isinstance(value, list | tuple):
        return _as_list(old) != _as_list(value)
    if field.kind in ("text", "textarea", "code", "select"):
        return (old or "") != (value or "")
    return old != value


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def note_differences(document: Document, form: FieldSet) -> bool:
    """Show beside each field what somebody else saved meanwhile; False when it is the same as what was typed."""
    found = False
    for entry in form:
        if not entry.field.editable or entry.field.kind in HIDDEN_KINDS:
            continue
        theirs = show_value(entry.field, value_of(document, entry.field))
        if entry.field.kind == "select" and isinstance(theirs, list):
            theirs = theirs[0] if theirs else ""
        if theirs != entry.raw:
            entry.other = _readable(theirs)
            found = True
    if found:
        form.errors.append(
            "Somebody else saved this document while you were editing it, so nothing was saved yet. "
            "Their values stand below the fields that differ: change yours, or save over theirs."
        )
    return found


def _readable(value: Raw) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else value or "(empty)"
