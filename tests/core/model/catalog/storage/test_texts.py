"""Texts are compared whatever their Unicode form, and patterns in a time that does not explode."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import QueryError
from wendelin.core.model.catalog.storage.texts import TextPattern, canonical, fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "straße"),
        ("\uff37\uff49\uff4e\uff44", "Wind"),
        ("\uff76\uff9e", "ガ"),
        ("Å", "\u212b"),
        ("ﬁle", "file"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_the_same_text_in_two_forms(one, other):
    assert fold(one) == fold(other) and TextPattern(f"%{one}%").fits_text(f"a {other} b")


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)
    assert canonical(canonical(text)) == canonical(text)


@given(st.text("ab%", max_size=8), st.text("abc", max_size=12))
def test_a_pattern_fits_as_the_regular_expression_says(pattern, text):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("%"))), text, re.DOTALL) is not None
    assert TextPattern(pattern).fits(text) == expected


@pytest.mark.parametrize("pattern", ["%" * 900 + "x1", "%a" * 400 + "%x1", "%aa" * 300 + "b%"])
def test_many_signs_take_no_more_time(pattern):
    started = time.process_time()
    assert not TextPattern(pattern).fits("a" * 20_000)
    assert time.process_time() - started < 0.5


def test_a_pattern_has_a_bound():
    with pytest.raises(QueryError, match="at most 1000"):
        TextPattern("%" * 1001)
