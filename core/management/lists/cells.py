"""What a list shows of one document: columns, and the cell of a document in each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyramid.request import Request

from wendelin.core.database import is_own_fault, reason_of
from wendelin.core.interfaces import IDocument
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.properties import camel_case, in_utc
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.requests.urls import url

LONGEST_TEXT = 200
#: Columns that show a property of the documents that a relation leads to, such as ``resource_title``.
RELATED = re.compile(r"([a-z_]+?)_(title|reference|description|id|portal_type)(?:_list|_set)?")


@dataclass(frozen=True)
class Column:
    """``id`` is a property, or a method whose name begins with ``get``."""

    id: str
    title: str
    searchable: bool = False
    sortable: bool = False


@dataclass(frozen=True)
class Cell:
    """A value as text, where a click on it leads, and how it is to look; ``title`` is its column's."""

    title: str
    text: str
    url: str = ""
    is_number: bool = False
    is_state: bool = False


def make_cell(request: Request, document: IDocument, column: Column, position: int) -> Cell:
    """What a column shows of a document; the first column leads to it."""
    value: object = column_value(document, column.id)
    address = url(request, document, "view") if position == 0 or column.id in ("title", "id") else ""
    text = format_value(value)
    if position == 0 and not text:
        text = document.getId()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(column.title, text, address, is_number, column.id.endswith("_state") or column.id == "state")


def column_value(document: IDocument, id: str) -> Any:
    """The value of a property, a state's title for a state variable, or what a ``get...`` method returns.

    Where the document cannot answer, a text that says why: one document must not keep its list from being shown.
    """
    try:
        return _value(document, id)
    except Exception as error:
        if not is_own_fault(error):
            raise
        return f"(cannot be read: {reason_of(error)})"


def _value(document: IDocument, id: str) -> Any:
    if id.startswith("get"):
        return getattr(document, id)()
    if id == "title":
        return document.getTitle()
    if id == "id":
        return document.getId()
    if id == "portal_type":
        return document.getPortalType()
    if id.endswith("_state") or id == "state":
        return state_title(document, id)
    related = RELATED.fullmatch(id)
    if related is not None and (getter := getattr(document, f"get{camel_case(related[1])}ValueList", None)) is not None:
        return [_related_text(value, related[2]) for value in getter()]
    return document.getProperty(id)


def _related_text(related: Document, id: str) -> object:
    """A property of a document that a relation leads to; its path where the user may not view it."""
    return related.getProperty(id) if check_permission(VIEW, related) else related.getRelativeUrl()


def state_title(document: IDocument, variable: str) -> str:
    """The title of the document's state; ``state`` means that of its first workflow."""
    for name, state, title in document.getPortalObject().portal_workflow.getStateItemList(document):
        if variable in (name, "state"):
            return str(title or state)
    return ""


def format_value(value: object) -> str:
    """A value as a list shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, datetime):
        return in_utc(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(format_value(item) for item in value)
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
