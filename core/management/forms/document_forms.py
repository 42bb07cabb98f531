"""Forms of documents, made from what their portal type says: which fields, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pyramid.request import Request

from wendelin.core.errors import NotFound
from wendelin.core.management.forms.field_sets import FieldSet
from wendelin.core.management.forms.fields import SELECT_LIMIT, Field, field_of
from wendelin.core.management.forms.inputs import Raw
from wendelin.core.management.frame.offers import is_offered
from wendelin.core.management.lists.cells import column_value
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import CategoryProperty, camel_case
from wendelin.core.model.objects.relations import resolve
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.actions import Form
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.requests.urls import url

DOCUMENT_PREFIX = "field_my_"
#: Properties that every document has but few people want to see among the first.
LAST = ("description",)


def category_options(site: Site, prop: CategoryProperty) -> list[tuple[str, str]]:
    """``(path of titles, relative URL)`` of a base category's own categories, when a select can hold them."""
    base = site.portal_categories.get_child(prop.base)
    if not isinstance(base, Folder) or (prop.portal_type and tuple(prop.portal_type) != ("Category",)):
        return []
    found: list[tuple[str, str]] = []
    _collect(base, "", "", found)
    return found if len(found) <= SELECT_LIMIT else []


def _collect(category: Folder, titles: str, path: str, found: list[tuple[str, str]]) -> None:
    for child in category.iterate():
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
    may_write = field.editable and check_permission(field.prop.write_permission, document)
    return field if may_write == field.editable else replace(field, editable=may_write)


def value_of(document: Document, field: Field) -> object:
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
            entry.addresses = {path: _address(request, document, entry.field.prop, path) for _, path in entry.choices}
            entry.link = _relation_url(request, entry.field.prop)
            if entry.field.kind == "select" and isinstance(entry.raw, list):
                entry.raw = entry.raw[0] if entry.raw else ""
        elif entry.field.kind == "readonly" or not entry.field.editable:
            labels = {value: label for label, value in entry.field.options}
            entry.raw = labels.get(entry.raw, entry.raw) if isinstance(entry.raw, str) else entry.raw


def _as_list(raw: Raw) -> list[str]:
    return raw if isinstance(raw, list) else [str(raw)] if raw else []


def _choice(document: Document, prop: CategoryProperty, path: str) -> tuple[str, str]:
    value = resolve(document, prop.base, path)
    if value is None:
        return f"{path} (gone)", path
    # What the user may not view has no title here: a relation can be made to any address.
    return str(column_value(value, "title")) if check_permission(VIEW, value) else path, path


def _address(request: Request, document: Document, prop: CategoryProperty, path: str) -> str:
    """Where a related document is; "" when it is gone, or not for this user to see."""
    value = resolve(document, prop.base, path)
    return url(request, value, "view") if value is not None and check_permission(VIEW, value) else ""


def _relation_url(request: Request, prop: CategoryProperty) -> str:
    return url(request, request.site, "relation_items", base=prop.base, portal_type=list(prop.portal_type) or None)


def find_form(document: Document, form_id: str) -> Form:
    """The further form (tab) of that id, if the user is offered it; `NotFound` otherwise."""
    forms: tuple[Form, ...] = document.getTypeInfo().form_list
    for form in forms:
        if form.id == form_id and is_offered(form, document):
            return form
    raise NotFound(f"{document.portal_type} has no form {form_id!r}")
