"""The glossary has the words of the project, and says of each where it lives."""

from __future__ import annotations

import re

import pytest

from tests.docs.code_blocks import ROOT

TEXT = (ROOT / "docs" / "inside" / "glossary.md").read_text("utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| word |")
]
#: Words that a reader of the code meets in names of modules and classes, and that mean something of their own here.
WORDS = [
    "policy",
    "supply",
    "ingestion",
    "line",
    "operation",
    "product",
    "sink",
    "chunk",
    "tag",
    "tail",
    "extent",
    "run",
    "extent-map",
    "view",
    "snapshot",
    "summary",
    "layer",
    "skin",
    "state",
    "transition",
    "chain",
    "worklist",
    "portal-type",
    "property-sheet",
    "base-category",
    "business-template",
    "item",
    "activity",
    "alarm",
    "brain",
    "uid",
    "type-token",
    "contract",
    "registry",
    "door",
    "entrance",
    "document",
    "module",
    "tool",
    "category",
    "worker",
    "catalog",
    "column",
    "role",
    "permission",
    "receiver",
    "mark",
    "segment",
    "page",
    "plugin",
    "instance",
    "engine",
    "floor",
    "room",
    "script",
    "event",
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_word_has_a_meaning_and_a_place(row: tuple[str, ...]) -> None:
    _, meaning, where = row
    assert meaning.endswith(".") and meaning.count(". ") <= 2
    (path,) = re.findall(r"`([^`]+)`", where)
    assert (ROOT / path).exists()


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_project_is_there(word: str) -> None:
    assert any(re.search(rf"\b{word.replace('-', ' ')}\b", name) for name, *_ in ROWS)


def test_words_in_italics_are_explained() -> None:
    names = " ".join(name for name, *_ in ROWS)
    said = {word for _, meaning, _ in ROWS for word in re.findall(r"\*([a-z][a-z ]+)\*", meaning)}
    assert not {word for word in said if word.removesuffix("s") not in names and word not in names}
