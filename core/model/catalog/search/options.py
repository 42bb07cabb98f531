"""The arguments of a query that are not conditions: order, limit, and lists of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wendelin.core.errors import QueryError
from wendelin.core.model.catalog.search.compiler import Compiler
from wendelin.core.model.catalog.storage.columns import Column

#: No answer has so many documents.
FARTHEST = 1 << 60
#: Results can be sorted by it, though it is no column.
UID = Column("uid", "number")


def sort_order(
    compiler: Compiler, sort_on: str | Sequence[str | Sequence[str]] | None, direction: str | None
) -> list[tuple[Column, bool]]:
    """``"title"``, ``("title", "descending")``, or a list of such, as ``(column, is it descending)``."""
    if not sort_on:
        return []
    if isinstance(sort_on, str):
        sort_on = [(sort_on, direction or "ascending")]
    elif isinstance(sort_on, tuple) and len(sort_on) in (2, 3) and all(isinstance(part, str) for part in sort_on):
        sort_on = [sort_on]
    order = []
    for item in sort_on:
        name, direction = (item, "ascending") if isinstance(item, str) else (*item[:2], "ascending")[:2]
        column = UID if name == "uid" else compiler.column("relative_url" if name == "path" else name)
        if column is None or column.kind == "text":
            raise QueryError(f"results cannot be sorted by {name!r}: {compiler.unknown(name)}")
        if not str(direction).lower().startswith(("asc", "desc")):
            raise QueryError(f"sort order of {name!r} must be ascending or descending, not {direction!r}")
        order.append((column, str(direction).lower().startswith("desc")))
    return order


def limits(limit: int | str | tuple[int | str, ...] | list[int | str] | None) -> tuple[int, int | None]:
    """``n`` or ``(start, count)`` as (start, count), the count None for no limit (also ``[]``); raises `QueryError`."""
    if limit is None or limit in ((), []):
        return 0, None
    try:
        start, count = (0, int(limit)) if not isinstance(limit, tuple | list) else (int(n) for n in (0, *limit)[-2:])
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"limit must be a number or (start, number), not {limit!r}") from error
    if start < 0 or count < 0:
        raise QueryError(f"limit must not be negative: {limit!r}")
    return min(start, FARTHEST), min(count, FARTHEST)


def aliases(given: Mapping[str, str | None] | None) -> list[str]:
    """The columns of ``select_dict``; raises `QueryError` when it renames one, which is not offered."""
    renamed = {name: column for name, column in dict(given or {}).items() if column not in (None, name)}
    if renamed:
        raise QueryError(f"select_dict cannot rename columns: {renamed!r}; brains have them under their own names")
    return list(given or ())


def names(compiler: Compiler, given: str | Iterable[str] | None) -> list[str]:
    """One name or several as a list; raises `QueryError` for a name that cannot stand in a query."""
    found: Iterable[str] = [given] if isinstance(given, str) else given or ()
    for name in found:
        if not compiler.is_name(name):
            raise compiler.unknown(name)
    return list(found)
