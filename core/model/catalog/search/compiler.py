"""From the arguments of ``portal_catalog(...)`` to conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from wendelin.core.errors import QueryError
from wendelin.core.model.catalog.search import grammar, values
from wendelin.core.model.catalog.search.combinations import And, Not, Or
from wendelin.core.model.catalog.search.conditions import Condition, UidIn
from wendelin.core.model.catalog.search.fulltext_condition import FullText
from wendelin.core.model.catalog.search.query_objects import (
    BaseQuery,
    ComplexQuery,
    NegatedQuery,
    Query,
    SimpleQuery,
    check_depth,
)
from wendelin.core.model.catalog.search.ranges import Membership
from wendelin.core.model.catalog.search.related import (
    RelatedName,
    category_urls,
    item_name,
    membership,
    parse_related,
    related_condition,
)
from wendelin.core.model.catalog.storage.catalog_store import CatalogStore
from wendelin.core.model.catalog.storage.columns import Column

#: The names under which a query may ask for words.
TEXT_NAMES = frozenset({"SearchableText", "full_text", "search_text"})
#: Names that stand in queries and are not columns of rows.
EXTRA_NAMES = ("uid", "path", "category_uid", "strict_category_uid", "local_roles", *sorted(TEXT_NAMES))


class Compiler:
    """Turns names and values into conditions over one store.

    ``is_base`` says whether a word is a base category, ``is_state`` whether a workflow keeps its state under it;
    ``site_path`` is "/erp5"; ``user_id`` is whose local roles the argument ``local_roles`` means. ``visible``: what
    documents have to meet that are reached by a relation: a search by the title of a document tells that title.
    """

    visible: Sequence[Condition] = ()

    def __init__(
        self,
        store: CatalogStore,
        is_base: Callable[[str], bool],
        is_state: Callable[[str], bool],
        site_path: str,
        user_id: str,
    ) -> None:
        self.store = store
        self.columns = store.columns()
        self.is_base = is_base
        self._is_state = is_state
        self.site_path = site_path
        self.user_id = user_id

    # names

    def column(self, name: str) -> Column | None:
        """The column of that name, if it is one; a table's name in front ("delivery.start_date") is ignored."""
        short = name.rpartition(".")[2]
        if short not in self.columns and short.endswith("_state") and self._is_state(short):
            self.columns[short] = Column(short, "token")
        return self.columns.get(short)

    def related(self, name: str) -> RelatedName | None:
        """The related column of that name, if it is one."""
        return parse_related(name.rpartition(".")[2], [*self.columns, "uid", "path"], self.is_base)

    def is_name(self, name: str) -> bool:
        """Can that name stand in a query?"""
        short = name.rpartition(".")[2]
        item = item_name(short)
        if item is not None:
            return self.is_name(item[0])
        return short in EXTRA_NAMES or self.column(name) is not None or self.related(name) is not None

    def unknown(self, name: str) -> QueryError:
        """The error for a name that is nothing, with the names it may have been meant as."""
        near = get_close_matches(name, [*self.columns, *EXTRA_NAMES], 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return QueryError(f"the catalog has no column {name!r}{hint} Columns: {', '.join(sorted(self.columns))}")

    # conditions

    def keywords(self, arguments: Mapping[str, Any]) -> list[Condition]:
        """One condition per argument; an empty text is a search field left empty, and ignored."""
        return [self.condition(name, value) for name, value in arguments.items() if not _is_blank(value)]

    def query(self, query: object) -> list[Condition]:
        """The conditions, all to be met, of a query object or a search text; none for None or a blank text."""
        if query is None or _is_blank(query):
            return []
        if isinstance(query, str):
            query = grammar.parse(query, self.is_name)
        check_depth(query)
        if isinstance(query, ComplexQuery) and query.logical_operator == "and":
            return [condition for part in query.query_list for condition in self.query(part)]
        return [self._compile(query)]

    def _compile(self, query: object) -> Condition:
        if isinstance(query, NegatedQuery):
            return Not(self._compile(query.query))
        if isinstance(query, ComplexQuery):
            parts = [self._compile(part) for part in query.query_list]
            if query.logical_operator == "not":
                return Not(Or(self.store, parts))
            return And(self.store, parts) if query.logical_operator == "and" else Or(self.store, parts)
        if isinstance(query, Query):
            return self.condition(query.column, query.value)
        if isinstance(query, SimpleQuery):
            return self.condition(query.column, query.value, query.comparison_operator)
        raise QueryError(f"a query is needed (Query, ComplexQuery, a search text, ...), not {query!r}")

    def condition(self, name: str, value: object, operator: str | None = None) -> Condition:
        """``name=value``, in any form; with an operator, the value is taken as it is."""
        if isinstance(value, BaseQuery):
            check_depth(value)
            return self._compile(value)
        column, short = self.column(name), name.rpartition(".")[2]
        if short in EXTRA_NAMES:
            return self._extra(short, value, operator)
        if column is not None:
            if operator:
                return values.compare(self.store, column, operator, value)
            return values.condition_for(self.store, column, value)
        item = item_name(short)
        if item is not None and self.is_name(item[0]):
            return self._item(*item, value, operator)
        related = self.related(name)
        if related is None:
            raise self.unknown(name)
        return self._related(related, value, operator)

    def _item(self, own: str, of_parent: str, value: object, operator: str | None) -> Condition:
        """Documents that a movement aggregates for which the column holds, or for what holds the movement."""
        movements = self.condition(own, value, operator)
        if of_parent:
            parent = RelatedName("parent", of_parent, False, "")
            above = related_condition(self.store, parent, self.condition(of_parent, value, operator), self.columns)
            movements = Or(self.store, [movements, above])
        return related_condition(self.store, RelatedName("aggregate", own, True, ""), movements, self.columns)

    def _extra(self, name: str, value: object, operator: str | None) -> Condition:
        if isinstance(value, Mapping):
            _check_plain(name, value)
            if name not in ("uid", "path"):
                value = value.get("query", "")
        if name in TEXT_NAMES:
            return self._text(value, operator)
        if name == "uid":
            return self._uid(value, operator)
        if name == "path":
            return self.condition("relative_url", _deep(value, self._relative), operator)
        if name == "local_roles":
            return self._local_roles(_as_list(value))
        return self._any_category(_as_list(value), strict=name.startswith("strict"))

    def _text(self, value: object, operator: str | None) -> Condition:
        if operator == grammar.TERM:
            return FullText(self.store, str(value))
        found = [self._typed(item) for item in _as_list(value)]
        parts = [part[0] if len(part) == 1 else And(self.store, part) for part in found if part]
        return parts[0] if len(parts) == 1 else Or(self.store, parts)

    def _typed(self, value: object) -> list[Condition]:
        """A search text that a person typed: what the language of search texts cannot read are words."""
        try:
            return self.query(value)
        except QueryError:
            if not isinstance(value, str):
                raise
            return self.query(grammar.plain_words(value))

    def _uid(self, value: object, operator: str | None) -> Condition:
        if isinstance(value, Mapping):
            if value.get("range") == "neq":
                return Not(self._uid(value.get("query"), None))
            value = value.get("query")
        if isinstance(value, str) and value.startswith(("!=", "=")):
            operator, value = ("!=" if value[0] == "!" else "="), value.lstrip("!=")
        found = UidIn(self.store, [_uid_number(item) for item in _as_list(value)])
        if operator not in (None, "=", "!=", "in"):
            raise QueryError(f"uids are compared with = and != only, not with {operator}")
        return Not(found) if operator == "!=" else found

    def _relative(self, value: object) -> object:
        return value.removeprefix(f"{self.site_path}/") if isinstance(value, str) else value

    def _local_roles(self, roles: Iterable[str]) -> Condition:
        wanted = list(roles)
        parts: list[Condition] = [
            Membership(
                self.store, self.columns["local_roles"], [f"{role}:{self.user_id}" for role in wanted], strict=True
            )
        ]
        if "Owner" in wanted:
            parts.append(values.compare(self.store, self.columns["owner"], "=", self.user_id))
        return Or(self.store, parts)

    def _any_category(self, uids: Iterable[int | str], strict: bool) -> Condition:
        urls = [url for uid in uids for url in self._category_urls(uid)]
        return Membership(self.store, self.columns["categories"], urls, strict)

    def _category_urls(self, uid: int | str) -> list[str]:
        row = self.store.rows.get(_uid_number(uid))
        url: str | None = None if row is None else self.store.value(row, "relative_url")
        if url is None:
            return []
        if url.startswith("portal_categories/"):
            return [url.removeprefix("portal_categories/")]
        return [f"{base}/{url}" for base in self.store.base_categories()]

    def _related(self, name: RelatedName, value: object, operator: str | None) -> Condition:
        if value is None and name.column in ("uid", "relative_url") and not name.reverse and name.base != "parent":
            return Not(Membership(self.store, self.columns["categories"], [name.base], strict=False))
        by_url = name.column == "relative_url" and not name.reverse and name.base != "parent" and not operator
        if by_url and isinstance(value, str) and "%" not in value and value[:1] not in "<>=!":
            return membership(self.store, name, category_urls(name.base, value), self.columns)
        target = self.condition(name.column, value, operator)
        if self.visible:
            target = And(self.store, [target, *self.visible])
        return related_condition(self.store, name, target, self.columns)


def _uid_number(value: Any) -> int:
    """A uid as a query gives it; -1, which no document has, for a number beyond all uids."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"uid must be a number or a list of numbers, not {value!r}") from error
    return number if 0 <= number < 1 << 63 else -1


def _is_blank(value: object) -> bool:
    if isinstance(value, Mapping):
        value = value.get("query", "x")
    return isinstance(value, str) and not value.strip()


def _check_plain(name: str, value: Mapping[str, object]) -> None:
    """Dictionaries nest no further: each level would cost a level of recursion."""
    if isinstance(value.get("query"), Mapping):
        raise QueryError(f"column {name!r}: a dictionary cannot be the query of another one")


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _deep(value: object, function: Callable[[object], object]) -> object:
    if isinstance(value, Mapping):
        return {**value, "query": _deep(value.get("query"), function)}
    if isinstance(value, list | tuple | set | frozenset):
        return [function(item) for item in value]
    return function(value)
