"""From a value as callers write it to conditions on one column.

========================================= =====================================================
value                                     finds
========================================= =====================================================
``"text"``, ``3``, a date                 equal (a day, month or year given as text: any time in it)
``"%x%"``                                 texts that hold x; case does not matter
``">3" ">=3" "<3" "<=3" "!=x" "=x"``      compared; ``"=%"`` finds a real per cent sign
``[a, b]``                                any of them; an empty list finds nothing
``None``                                  documents without a value
``{"query": v, "range": r, "key": k}``    r: min (>=), max (<), ngt (<=), nlt (>=), neq, minmax, minngt;
                                          k: ExactMatch, Keyword (%v%), FullText
========================================= =====================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from wendelin.core.errors import QueryError
from wendelin.core.model.catalog.search.combinations import And, Not, Or
from wendelin.core.model.catalog.search.conditions import Condition, Missing, StoredTest, TokenIn
from wendelin.core.model.catalog.search.ranges import Between, Equal, Like, Membership
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column
from wendelin.core.model.catalog.storage.texts import TextPattern, fold

OPERATOR = re.compile(r"\s*(>=|<=|!=|<>|=|>|<)\s*(.*)", re.DOTALL)
RANGES = {"min": ">=", "max": "<", "ngt": "<=", "nlt": ">=", "neq": "!=", "=": "=", "": "="}
PAIRS = {"minmax": False, "minngt": True}
DAY = re.compile(r"\d{4}(?:[-/]\d{1,2}(?:[-/]\d{1,2})?)?")
SEQUENCES = (list, tuple, set, frozenset)


def condition_for(store: CatalogStore, column: Column, value: object) -> Condition:
    """The condition ``column=value``; raises `QueryError` for a value that cannot be understood."""
    if isinstance(value, dict):
        return _from_dict(store, column, value)
    if isinstance(value, SEQUENCES):
        return any_of(store, column, value)
    if isinstance(value, str):
        found = OPERATOR.fullmatch(value)
        if found:
            return compare(store, column, found[1], found[2])
        if "%" in value:
            return like(store, column, value)
    return compare(store, column, "=", value)


def any_of(store: CatalogStore, column: Column, values: Iterable[object]) -> Condition:
    """The column has one of the values; plain ones are looked up together."""
    plain: list[Any] = []
    rest: list[Any] = []
    for value in values:
        (plain if _is_plain(column, value) else rest).append(value)
    if not rest:
        return _equal(store, column, [column.parse(value) for value in plain])
    conditions = [condition_for(store, column, value) for value in rest]
    if plain:
        conditions.append(_equal(store, column, [column.parse(value) for value in plain]))
    return conditions[0] if len(conditions) == 1 else Or(store, conditions)


def _is_plain(column: Column, value: object) -> bool:
    if isinstance(value, str):
        return "%" not in value and OPERATOR.fullmatch(value) is None and column.kind != "date"
    return isinstance(value, int | float | datetime)


def compare(store: CatalogStore, column: Column, operator: str, value: object) -> Condition:
    """``column operator value`` with the value taken as it is."""
    if operator in ("!=", "<>"):
        return Not(compare(store, column, "=", value))
    if operator in ("like", "not like"):
        found = like(store, column, str(value))
        return found if operator == "like" else Not(found)
    if operator == "in":
        return _equal(store, column, [column.parse(item) for item in _items(column, value)])
    if value is None:
        return Missing(store, column)
    if column.kind == "date":
        return _compare_date(store, column, operator, value)
    if operator == "=":
        return _equal(store, column, [column.parse(value)])
    return _range(store, column, operator, column.parse(value))


def _items(column: Column, value: object) -> Iterable[object]:
    if not isinstance(value, Iterable):
        raise QueryError(f"column {column.name!r}: the operator in needs a list of values, not {value!r}")
    return value


def like(store: CatalogStore, column: Column, pattern: str) -> Condition:
    """The column's text matches a ``%`` pattern."""
    matcher = TextPattern(pattern)

    def fits(value: object) -> bool:
        return value is not None and matcher.fits_text(value)

    if column.is_token:
        index = store.index(column.name)
        return TokenIn(store, column, [value for value in (index.values() if index else ()) if fits(value)])
    if column.kind in ("string", "path"):
        return Like(store, column, pattern)
    if column.kind == "path_list":
        return StoredTest(store, column, lambda paths: any(map(fits, paths or ())))
    return StoredTest(store, column, fits)


def _equal(store: CatalogStore, column: Column, values: list[Any]) -> Condition:
    if column.is_token:
        return TokenIn(store, column, values)
    if column.kind == "stored":
        return StoredTest(store, column, lambda value: value is not None and value in values)
    if column.kind == "path_list":
        return Membership(store, column, [path for value in values for path in value], strict=True)
    return Equal(store, column, values)


