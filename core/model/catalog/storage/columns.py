"""The catalog's columns: their names, kinds, and how a value becomes an index key.

========== ================================================================ ==========================================
kind       values                                                           index
========== ================================================================ ==========================================
token      texts, few different ones, shared by many documents              `indexes.TokenIndex` (value -> set of uids)
uid        numbers, as tokens                                               `indexes.TokenIndex`
string     texts; equal exactly, ``%x%`` and order ignore case and form     `indexes.OrderedIndex`
path       texts in which case matters (ids, paths)                         `indexes.OrderedIndex`
number     int or float                                                     `indexes.OrderedIndex`
date       aware datetime, kept as whole microseconds since 1970            `indexes.OrderedIndex`
path_list  several paths per document (categories)                          `indexes.OrderedIndex`, several keys
text       words of a text                                                  `fulltext.FullTextIndex`
stored     anything; shown, and tested row by row, but not indexed          none
========== ================================================================ ==========================================

A column with ``listing=True`` is also kept in order per container, so that any page of a container's list sorted by it
is found at once, however many documents the container has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from wendelin.core.errors import QueryError, RegistrationError
from wendelin.core.model.catalog.storage.texts import fold
from wendelin.core.registry import Registration, get_registry

#: Keys of strings are cut to this length, so that a long title does not bloat the trees; rows keep the whole value.
KEY_LENGTH = 160
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ORDERED_KINDS = frozenset({"string", "path", "number", "date", "path_list"})
TOKEN_KINDS = frozenset({"token", "uid"})
KINDS = ORDERED_KINDS | TOKEN_KINDS | {"text", "stored"}
#: How a column finds its value in a document.
Getter = Callable[[Any], object]


@dataclass(frozen=True)
class Column:
    """One column. ``getter``: a property id (by default the name), or ``function(document) -> value``.

    A *normalised* value is a value as rows keep it: text, a number, a tuple of texts, or anything in a stored column.
    """

    name: str
    kind: str
    getter: str | Getter | None = None
    listing: bool = False

    @property
    def is_token(self) -> bool:
        """Is it indexed as value -> set of uids?"""
        return self.kind in TOKEN_KINDS

    @property
    def is_ordered(self) -> bool:
        """Is it indexed as (key, uid) in order?"""
        return self.kind in ORDERED_KINDS

    @property
    def holds_all(self) -> bool:
        """Does its ordered index hold documents without a value too, before all others?"""
        return self.listing and self.is_ordered

    def normalise(self, value: object) -> Any:
        """The value as rows keep it, None for "no value"; raises ValueError or TypeError when it does not fit."""
        return None if value is None else NORMALISERS[self.kind](value)

    def key(self, value: object) -> Any:
        """The index key of a normalised value; None (only in listings) comes before every other key."""
        if value is None:
            return LOWEST[self.kind]
        return KEYS[self.kind](value)

    def parse(self, text: object) -> Any:
        """A value given in a query, normalised; raises `QueryError`."""
        try:
            return self.normalise(parse_date(text) if self.kind == "date" and isinstance(text, str) else text)
        except (ValueError, TypeError) as error:
            raise QueryError(f"column {self.name!r} holds {self.kind} values: {text!r} is not one ({error})") from error

    def show(self, value: Any) -> Any:
        """A row's value as callers see it: dates are aware datetimes again, everything else is as it is kept."""
        return EPOCH + value * MICROSECOND if self.kind == "date" and value is not None else value


def parse_date(text: str) -> datetime:
    """``2024-05-01``, ``2024/05/01 12:30`` or any ISO 8601 text, as an aware datetime (UTC when no zone is given)."""
    stamp = datetime.fromisoformat(text.strip().replace("/", "-"))
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _date(value: object) -> int:
    if isinstance(value, datetime):
        stamp = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        stamp = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        stamp = datetime.fromtimestamp(value, UTC)
    else:
        stamp = parse_date(str(value))
    return (stamp - EPOCH) // MICROSECOND


