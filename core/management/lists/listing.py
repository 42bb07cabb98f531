"""Lists of documents: columns, search per column, sort, pages, selection. The whole state is in the address.

``?title=%25wind%25&sort=title,-modification_date&page=2&rows=50``; in a document's own page the names carry the prefix
that keeps them apart from other parameters (`PREFIX`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pyramid.request import Request

from wendelin.core.management.frame.layout import Link
from wendelin.core.management.lists.list_sources import CatalogSource, FolderSource, Source
from wendelin.core.model.objects.document import Document
from wendelin.core.security import ADD, COPY, DELETE, check_permission
from wendelin.core.web.requests.urls import url

PREFIX = "s_"
ROW_CHOICES = (10, 20, 50, 100, 200)
DEFAULT_ROWS = 20
#: It has no actions.
EDIT_WORKFLOW = "edit_workflow"
DEFAULT_COLUMNS = ("title|Title", "reference|Reference", "portal_type|Type", "modification_date|Modified")


@dataclass(frozen=True)
class Column:
    """``id`` is a property, or a method whose name begins with ``get``."""

    id: str
    title: str
    searchable: bool = False
    sortable: bool = False


@dataclass(frozen=True)
class Header:
    """A column as the list shows it: its search text, and where its title leads."""

    column: Column
    search: str
    sort_url: str
    direction: str


@dataclass(frozen=True)
class Cell:
    title: str
    text: str
    url: str = ""
    is_number: bool = False
    is_state: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Row:
    """One document."""

    id: str
    label: str
    cells: list[Cell]


class Listing:
    """One page of a list, as its template shows it."""

    def __init__(self, request: Request, container: Any, source: Source, columns: list[Column]) -> None:
        self.request = request
        self.container = container
        self.source = source
        self.columns = columns
        self.query = {
            column.id: request.GET.get(PREFIX + column.id, "").strip() for column in columns if column.searchable
        }

    # -- what is asked

    @property
    def active_query(self) -> dict[str, str]:
        return {id: text for id, text in self.query.items() if text}

    @cached_property
    def sort(self) -> list[tuple[str, str]]:
        """``[("title", "ascending"), ...]`` of columns that can be sorted."""
        sortable = {column.id for column in self.columns if column.sortable}
        entries = [entry for entry in self.request.GET.get("sort", "").split(",") if entry.lstrip("-") in sortable]
        return [(entry.lstrip("-"), "descending" if entry.startswith("-") else "ascending") for entry in entries][:3]

    @cached_property
    def rows_per_page(self) -> int:
        wanted = self.request.GET.get("rows", "")
        return int(wanted) if wanted.isdigit() and int(wanted) in ROW_CHOICES else DEFAULT_ROWS

    @cached_property
    def count(self) -> int:
        """How many documents the search finds."""
        return self.source.count(self.active_query)

    @property
    def page_count(self) -> int:
        return max(1, -(-self.count // self.rows_per_page))

    @cached_property
    def page(self) -> int:
        wanted = self.request.GET.get("page", "1")
        return min(max(1, int(wanted) if wanted.isdigit() else 1), self.page_count)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.rows_per_page

    # -- what is shown

    @cached_property
    def documents(self) -> list[Document]:
        return self.source.documents(self.active_query, self.sort, self.offset, self.rows_per_page)

    @cached_property
    def rows(self) -> list[Row]:
        return [
            Row(
                document.getId(),
                document.getTitle(),
                [make_cell(self.request, document, column, position) for position, column in enumerate(self.columns)],
            )
            for document in self.documents
        ]

    @cached_property
    def headers(self) -> list[Header]:
        directions = dict(self.sort)
        return [
            Header(column, self.query.get(column.id, ""), self._sort_url(column), directions.get(column.id, ""))
            for column in self.columns
        ]

    def _sort_url(self, column: Column) -> str:
        """A click sorts by the column, a second one turns it round; further keys stay behind it."""
        if not column.sortable:
            return ""
        first = self.sort[0] if self.sort else ("", "")
        descending = first == (column.id, "ascending")
        rest = [f"{'-' * (order == 'descending')}{id}" for id, order in self.sort if id != column.id]
        return self.address(sort=",".join([f"{'-' * descending}{column.id}", *rest][:3]), page=None)

    def address(self, view: str = "view", **changes: Any) -> str:
        """This list, or another view of it, with other parameters."""
        names = [PREFIX + column.id for column in self.columns] + ["sort", "rows", "page"]
        kept = {name: self.request.GET[name] for name in names if self.request.GET.get(name)}
        return url(self.request, self.container, view, **(kept | changes))

    @property
    def here(self) -> str:
        return self.address()

    @property
    def search_url(self) -> str:
        return url(self.request, self.container, "view")

    @property
    def clear_url(self) -> str:
        cleared: dict[str, Any] = {PREFIX + column.id: None for column in self.columns}
        return self.address(**cleared, page=None)

    @property
    def csv_url(self) -> str:
        return self.address("export.csv", page=None)

    @property
    def action_url(self) -> str:
        return url(self.request, self.container, "list_action")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the search form carries along."""
        return [(name, self.request.GET[name]) for name in ("sort", "rows") if self.request.GET.get(name)]

    @property
    def searches(self) -> bool:
        return any(column.searchable for column in self.columns)

    @property
    def row_choices(self) -> tuple[int, ...]:
        return ROW_CHOICES

    @property
    def pages(self) -> list[Link]:
        """First, previous, next, last."""
        wanted = (("First", 1), ("Previous", self.page - 1), ("Next", self.page + 1), ("Last", self.page_count))
        return [
            Link(title, self.address(page=number) if 1 <= number <= self.page_count and number != self.page else "")
            for title, number in wanted
        ]

    # -- what can be done with a selection

    @cached_property
    def _info(self) -> Any:
        return self.container.getTypeInfo()

    @property
    def may_copy(self) -> bool:
        return bool(self._info.allowed_content_type_list) and check_permission(COPY, self.container)

    @cached_property
    def has_workflow(self) -> bool:
        """Whether any document of this page could take an action."""
        workflows = {id for document in self.documents for id in document.getTypeInfo().workflow_list}
        return bool(workflows - {EDIT_WORKFLOW})

    @property
    def may_delete(self) -> bool:
        return check_permission(DELETE, self.container)

    @property
    def may_paste(self) -> bool:
        return bool(self.request.session.get("clipboard")) and check_permission(ADD, self.container)


