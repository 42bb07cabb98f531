"""The language of search texts: ``sensor AND (portal_type:"Data Stream" OR NOT title:"%old%")``.

Words, "phrases" and prefix* look into the full text; a word with ``%`` into title and reference; ``column:value``,
``column:>3`` and ``column:(a OR b)`` into a column. AND binds closer than OR, and may be left out. Signs that belong to
no word, such as ``&`` or ``-``, are passed over.

A person who types into a search box does not know this language, and must not have to: what it cannot read is searched
for word by word (`plain_words`).
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
#: The operator of a condition on the full text whose value is one term: a word, a phrase or a prefix.
TERM = "term"
#: Bounds of a search text. Each term costs a search of its own, and each parenthesis a level of recursion.
LONGEST_TEXT = 5000
MOST_TERMS = 100
DEEPEST = 30
WORD = re.compile(r"\w+")
LONGEST_SIGNS = 100
OPERATORS = frozenset({"AND", "OR", "NOT"})
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


def plain_words(text: str) -> BaseQuery:
    """All words of a text, wherever they stand; for one without words, the signs themselves in title or reference."""
    found = list(dict.fromkeys(WORD.findall(text[:LONGEST_TEXT])))
    words = [word for word in found if word not in OPERATORS] or found
    if words:
        return AndQuery(*(SimpleQuery(comparison_operator=TERM, **{FULL_TEXT: word}) for word in words[:MOST_TERMS]))
    signs = {"query": text.strip()[:LONGEST_SIGNS], "key": "Keyword"}
    return OrQuery(Query(title=signs), Query(reference=signs))


class _Parser:
    """Recursive descent over the tokens: alternatives, of conjunctions, of negations, of terms."""

    def __init__(self, text: str, is_column: Callable[[str], bool]) -> None:
        self.text = text
        self.is_column = is_column
        if len(text) > LONGEST_TEXT:
            raise QueryError(f"a search text has at most {LONGEST_TEXT} characters, not {len(text)}")
        self.tokens = list(self._scan())
        self.next = 0
        self.terms = self.depth = 0

    def _scan(self) -> Iterator[Token]:
        place, end, stands_for_a_value = 0, len(self.text.rstrip()), False
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
            elif kind == "word" and "%" not in text and not WORD.search(text) and not stands_for_a_value:
                place = found.end()
                continue
            stands_for_a_value = kind in ("column", "operator")
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
        turned = False
        while self.take("NOT"):
            turned = not turned
        return NegatedQuery(self.term(column)) if turned else self.term(column)

    def term(self, column: str | None) -> BaseQuery:
        if self.take("("):
            self.depth += 1
            if self.depth > DEEPEST:
                raise QueryError(f"a search text has at most {DEEPEST} parentheses one inside of the other")
            query = self.alternatives(column)
            if not self.take(")"):
                raise self.fail("a closing parenthesis")
            self.depth -= 1
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
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise QueryError(f"a search text has at most {MOST_TERMS} words")
        if column is None or column == FULL_TEXT:
            return _words(token, operator.text if operator else "")
        if operator:
            return Query(**{column: f"{operator.text}{token.text}"})
        return Query(**{column: token.text})


def _words(token: Token, operator: str) -> BaseQuery:
    if token.kind == "word" and "%" in token.text:
        return OrQuery(Query(title=token.text), Query(reference=token.text))
    return SimpleQuery(comparison_operator=TERM, **{FULL_TEXT: operator + token.text})
