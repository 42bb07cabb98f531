"""What a property is: its type, how input becomes a value of that type, and how it is shown in a form.

These are plain values; the documents that hold them are in `wendelin.core.model.portal_types.property_sheets`, the
methods made from them in `wendelin.core.model.objects.accessors`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, SupportsInt, TypeVar

from DateTime import DateTime

from wendelin.core.errors import BadRequest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from typing_extensions import Buffer

LIST_TYPES = frozenset({"lines", "tokens", "multiple selection"})
T = TypeVar("T")
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)")


def from_data(cls: type[T], data: Mapping[str, Any]) -> T:
    """Build one of the plain classes from a mapping as it stands in a business template's TOML: lists become tuples.

    Raises `BadRequest` with the keys that the class does not know.
    """
    known = {entry.name for entry in fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - known)
    if unknown:
        raise BadRequest(f"{cls.__name__} has no {', '.join(unknown)}; it knows {', '.join(sorted(known))}")
    return cls(**{key: _frozen(value) for key, value in data.items()})


def to_data(value: DataclassInstance) -> dict[str, Any]:
    """The reverse of `from_data`: only what differs from the class's defaults, tuples as lists."""
    found = {entry.name: (getattr(value, entry.name), entry.default) for entry in fields(value)}
    return {name: _thawed(item) for name, (item, default) in found.items() if item != default}


def _frozen(value: object) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _thawed(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return to_data(value)
    return [_thawed(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Property:
    """A property of documents: stored as the attribute ``id``, reached by generated methods, edited in a form.

    ``type`` is one of string, text, integer, float, boolean, date, lines, tokens, selection, multiple selection, data,
    object. ``select_list`` holds ``(label, value)`` pairs. ``group`` says where in a form it stands.
    """

    id: str
    type: str = "string"
    title: str = ""
    description: str = ""
    default: object = None
    select_list: tuple[tuple[str, str], ...] = ()
    read_permission: str = "Access contents information"
    write_permission: str = "Modify portal content"
    preference: bool = False
    group: str = "left"
    widget: str = ""
    editable: bool = True
    required: bool = False

    def __post_init__(self) -> None:
        if self.type not in CONVERTERS:
            raise BadRequest(
                f"property {self.id!r}: unknown type {self.type!r}; known: {', '.join(sorted(CONVERTERS))}"
            )

    @property
    def is_list(self) -> bool:
        """Whether a value is a tuple of several."""
        return self.type in LIST_TYPES

    @property
    def label(self) -> str:
        """What a form writes beside the field."""
        return self.title or self.id.replace("_", " ").capitalize()

    def convert(self, value: object) -> Any:
        """Input as a value of this property's type; None and "" mean "not set".

        Raises `BadRequest` that names the property and says what is expected.
        """
        if value is None or (isinstance(value, str) and value == "" and self.type not in ("string", "text")):
            return None
        try:
            return CONVERTERS[self.type](value)
        except (TypeError, ValueError) as error:
            raise BadRequest(f"{self.label}: {value!r} is not a valid {self.type} ({error})") from error


@dataclass(frozen=True)
class CategoryProperty:
    """A relation of documents to categories or to other documents, by base category.

    ``base_category`` differs from ``id`` for a relation narrowed to some portal types: ``aggregate_data_stream`` is
    the ``aggregate`` relation to Data Streams.
    """

    id: str
    title: str = ""
    description: str = ""
    base_category: str = ""
    portal_type: tuple[str, ...] = ()
    multivalued: bool = False
    group: str = "left"
    widget: str = "relation"
    editable: bool = True
    required: bool = False
    read_permission: str = "Access contents information"
    write_permission: str = "Modify portal content"

    @property
    def base(self) -> str:
        """The base category by which relations are kept."""
        return self.base_category or self.id

    @property
    def label(self) -> str:
        """What a form writes beside the field."""
        return self.title or self.id.replace("_", " ").capitalize()


def camel_case(id: str) -> str:
    """``start_date`` -> ``StartDate``."""
    return "".join(part[:1].upper() + part[1:] for part in id.split("_"))


def _to_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, str | int | float | datetime):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not text")


def _to_integer(value: str | float | SupportsInt) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("it has a fraction")
    return int(value)


def _to_boolean(value: object) -> bool:
    if isinstance(value, str):
        if value.lower() in ("1", "true", "yes", "on"):
            return True
        if value.lower() in ("0", "false", "no", "off"):
            return False
        raise ValueError("expected true or false")
    return bool(value)


def to_date(value: object) -> datetime:
    """A time with a zone; text is ISO 8601, also with slashes as in 2024/05/02, without a zone it is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(_dashed(value.strip()))
    elif isinstance(value, DateTime):
        value = value.asdatetime()
    elif not isinstance(value, datetime) and hasattr(value, "timetuple"):
        value = datetime(*value.timetuple()[:6])
    if not isinstance(value, datetime):
        raise TypeError("expected a date such as 2026-01-31 or 2026-01-31 12:00")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def in_utc(moment: datetime) -> datetime:
    """The same moment in the zone that pages name, which is UTC; without a zone it is UTC already."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # in the first or the last hours that a date can have
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


def _dashed(text: str) -> str:
    """ERP5's ``2024/5/2 12:00 UTC`` as ISO 8601."""
    match = _SLASHED.match(text)
    if match is None:
        return text
    year, month, day = match.groups()
    rest = text[match.end() :].strip().removesuffix("UTC").removesuffix("GMT+0").strip()
    return f"{year}-{int(month):02}-{int(day):02}" + (f" {rest}" if rest else "")


def _to_lines(value: str | Iterable[object]) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [line.strip() for line in value.splitlines() if line.strip()]
    return tuple(_to_text(item) for item in value)


def _to_tokens(value: str | Iterable[object]) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    return tuple(_to_text(item) for item in value)


def _to_bytes(value: str | Buffer) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else bytes(value)


def _as_given(value: object) -> Any:
    return value


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "string": _to_text,
    "text": _to_text,
    "integer": _to_integer,
    "float": float,
    "boolean": _to_boolean,
    "date": to_date,
    "lines": _to_lines,
    "tokens": _to_tokens,
    "selection": _to_text,
    "multiple selection": _to_lines,
    "data": _to_bytes,
    "object": _as_given,
}
