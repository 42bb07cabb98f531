"""The language of search texts: ``sensor AND (portal_type:"Data Stream" OR NOT title:"%old%")``.

Words, "phrases" and prefix* look into the full text; a word with ``%`` into title and reference; ``column:value``,
``column:>3`` and ``column:(a OR b)`` into a column. AND binds closer than OR, and may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from wendelin.core.errors import QueryError
from wendelin.core.model.catalog.search.query_objects import (
    AndQuery,
    BaseQuery,
    NegatedQuery,
    OrQuery,
    Query,
    SimpleQuery,
)

FULL_TEXT = "SearchableText"
TOKEN = re.compile(
    r"""\s*(?:
    (?P<parenthesis>[()])
  | (?P<column>[A-Za-z_][\w.]*):(?=[^\s)])
  | (?P<operator>>=|<=|!=|=|<|>)
  | "(?P<quoted>(?:[^"\\]|\\.)*)"
  | (?P<word>[^\s()"]+)
)""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A piece of a search text: its kind, its text and where it starts."""

    kind: str
    text: str
    place: int


def parse(text: str, is_column: Callable[[str], bool]) -> BaseQuery:
    """The query a search text stands for; ``is_column`` tells ``title:x`` from ``http://x``. Raises `QueryError`."""
    return _Parser(text, is_column).parse()


class _Parser:
    """Recursive descent over the tokens: alternatives, of conjunctions, of negations, of terms."""

    def __init__(self, text: str, is_column: Callable[[str], bool]) -> None:
        self.text = text
        self.is_column = is_column
        self.tokens = list(self._scan())
        self.next = 0

    def _scan(self) -> Iterator[Token]:
        place, end = 0, len(self.text.rstrip())
        while place < end:
            found = TOKEN.match(self.text, place)
            if found is None:
                raise QueryError(f"search text {self.text!r}: a quotation mark is not closed, at {place}")
            kind, text = str(found.lastgroup), found[str(found.lastgroup)]
            if kind == "column" and not self.is_column(text):
                found = re.compile(r'\s*(?P<word>[^\s()"]+)').match(self.text, place)
                assert found is not None
                kind, text = "word", found["word"]
            if kind == "parenthesis" or (kind == "word" and text in ("AND", "OR", "NOT")):
                kind = text
            elif kind == "quoted":
                text = re.sub(r"\\(.)", r"\1", text)
            yield Token(kind, text, place)
            place = found.end()
        yield Token("end", "", end)

    @property
    def kind(self) -> str:
        return self.tokens[self.next].kind

    def take(self, *kinds: str) -> Token | None:
        token = self.tokens[self.next]
        if token.kind not in kinds:
            return None
        self.next += 1
        return token

    def fail(self, wanted: str) -> QueryError:
        token = self.tokens[self.next]
        found = token.text or "the end"
        return QueryError(f"search text {self.text!r}: {wanted} expected at {token.place}, found {found!r}")

    def parse(self) -> BaseQuery:
        query = self.alternatives(None)
        if self.kind != "end":
            raise self.fail("AND, OR or the end")
        return query

    def alternatives(self, column: str | None) -> BaseQuery:
        found = [self.conjunction(column)]
        while self.take("OR"):
            found.append(self.conjunction(column))
        return found[0] if len(found) == 1 else OrQuery(*found)

    def conjunction(self, column: str | None) -> BaseQuery:
        found = [self.negation(column)]
        while self.take("AND") or self.kind not in ("OR", ")", "end"):
            found.append(self.negation(column))
        return found[0] if len(found) == 1 else AndQuery(*found)

    def negation(self, column: str | None) -> BaseQuery:
        if self.take("NOT"):
            return NegatedQuery(self.negation(column))
        return self.term(column)

    def term(self, column: str | None) -> BaseQuery:
        if self.take("("):
            query = self.alternatives(column)
            if not self.take(")"):
                raise self.fail("a closing parenthesis")
            return query
        named = self.take("column")
        if named:
            if self.kind == "(":
                return self.term(named.text)
            return self.value(named.text)
        return self.value(column)

    def value(self, column: str | None) -> BaseQuery:
        operator = self.take("operator")
        token = self.take("word", "quoted")
        if token is None:
            raise self.fail("a word")
        if column is None or column == FULL_TEXT:
            return _words(token, operator.text if operator else "")
        if operator:
            return Query(**{column: f"{operator.text}{token.text}"})
        return Query(**{column: token.text})


def _words(token: Token, operator: str) -> BaseQuery:
    if token.kind == "word" and "%" in token.text:
        return OrQuery(Query(title=token.text), Query(reference=token.text))
    text = f'"{token.text}"' if token.kind == "quoted" else token.text
    return SimpleQuery(**{FULL_TEXT: operator + text})
