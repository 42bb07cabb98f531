"""Query objects, under the names that ERP5's scripts use: conditions on columns, joined by AND, OR and NOT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wendelin.core.errors import QueryError

#: Levels of queries inside of queries. A search text has fewer: its parentheses.
DEEPEST = 50


class BaseQuery:
    """What all queries have in common: they can be joined with ``&``, ``|`` and ``~``."""

    def __and__(self, other: BaseQuery) -> ComplexQuery:
        return AndQuery(*_joined(self, "and"), *_joined(other, "and"))

    def __or__(self, other: BaseQuery) -> ComplexQuery:
        return OrQuery(*_joined(self, "or"), *_joined(other, "or"))

    def __invert__(self) -> NegatedQuery:
        return NegatedQuery(self)


class SimpleQuery(BaseQuery):
    """``SimpleQuery(column=value)`` or ``SimpleQuery(comparison_operator=">", column=value)``: the value as it is.

    Operators in the value are not read: ``SimpleQuery(title=">3")`` looks for the title ``>3``. ``search_key`` is taken
    for scripts that give it, and means nothing here.
    """

    def __init__(self, search_key: object = None, comparison_operator: str = "=", **column: Any) -> None:
        if len(column) != 1:
            raise QueryError(f"SimpleQuery takes one column=value, got {sorted(column)}")
        ((self.column, self.value),) = column.items()
        self.comparison_operator = comparison_operator.lower()

    def __repr__(self) -> str:
        return f"<{self.column} {self.comparison_operator} {self.value!r}>"


class Query(BaseQuery):
    """``Query(column=value)``: the value in any form that ``portal_catalog(column=value)`` takes, operators included.

    ``range``, ``key`` and ``operator`` may also be given beside it: ``Query(size=3, range="min")``.
    """

    def __init__(
        self, range: str | None = None, key: str | None = None, operator: str | None = None, **column: Any
    ) -> None:
        if len(column) != 1:
            raise QueryError(f"Query takes one column=value, got {sorted(column)}")
        ((self.column, value),) = column.items()
        extra = {"range": range, "key": key, "operator": operator}
        given = {name: option for name, option in extra.items() if option is not None}
        self.value = {"query": value, **given} if given else value

    def __repr__(self) -> str:
        return f"<{self.column}: {self.value!r}>"


class NegatedQuery(BaseQuery):
    """All that another query does not find."""

    def __init__(self, query: BaseQuery) -> None:
        self.query = _checked(query)

    def __repr__(self) -> str:
        return f"<NOT {self.query!r}>"


class ComplexQuery(BaseQuery):
    """Queries joined by ``logical_operator``: "and" (the default), "or" or "not" (none of them)."""

    def __init__(
        self, *queries: BaseQuery | Sequence[BaseQuery], logical_operator: str = "and", operator: str | None = None
    ) -> None:
        flat = [query for item in queries for query in (item if isinstance(item, list | tuple) else (item,))]
        self.query_list = [_checked(query) for query in flat]
        self.logical_operator = (operator or logical_operator).lower()
        if self.logical_operator not in ("and", "or", "not"):
            raise QueryError(f'logical_operator must be "and", "or" or "not", not {self.logical_operator!r}')
        if not self.query_list:
            raise QueryError("a ComplexQuery needs at least one query")

    def __repr__(self) -> str:
        return f"<{f' {self.logical_operator.upper()} '.join(map(repr, self.query_list))}>"


def AndQuery(*queries: BaseQuery | Sequence[BaseQuery]) -> ComplexQuery:
    """What all of the queries find."""
    return ComplexQuery(*queries, logical_operator="and")


def OrQuery(*queries: BaseQuery | Sequence[BaseQuery]) -> ComplexQuery:
    """What any of the queries finds."""
    return ComplexQuery(*queries, logical_operator="or")


def _joined(query: BaseQuery, operator: str) -> Sequence[BaseQuery]:
    """The parts of a query that is joined that way already, so that a chain of many is one level deep."""
    if isinstance(query, ComplexQuery) and query.logical_operator == operator:
        return query.query_list
    return (query,)


def check_depth(query: object) -> None:
    """Raise `QueryError` for queries one inside of the other in more than `DEEPEST` levels."""
    level: list[object] = [query]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise QueryError(f"queries may stand inside of one another in at most {DEEPEST} levels")


def _inside(query: object) -> Sequence[object]:
    if isinstance(query, ComplexQuery):
        return query.query_list
    if isinstance(query, NegatedQuery):
        return (query.query,)
    return (query.value,) if isinstance(query, Query | SimpleQuery) and isinstance(query.value, BaseQuery) else ()


def _checked(query: object) -> BaseQuery:
    if not isinstance(query, BaseQuery):
        raise QueryError(f"a query is needed (Query, SimpleQuery, ComplexQuery, ...), not {query!r}")
    return query