def _range(store: CatalogStore, column: Column, operator: str, value: object) -> Condition:
    low, high = (value, None) if operator[0] == ">" else (None, value)
    return between(store, column, low, high, operator == ">=", operator == "<=")


def between(
    store: CatalogStore, column: Column, low: object, high: object, with_low: bool = True, with_high: bool = False
) -> Condition:
    """The column's value is between two normalised values, None leaving a side open."""
    if column.kind == "path_list":
        raise QueryError(f"column {column.name!r} holds lists of paths: they cannot be compared with < and >")
    condition = Between(store, column, low, high, with_low, with_high)
    if column.is_token:
        index = store.index(column.name)
        return TokenIn(store, column, [value for value in (index.values() if index else ()) if condition.holds(value)])
    if column.kind == "stored":
        return StoredTest(store, column, condition.holds)
    return condition


def _compare_date(store: CatalogStore, column: Column, operator: str, value: object) -> Condition:
    start, end = _date_span(column, value)
    if end is None:
        return _equal(store, column, [start]) if operator == "=" else _range(store, column, operator, start)
    if operator == "=":
        return between(store, column, start, end)
    edge = {">=": start, "<": start, ">": end, "<=": end}[operator]
    return _range(store, column, ">=" if operator[0] == ">" else "<", edge)


def _date_span(column: Column, value: object) -> tuple[int, int | None]:
    """The first microsecond of a year, month or day and the first after it; (moment, None) for a moment."""
    if isinstance(value, str) and DAY.fullmatch(value.strip()):
        parts = [int(part) for part in re.split("[-/]", value.strip())]
    elif isinstance(value, date) and not isinstance(value, datetime):
        parts = [value.year, value.month, value.day]
    else:
        return column.parse(value), None
    try:
        year, month, day = [*parts, 1, 1][:3]
        start = datetime(year, month, day, tzinfo=UTC)
        if len(parts) == 3:
            end = start + timedelta(days=1)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=UTC) if len(parts) == 1 else _next_month(start)
    except ValueError as error:
        raise QueryError(f"column {column.name!r}: {value!r} is not a date ({error})") from error
    return column.parse(start), column.parse(end)


def _next_month(start: datetime) -> datetime:
    return datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)


def _from_dict(store: CatalogStore, column: Column, value: dict[str, Any]) -> Condition:
    unknown = value.keys() - {"query", "range", "key", "operator", "type", "format"}
    if unknown or "query" not in value:
        reason = f"unknown {sorted(unknown)}" if unknown else '"query" is missing'
        raise QueryError(f"column {column.name!r}: the dictionary {value!r} cannot be read: {reason}")
    if isinstance(value["query"], dict):
        raise QueryError(f"column {column.name!r}: a dictionary cannot be the query of another one")
    query, limits, operator = value["query"], value.get("range") or "", str(value.get("operator") or "or").lower()
    if limits in PAIRS:
        return _pair(store, column, query, PAIRS[limits])
    if limits and limits not in RANGES:
        raise QueryError(f"column {column.name!r}: unknown range {limits!r}; known: {', '.join([*RANGES, *PAIRS])}")
    items = list(query) if isinstance(query, SEQUENCES) else [query]
    key = str(value.get("key") or "").removesuffix("Key")
    conditions = [_keyed(store, column, key, RANGES.get(limits, "="), item) for item in items]
    if len(conditions) == 1:
        return conditions[0]
    return And(store, conditions) if operator == "and" and conditions else Or(store, conditions)


def _keyed(store: CatalogStore, column: Column, key: str, operator: str, value: object) -> Condition:
    if operator != "=" or key in ("ExactMatch", "Raw"):
        return compare(store, column, operator, value)
    if key == "Keyword" and isinstance(value, str):  # operators in the value are not read
        return like(store, column, value if "%" in value else f"%{value}%")
    if key == "FullText":
        words = re.findall(r"\w+", fold(str(value)))
        found = [like(store, column, f"%{word}%") for word in words]
        return And(store, found) if found else Or(store, [])
    if key not in ("", "Default", "Keyword", "DateTime", "FullText"):
        raise QueryError(f"column {column.name!r}: unknown key {key!r}; known: ExactMatch, Keyword, FullText")
    return condition_for(store, column, value)


def _pair(store: CatalogStore, column: Column, query: object, with_high: bool) -> Condition:
    if not isinstance(query, list | tuple) or len(query) != 2:
        raise QueryError(f"column {column.name!r}: a range from .. to needs a pair of values, not {query!r}")
    low, high = (None if item is None else column.parse(item) for item in query)
    return between(store, column, low, high, with_high=with_high)
