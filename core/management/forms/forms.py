"""Forms of documents, made from what their portal type says: which fields, what stands in them, how they are saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyramid.request import Request

from wendelin.core.errors import BadRequest, NotFound, ScriptError, ValidationFailed
from wendelin.core.management.forms.fields import (
    HIDDEN_KINDS,
    SELECT_LIMIT,
    BoundField,
    Field,
    FieldSet,
    field_of,
    show_value,
)
from wendelin.core.management.forms.uploads import store_upload
from wendelin.core.management.frame.layout import is_offered
from wendelin.core.management.lists.search import find_related
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.properties import CategoryProperty, Property, camel_case
from wendelin.core.model.objects.relations import resolve
from wendelin.core.model.portal_types.actions import Form
from wendelin.core.security import MODIFY, check_permission
from wendelin.core.web.requests.urls import url

DOCUMENT_PREFIX = "field_my_"
DIALOG_PREFIX = "field_your_"
#: Properties that every document has but few people want to see among the first.
LAST = ("description",)


def category_options(site: Any, prop: CategoryProperty) -> list[tuple[str, str]]:
    """``(path of titles, relative URL)`` of a base category's own categories, when a select can hold them."""
    base = site.portal_categories.get_child(prop.base)
    if base is None or (prop.portal_type and tuple(prop.portal_type) != ("Category",)):
        return []
    found: list[tuple[str, str]] = []
    _collect(base, "", "", found)
    return found if len(found) <= SELECT_LIMIT else []


def _collect(category: Any, titles: str, path: str, found: list[tuple[str, str]]) -> None:
    for child in category.objectValues():
        label = f"{titles} / {child.getTitle()}" if titles else child.getTitle()
        child_path = f"{path}/{child.getId()}" if path else child.getId()
        found.append((label, child_path))
        if len(found) > SELECT_LIMIT:
            return
        _collect(child, label, child_path, found)


def document_fields(document: Document, ids: Iterable[str] = ()) -> list[Field]:
    """The fields of a document's form: those of ``ids`` in that order, else all that its type defines."""
    info = document.getTypeInfo()
    wanted = list(ids or info.field_list or _default_order(info.property_dict))
    site = document.getPortalObject()
    fields = []
    for id in wanted:
        prop = info.property_dict.get(id)
        if prop is None or prop.group == "hidden" or not check_permission(prop.read_permission, document):
            continue
        options = category_options(site, prop) if isinstance(prop, CategoryProperty) else ()
        fields.append(_narrowed(field_of(prop, options), document))
    return fields


def _default_order(properties: Mapping[str, Any]) -> list[str]:
    ids = [id for id in properties if id not in LAST]
    return ids + [id for id in LAST if id in properties]


def _narrowed(field: Field, document: Document) -> Field:
    """Read-only where the user may not write."""
    from dataclasses import replace

    may_write = field.editable and check_permission(field.prop.write_permission, document)
    return field if may_write == field.editable else replace(field, editable=may_write)


def value_of(document: Document, field: Field) -> Any:
    """What stands in a document's property or relation; relations as a list of relative URLs."""
    if isinstance(field.prop, CategoryProperty) or field.prop.is_list:
        # A property whose own id ends in "_list" is not called getScriptIdListList.
        return getattr(document, f"get{camel_case(field.id).removesuffix('List')}List")()
    if field.id == "title":
        return document.title  # not the id, which stands in for a missing title everywhere else
    return document.getProperty(field.id)


def document_form(request: Request, document: Document, ids: Iterable[str] = ()) -> FieldSet:
    """A document's form, filled."""
    form = FieldSet(document_fields(document, ids), DOCUMENT_PREFIX)
    form.fill(lambda field: value_of(document, field))
    decorate(request, document, form)
    return form


def decorate(request: Request, document: Document, form: FieldSet) -> None:
    """Add what inputs show beside their value: titles and addresses of related documents."""
    for entry in form:
        if isinstance(entry.field.prop, CategoryProperty):
            entry.choices = [_choice(document, entry.field.prop, path) for path in _as_list(entry.raw)]
            entry.link = _relation_url(request, entry.field.prop)
            if entry.field.kind == "select" and isinstance(entry.raw, list):
                entry.raw = entry.raw[0] if entry.raw else ""
        elif entry.field.kind == "readonly" or not entry.field.editable:
            labels = {value: label for label, value in entry.field.options}
            entry.raw = labels.get(entry.raw, entry.raw) if isinstance(entry.raw, str) else entry.raw


def _as_list(raw: Any) -> list[str]:
    return raw if isinstance(raw, list) else [raw] if raw else []


def _choice(document: Document, prop: CategoryProperty, path: str) -> tuple[str, str]:
    value = resolve(document, prop.base, path)
    return (value.getTitle() if value is not None else f"{path} (gone)", path)


def _relation_url(request: Request, prop: CategoryProperty) -> str:
    return url(request, request.site, "relation_items", base=prop.base, portal_type=list(prop.portal_type) or None)


def find_form(document: Document, form_id: str) -> Form:
    """The further form (tab) of that id, if the user is offered it; `NotFound` otherwise."""
    for form in document.getTypeInfo().form_list:
        if form.id == form_id and is_offered(form, document):
            return form
    raise NotFound(f"{document.portal_type} has no form {form_id!r}")


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
            entry.raw = [*entry.raw, *chosen] if entry.field.multivalued else chosen
            values[entry.field.id] = entry.raw
            entry.error = ""
        elif found:
            titles = "; ".join(f"{document.getTitle()} ({document.getRelativeUrl()})" for document in found[:5])
            entry.error = f"{typed!r} fits several documents, write more of the title or reference: {titles}"
        else:
            entry.error = f"No document has {typed!r} in its title or reference."


def apply(document: Document, form: FieldSet, values: dict[str, Any]) -> bool:
    """`Document.edit`, with what it refuses noted in the form."""
    uploads = {id: value for id, value in values.items() if hasattr(value, "file")}
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


def _differs(document: Document, form: FieldSet, id: str, value: Any) -> bool:
    """Only what changed is written: an edit of one field then does not undo what a script just did to another."""
    field = next(entry.field for entry in form if entry.field.id == id)
    old = value_of(document, field)
    if isinstance(field.prop, Property) and field.kind == "date":
        return show_value(field, old) != show_value(field, value)
    if isinstance(old, list | tuple) or isinstance(value, list | tuple):
        return list(old or ()) != list(value or ())
    if field.kind in ("text", "textarea", "code", "select"):
        return (old or "") != (value or "")
    return old != value


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


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else value or "(empty)"


def may_edit(document: Document) -> bool:
    return check_permission(MODIFY, document)


__all__ = [
    "DIALOG_PREFIX",
    "DOCUMENT_PREFIX",
    "BoundField",
    "FieldSet",
    "apply",
    "category_options",
    "decorate",
    "document_fields",
    "document_form",
    "find_form",
    "may_edit",
    "note_differences",
    "save",
    "serial_of",
    "value_of",
]
