"""Where the rows of a list come from: the catalog (modules, of any size) or the container itself (tools).

Both understand the same search texts: ``wind`` and ``%wind%`` (somewhere in the text), ``wind%`` (at its start),
``=wind`` (exactly), and for numbers and dates ``>= 5``, ``< 2026-01-31``, or a value.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from wendelin.core.database import is_own_fault
from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import IFolder
from wendelin.core.management.lists.cells import column_value
from wendelin.core.model.catalog.storage.columns import all_columns
from wendelin.core.model.catalog.storage.texts import TextPattern, fold
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.properties import in_utc, to_date
from wendelin.core.security import MANAGE, VIEW, check_permission

#: The longer ones first: a text is looked at from its start.
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
Query = dict[str, str]
Sort = list[tuple[str, str]]


class Source(Protocol):
    """What a list asks of a source."""

    def abilities(self, column_id: str) -> tuple[bool, bool]:
        """Whether a column can be searched, and sorted."""

    def count(self, query: Query) -> int:
        """How many documents a search finds."""

    def documents(self, query: Query, sort: Sort, offset: int, limit: int) -> list[Document]:
        """Those of one page."""


def split_operator(text: str) -> tuple[str, str]:
    """``">= 5"`` -> ``(">=", "5")``; ``("", text)`` without one."""
    for sign in COMPARISONS:
        if text.startswith(sign):
            return sign, text[len(sign) :].strip()
    return "", text


class CatalogSource:
    """The documents of a container that the catalog finds, filtered by what the user may see."""

    def __init__(self, container: IFolder, **fixed: Any) -> None:
        self.container = container
        self.catalog = container.getPortalObject().portal_catalog
        self.fixed = fixed or {"parent_uid": container.getUid()}
        self.columns = all_columns()

    def _name(self, column_id: str) -> str:
        """The catalog's column of a list column: ``getSize`` is ``size``."""
        if column_id.startswith("get"):
            return re.sub(r"(?<!^)(?=[A-Z])", "_", column_id[3:]).lower()
        return column_id

    def abilities(self, column_id: str) -> tuple[bool, bool]:
        """What the catalog can do with the column of that name; nothing where it has none."""
        column = self.columns.get(self._name(column_id))
        if column is None:
            return False, False
        return column.kind not in ("stored", "path_list"), column.kind in ("string", "path", "number", "date", "token")

    def _query(self, query: Query) -> dict[str, Any]:
        return self.fixed | {self._name(id): self._condition(self._name(id), text) for id, text in query.items()}

    def _condition(self, name: str, text: str) -> Any:
        sign, rest = split_operator(text)
        kind = self.columns[name].kind
        if kind == "token" and name.endswith("_state") and sign in ("", "=", "!="):
            return self._states(name, sign, rest)
        if kind not in ("string", "path", "token"):
            return sign + rest
        if sign in ("", "="):
            return {"query": rest, "key": "ExactMatch" if sign and "%" not in rest else "Keyword"}
        return sign + rest

    def _states(self, variable: str, sign: str, text: str) -> list[str]:
        """The ids of the states whose title, which is what the list shows, or id fits the text (``!=``: does not)."""
        known = list(state_titles(self.container, variable))
        exact = "=" if sign else ""
        found = {id for id, title in known if _fits(title, exact + text) or _fits(id, exact + text)}
        return sorted({id for id, _ in known} - found if sign == "!=" else found)

    def count(self, query: Query) -> int:
        """How many the catalog finds, without loading one."""
        return int(self.catalog.countResults(**self._query(query))[0][0])

    def documents(self, query: Query, sort: Sort, offset: int, limit: int) -> list[Document]:
        """One page, by id where no order is asked for."""
        names = [(self._name(id), order) for id, order in sort] or [("id", "ascending")]
        found = self.catalog(**self._query(query), sort_on=names, limit=(offset, limit))
        return list(found.documents())


def state_titles(container: IFolder, variable: str) -> Iterator[tuple[str, str]]:
    """``(state id, title)`` of that state variable in the workflows of what the container may hold, else of all."""
    site = container.getPortalObject()
    held = [site.type_information(name) for name in container.getTypeInfo().allowed_content_type_list]
    wanted = {workflow for info in held for workflow in info.workflow_list}
    for workflow in site.portal_workflow.iterate():
        definition = workflow.definition
        if definition.state_variable == variable and (not wanted or definition.id in wanted):
            yield from ((state.id, state.title or state.id) for state in definition.state.values())


class FolderSource:
    """The documents of a tool, read one by one: tens or hundreds."""

    def __init__(self, container: Folder, documents: Callable[[], Iterable[Document]] | None = None) -> None:
        self._documents = documents or (lambda: _visible(container))
        self._all: list[Document] | None = None

    def abilities(self, column_id: str) -> tuple[bool, bool]:
        """Every value that is shown can be compared."""
        return True, True

    def _found(self, query: Query) -> list[Document]:
        if self._all is None:
            self._all = list(self._documents())
        return [
            document
            for document in self._all
            if all(_fits(column_value(document, id), text) for id, text in query.items())
        ]

    def count(self, query: Query) -> int:
        """How many of the container's documents fit."""
        return len(self._found(query))

    def documents(self, query: Query, sort: Sort, offset: int, limit: int) -> list[Document]:
        """One page, by title where no order is asked for."""
        found = self._found(query)
        for id, order in reversed(sort or [("title", "ascending")]):
            found.sort(key=partial(_document_key, id), reverse=order == "descending")
        return found[offset : offset + limit]


def _visible(container: Folder) -> Iterator[Document]:
    """The documents that the user may view; one that cannot say who may is shown to managers, who can repair it."""
    for document in container.iterate():
        try:
            shown = check_permission(VIEW, document)
        except Exception as error:
            if not is_own_fault(error):
                raise
            shown = check_permission(MANAGE, container)
        if shown:
            yield document


def _document_key(column_id: str, document: Document) -> tuple[int, Any]:
    return _sort_key(column_value(document, column_id))


def _sort_key(value: object) -> tuple[int, Any]:
    if value is None or value == "":
        return (0, 0)
    if isinstance(value, int | float):
        return (1, value)
    return (2, in_utc(value).isoformat() if isinstance(value, datetime) else fold(str(value)))


def _fits(value: object, text: str) -> bool:
    sign, rest = split_operator(text)
    if isinstance(value, int | float | datetime) and not isinstance(value, bool):
        return _compares(value, sign or "=", rest)
    if isinstance(value, list | tuple):
        return any(_fits(item, text) for item in value)
    words = fold(str(value if value is not None else ""))
    if sign in ("=", "!="):
        return (words == fold(rest)) == (sign == "=")
    return TextPattern(rest if "%" in rest else f"%{rest}%").fits(words)


def _compares(value: float | datetime, sign: str, text: str) -> bool:
    try:
        return COMPARISONS[sign](value, _like(value, text))
    except ValueError as error:
        raise BadRequest(f"{text!r} is not a {'date' if isinstance(value, datetime) else 'number'}") from error


def _like(value: float | datetime, text: str) -> float | datetime:
    """The text as the kind of thing that the value is."""
    return to_date(text) if isinstance(value, datetime) else float(text)