def columns_of(container: Any, source: Source) -> list[Column]:
    """The columns that the container's type names (``list_column_list``), or the usual ones."""
    specs = container.getTypeInfo().list_column_list or DEFAULT_COLUMNS
    columns = []
    for spec in specs:
        id, _, title = spec.partition("|")
        searchable, sortable = source.abilities(id)
        columns.append(Column(id, title or id.replace("_", " ").capitalize(), searchable, sortable))
    return columns


def make_listing(request: Request, container: Any) -> Listing:
    """The list of a container's documents: by the catalog in modules, read directly in tools."""
    source: Source = FolderSource(container) if is_tool(container) else CatalogSource(container)
    return Listing(request, container, source, columns_of(container, source))


def is_tool(container: Any) -> bool:
    """Tools hold few documents, of kinds that are not catalogued."""
    here = container
    while here.__parent__ is not None and here.__parent__.__parent__ is not None:
        here = here.__parent__
    return not here.getId().endswith("_module")


def make_cell(request: Request, document: Document, column: Column, position: int) -> Cell:
    """What a column shows of a document; the first column leads to it."""
    value = column_value(document, column.id)
    address = url(request, document, "view") if position == 0 or column.id in ("title", "id") else ""
    text = format_value(value)
    if position == 0 and not text:
        text = document.getId()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(column.title, text, address, is_number, column.id.endswith("_state") or column.id == "state")


def column_value(document: Document, id: str) -> Any:
    """The value of a property, a state's title for a state variable, or what a ``get...`` method returns."""
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
    return document.getProperty(id)


def state_title(document: Document, variable: str) -> str:
    """The title of the document's state; ``state`` means that of its first workflow."""
    for name, state, title in document.getPortalObject().portal_workflow.getStateItemList(document):
        if variable in (name, "state"):
            return title or state
    return ""


def format_value(value: Any) -> str:
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
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(format_value(item) for item in value)
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "..."
