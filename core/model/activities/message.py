"""One call to be made later, as it is kept in the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from persistent import Persistent

from wendelin.core.errors import BadRequest
from wendelin.core.security import PUBLIC

Key: TypeAlias = tuple[int, int, int]
Names: TypeAlias = str | Iterable[str] | None

MAX_BYTES = 1 << 20
SCALARS = (type(None), bool, int, float, complex, str, bytes, Decimal, datetime, date, time, timedelta)
CONTAINERS = (list, tuple, set, frozenset)


class State(StrEnum):
    """``pending``: to be run, now or at ``at_date``. ``failed``: kept until somebody restarts or cancels it. ``done``:
    its effects are committed; the record is swept away later."""

    PENDING = "pending"
    FAILED = "failed"
    DONE = "done"


class Claim(Persistent):
    """A worker's word that it runs some messages until ``until`` (UTC); whoever finds it outdated may take them."""

    def __init__(self, worker: str, until: datetime) -> None:
        self.worker = worker
        self.until = until


class ActivityMessage(Persistent):
    """``path.method_id(*args, **kw)``, on behalf of ``user_id``. Class attributes are defaults of old records."""

    key: Key = (0, 0, 0)
    path: str = ""
    method_id: str = ""
    args: tuple[Any, ...] = ()
    kw: Mapping[str, Any] = {}
    user_id: str = ""
    restricted: bool = False
    tag: str = ""
    serialization_tag: str = ""
    after_tag: frozenset[str] = frozenset()
    after_method_id: frozenset[str] = frozenset()
    after_path: frozenset[str] = frozenset()
    after_path_and_method_id: frozenset[tuple[str, str]] = frozenset()
    after_tag_and_method_id: frozenset[tuple[str, str]] = frozenset()
    at_date: datetime | None = None
    created: datetime | None = None
    state: State = State.PENDING
    retry: int = 0
    error: str = ""
    claim: Claim | None = None

    #: Who got hold of a message was allowed to see it (`ActivityTool.getMessageList`).
    attribute_permissions: Mapping[str, str] = {
        **dict.fromkeys(("id", "path", "method_id", "user_id", "tag", "serialization_tag"), PUBLIC),
        **dict.fromkeys(("at_date", "created", "state", "retry", "error", "priority"), PUBLIC),
    }

    def __repr__(self) -> str:
        return f"<activity {self.id} {self.path}.{self.method_id} {self.state}>"

    @property
    def id(self) -> str:
        """Names the message in lists and URLs."""
        return "-".join(format(part, "x") for part in self.key)

    @property
    def priority(self) -> int:
        """Smaller runs first."""
        return self.key[0]

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.at_date is None or self.at_date <= now

    def is_claimed(self, now: datetime) -> bool:
        """Whether a worker that still gives signs of life has it."""
        return self.claim is not None and self.claim.until > now

    @property
    def waits(self) -> bool:
        """Whether it waits for other messages."""
        return bool(
            self.after_tag
            or self.after_method_id
            or self.after_path
            or self.after_path_and_method_id
            or self.after_tag_and_method_id
        )

    def is_like(self, conditions: Mapping[str, Any]) -> bool:
        """Whether every named attribute has the value given, or one of the values given."""
        for name, wanted in conditions.items():
            value = getattr(self, name)
            if value not in (wanted if isinstance(wanted, CONTAINERS) else (wanted,)):
                return False
        return True


def parse_key(id: str) -> Key:
    """The reverse of `ActivityMessage.id`; raises `BadRequest`."""
    try:
        priority, moment, number = (int(part, 16) for part in id.rsplit("-", 2))
    except ValueError as error:
        raise BadRequest(f"{id!r} is not the id of an activity") from error
    return priority, moment, number


def check_plain(value: object, where: str) -> int:
    """The approximate size of an argument in bytes; `BadRequest` for what cannot wait in the queue.

    Only plain values may: a document would be stored as it is now, and seen by the worker as it was.
    """
    if isinstance(value, str | bytes):
        return len(value)
    if type(value) in SCALARS:
        return 8
    if isinstance(value, list | tuple | set | frozenset) and type(value) in CONTAINERS:
        return 8 + sum(check_plain(item, where) for item in value)
    if isinstance(value, dict) and type(value) is dict:
        return 8 + sum(check_plain(key, where) + check_plain(item, where) for key, item in value.items())
    raise BadRequest(
        f"{where}: activities take plain values only, not {type(value).__name__}; pass the relative URL of a document"
    )


def check_arguments(where: str, args: tuple[Any, ...], kw: Mapping[str, Any]) -> None:
    """Refuse arguments that are not plain or that are large: data does not travel through the queue."""
    size = check_plain(list(args), where) + check_plain(dict(kw), where)
    if size > MAX_BYTES:
        raise BadRequest(f"{where}: {size} bytes of arguments; pass a path and offsets, and read the data when it runs")


def as_names(value: Names) -> frozenset[str]:
    """One name or several."""
    if value is None:
        return frozenset()
    return frozenset((value,)) if isinstance(value, str) else frozenset(value)


def as_pairs(value: tuple[Names, Names] | None) -> frozenset[tuple[str, str]]:
    """``(first, second)`` where either may be a list of names, as all pairs."""
    if not value:
        return frozenset()
    first, second = value
    return frozenset((one, other) for one in as_names(first) for other in as_names(second))


def as_utc(moment: datetime | None) -> datetime | None:
    """An aware moment in UTC; a naive one is taken as UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
