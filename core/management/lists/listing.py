"""Lists of documents: columns, search per column, sort, pages, selection. The whole state is in the address.

``?title=%25wind%25&sort=title,-modification_date&page=2&rows=50``; in a document's own page the names carry the prefix
that keeps them apart from other parameters (`PREFIX`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyramid.request import Request

from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import ITypeInformation
from wendelin.core.management.frame.offers import Link
from wendelin.core.management.lists.cells import Cell, Column, column_value, make_cell
from wendelin.core.management.lists.list_sources import CatalogSource, FolderSource, Source
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import MODULE_SUFFIX
from wendelin.core.security import ADD, COPY, DELETE, check_permission, lineage
from wendelin.core.web.requests.table_pages import MOST_LINES, lines_per_page, page_number
from wendelin.core.web.requests.urls import url

PREFIX = "s_"
ROW_CHOICES = (10, 20, 50, 100, MOST_LINES)
#: Nearly every type has this workflow, and it has no actions to take.
EDIT_WORKFLOW = "edit_workflow"
DEFAULT_COLUMNS = ("title|Title", "reference|Reference", "portal_type|Type", "modification_date|Modified")


@dataclass(frozen=True)
class Header:
    """A column as the list shows it: its search text, and where its title leads."""

    column: Column
    search: str
    sort_url: str
    direction: str


@dataclass(frozen=True)
class Row:
    """One document: its id, what its box is called, and a cell for each column."""

    id: str
    label: str
    cells: list[Cell]


class Listing:
    """One page of a list, as its template shows it."""

    def __init__(self, request: Request, container: Folder, source: Source, columns: list[Column]) -> None:
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
        """``{column id: text}`` of the columns that are searched."""
        return {id: text for id, text in self.query.items() if text}

    @cached_property
    def sort(self) -> list[tuple[str, str]]:
        """``[("title", "ascending"), ...]`` of columns that can be sorted."""
        sortable = {column.id for column in self.columns if column.sortable}
        entries = [entry for entry in self.request.GET.get("sort", "").split(",") if entry.lstrip("-") in sortable]
        return [(entry.lstrip("-"), "descending" if entry.startswith("-") else "ascending") for entry in entries][:3]

    @cached_property
    def rows_per_page(self) -> int:
        """One of `row_choices`: as the address says, else as the user prefers."""
        wanted = self.request.GET.get("rows", "")
        return next((choice for choice in self.row_choices if wanted == str(choice)), self._preferred_rows)

    @cached_property
    def _preferred_rows(self) -> int:
        return lines_per_page(self.request)

    @cached_property
    def _counted(self) -> tuple[int, str]:
        try:
            return self.source.count(self.active_query), ""
        except BadRequest as error:  # a word where a number is searched: nothing fits, and that is no wrong request
            return 0, str(error)

    @property
    def count(self) -> int:
        """How many documents the search finds."""
        return self._counted[0]

    @property
    def problem(self) -> str:
        """Why the search can find nothing; "" for one that makes sense."""
        return self._counted[1]

    @property
    def page_count(self) -> int:
        """How many pages; an empty list has one."""
        return max(1, -(-self.count // self.rows_per_page))

    @cached_property
    def page(self) -> int:
        """The number of this page, from 1."""
        return page_number(self.request, self.page_count)

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.rows_per_page

    # -- what is shown

    @cached_property
    def documents(self) -> list[Document]:
        """The documents of this page, in order."""
        if not self.count:
            return []
        return self.source.documents(self.active_query, self.sort, self.offset, self.rows_per_page)

    @cached_property
    def rows(self) -> list[Row]:
        """The lines of this page."""
        return [
            Row(
                document.getId(),
                str(column_value(document, "title")),
                [make_cell(self.request, document, column, position) for position, column in enumerate(self.columns)],
            )
            for document in self.documents
        ]

    @cached_property
    def headers(self) -> list[Header]:
        """The line above them, by column."""
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
        """This page of the list, to come back to."""
        return self.address()

    @property
    def search_url(self) -> str:
        """Where the form of the search texts goes."""
        return url(self.request, self.container, "view")

    @property
    def clear_url(self) -> str:
        """The list without its search texts, sorted as it is."""
        cleared: dict[str, Any] = {PREFIX + column.id: None for column in self.columns}
        return self.address(**cleared, page=None)

    @property
    def csv_url(self) -> str:
        """All that the search finds, as a file."""
        return self.address("export.csv", page=None)

    @property
    def action_url(self) -> str:
        """Where the buttons above the list go."""
        return url(self.request, self.container, "list_action")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the search form carries along."""
        return [(name, self.request.GET[name]) for name in ("sort", "rows") if self.request.GET.get(name)]

    @property
    def searches(self) -> bool:
        """Whether any column can be searched."""
        return any(column.searchable for column in self.columns)

    @cached_property
    def row_choices(self) -> tuple[int, ...]:
        """How many lines a page may have: the usual numbers, and the one that the user prefers."""
        return tuple(sorted({*ROW_CHOICES, self._preferred_rows}))

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
    def _info(self) -> ITypeInformation:
        return self.container.getTypeInfo()

    @property
    def may_copy(self) -> bool:
        """Whether documents of this list can be put on the clipboard; what only a tool makes can not."""
        return bool(self._info.allowed_content_type_list) and check_permission(COPY, self.container)

    @cached_property
    def has_workflow(self) -> bool:
        """Whether any document of this page could take an action."""
        workflows = {id for document in self.documents for id in document.getTypeInfo().workflow_list}
        return bool(workflows - {EDIT_WORKFLOW})

    @property
    def may_delete(self) -> bool:
        """Whether the user may delete from this container; each document is asked as well."""
        return check_permission(DELETE, self.container)

    @property
    def may_paste(self) -> bool:
        """Whether there is a clipboard, and the user may add documents here."""
        return bool(self.request.session.get("clipboard")) and check_permission(ADD, self.container)


def columns_of(container: Folder, source: Source) -> list[Column]:
    """The columns that the container's type names (``list_column_list``), or the usual ones."""
    specs = container.getTypeInfo().list_column_list or DEFAULT_COLUMNS
    columns = []
    for spec in specs:
        id, _, title = spec.partition("|")
        searchable, sortable = source.abilities(id)
        columns.append(Column(id, title or id.replace("_", " ").capitalize(), searchable, sortable))
    return columns


def make_listing(request: Request, container: Folder) -> Listing:
    """The list of a container's documents: by the catalog in modules, read directly in tools."""
    source: Source = FolderSource(container) if is_tool(container) else CatalogSource(container)
    return Listing(request, container, source, columns_of(container, source))


def is_tool(container: Folder) -> bool:
    """True outside of the modules: tools hold few documents, of kinds that are not catalogued."""
    way = [document.__name__ for document in lineage(container)]
    return not way[-2:][0].endswith(MODULE_SUFFIX)  # the top one stands in the site, which comes last