def _number(value: int | float | str) -> int | float:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    number = float(value)
    if number != number:
        raise ValueError("it is not a number")  # it has no place in any order
    return number


def _path_list(value: str | Iterable[object]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def id_key(id: str) -> str:
    """Ids in natural order: 2 before 10, numbers before words."""
    return id.zfill(20) if id.isdigit() else id


NORMALISERS: dict[str, Callable[[Any], Any]] = {
    "token": str,
    "uid": int,
    "string": str,
    "path": str,
    "number": _number,
    "date": _date,
    "path_list": _path_list,
    "text": str,
    "stored": lambda value: value,
}
KEYS: dict[str, Callable[[Any], Any]] = {
    "token": lambda value: value,
    "uid": lambda value: value,
    "string": lambda value: fold(value)[:KEY_LENGTH],
    "path": id_key,
    "number": lambda value: value,
    "date": lambda value: value,
    "path_list": lambda value: value,
    "stored": lambda value: value,
}
LOWEST: dict[str, Any] = {"token": "", "string": "", "path": "", "path_list": "", "stored": ""} | dict.fromkeys(
    ("number", "date", "uid"), float("-inf")
)

CORE_COLUMNS = (
    Column("relative_url", "path"),
    Column("parent_uid", "uid"),
    Column("id", "path", listing=True),
    Column("portal_type", "token", listing=True),
    Column("security_uid", "uid", listing=True),
    Column("title", "string", listing=True),
    Column("reference", "string", listing=True),
    Column("version", "string"),
    Column("language", "token"),
    Column("description", "stored"),
    Column("owner", "token"),
    Column("creation_date", "date"),
    Column("modification_date", "date", listing=True),
    Column("effective_date", "date"),
    Column("expiration_date", "date"),
    Column("start_date", "date"),
    Column("stop_date", "date"),
    Column("int_index", "number"),
    Column("size", "number"),
    Column("quantity", "number"),
    Column("variation_text", "string"),
    Column("content_type", "token"),
    Column("validation_state", "token"),
    Column("simulation_state", "token"),
    Column("refresh_state", "token"),
    Column("categories", "path_list"),
    Column("local_roles", "path_list"),
    Column("SearchableText", "text"),
    Column("catalog_problem", "string"),
)
#: Names of the core's own columns, in which every document has its place from the beginning.
CORE_NAMES = frozenset(column.name for column in CORE_COLUMNS)

#: The registrations that were read last, and the columns made from them.
_known: tuple[list[Registration], dict[str, Column]] | None = None


def all_columns() -> Mapping[str, Column]:
    """The core's columns and those that plugins registered (``config.add_catalog_column(name, kind, getter=...)``)."""
    global _known
    registrations = list(get_registry().get_list("catalog_column"))
    if _known is None or [*map(id, _known[0])] != [*map(id, registrations)]:
        _known = (registrations, _all_columns(registrations))
    return _known[1]


def _all_columns(registrations: Iterable[Registration]) -> dict[str, Column]:
    columns = {column.name: column for column in CORE_COLUMNS}
    for registration in registrations:
        column = _registered(registration)
        if column.name in columns:
            raise RegistrationError(f"catalog column {column.name!r} of {registration.place} is one of the core's")
        columns[column.name] = column
    return columns


def _registered(registration: Registration) -> Column:
    options = dict(registration.options)
    column = Column(registration.name, registration.value, options.pop("getter", None), options.pop("listing", False))
    if column.kind not in KINDS - {"path_list", "text", "uid"}:
        raise RegistrationError(f"catalog column of {registration.place}: unknown kind {column.kind!r}")
    if options:
        raise RegistrationError(f"catalog column of {registration.place}: unknown option {', '.join(options)}")
    if column.listing and column.kind not in ORDERED_KINDS:
        raise RegistrationError(f"catalog column of {registration.place}: {column.kind} columns cannot be listings")
    return column
