"""What people type is searched for: in any Unicode form, with any words and signs, and never refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wendelin.core.errors import NotFound, QueryError
from wendelin.core.model.catalog import NegatedQuery, Query
from wendelin.core.model.catalog.mending import mend_indexes
from wendelin.core.model.catalog.storage.columns import KEYS


@pytest.fixture
def typed(samples, ids):
    samples.newContent(id="1", title="Café and more", text_content="Größe: not known (yet) - see R&D")
    samples.newContent(id="2", title="★★★", reference="AND", text_content="wind or NOT wind")
    samples.newContent(id="3", title="\uff26\uff55\uff4c\uff4c Width", text_content="カ\u3099ラス")
    return lambda text: [id for id in ids(SearchableText=text) if id in "123"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cafe\u0301", ["1"]),
        ("CAFÉ", ["1"]),
        ("GRÖSSE", ["1"]),
        ("full width", ["3"]),
        ("\uff46\uff55\uff4c\uff4c", ["3"]),
        ("ガラス", ["3"]),
        ("and", ["1", "2"]),
        ("not known", ["1"]),
        ("or", ["2"]),
        ("wind AND", ["2"]),
        ("AND wind", ["2"]),
        ("NOT", ["1", "2"]),
        ("R & D", ["1"]),
        ("R&D", ["1"]),
        ("known - see", ["1"]),
        ("-wind", ["2"]),
        ("known (yet", ["1"]),
        ("known) yet", ["1"]),
        ('"known yet', ["1"]),
        ("known?", ["1"]),
        ("*nown", []),
        ("kno*", ["1"]),
        ("★", ["2"]),
        ("???", []),
        ("size:>abc", []),
        ("title:", []),
        ("category_uid:wind", []),
        (f"uid:{10**40}", []),
        (f"strict_category_uid:{10**40}", []),
        (f"size:{10**40}", []),
        (f"int_index:>{10**400}", []),
        ("café size:>abc", []),
        ("()", []),
        ("NOT NOT known", ["1"]),
    ],
)
def test_is_found(typed, text, found):
    assert typed(text) == found


def test_titles_and_references_are_found_in_any_form(typed, ids):
    assert ids(title="%CAFE\u0301%") == ids(title="cafe\u0301 AND MORE%") == ["1"]
    assert ids(title="Cafe\u0301 and more") == ["1"] and ids(title="CAFÉ and more") == []
    assert ids(title="%full w%") == ["3"] == ids(title={"query": "\uff26\uff35\uff2c\uff2c", "key": "Keyword"})


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.sampled_from('ab ()"\\%*?:<>=!&-é★_0.9') | st.characters(), max_size=40))
def test_no_text_is_refused(typed, text):
    typed(text)
    typed(f"wind {text}")


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "a" + ")" * 3000, "a " * 50_000, "%a " * 1500, "NOT " * 1200 + "a", "a:" * 5000, '"' * 4999]
)
def test_a_text_of_any_length_is_answered_soon(typed, text):
    started = time.process_time()
    typed(text)
    assert time.process_time() - started < 2


def test_the_language_for_programs_says_what_is_wrong(catalog):
    for text in ("(" * 31 + "a" + ")" * 31, "a " * 101, "x" * 5001, "a AND", '"a'):
        with pytest.raises(QueryError):
            catalog(query=text)
    deep = Query(title="a")
    for _ in range(2000):
        deep = NegatedQuery(deep)
    nested = {"query": {"query": "a"}}
    for kw in ({"query": deep}, {"title": deep}, {"title": nested}, {"SearchableText": nested}, {"uid": nested}):
        with pytest.raises(QueryError):
            catalog(**kw)


def test_places_far_behind_the_end(typed, catalog):
    assert list(catalog(limit=(10**30, 5))) == [] and len(catalog(title="Caf%", limit=10**30)) == 1
    with pytest.raises(NotFound):
        catalog.getObject(10**30)
    with pytest.raises(QueryError):
        catalog(category_uid="wind")


def test_a_long_chain_of_queries_is_no_deep_one(typed, ids):
    chain = Query(title="Café and more")
    for number in range(500):
        chain = chain | Query(title=f"nothing {number}")
    assert ids(query=chain) == ["1"]


def test_numbers_that_are_none_stand_in_no_index(samples, ids):
    for number, value in enumerate((float("nan"), 1, 2)):
        samples.newContent(id=str(number)).int_index = value
        samples[str(number)].reindexObject()
    assert ids(int_index=">0") == ["1", "2"] and "0" in ids(int_index=None)


def test_an_older_catalog_is_mended(samples, site, catalog, ids, monkeypatch):
    """Keys and words as they were written before, and a document that was lost from the set of its type."""
    with monkeypatch.context() as patch:
        patch.setitem(KEYS, "string", lambda value: value.casefold()[:160])
        patch.setattr("wendelin.core.model.catalog.storage.fulltext.fold", str.lower)
        samples.newContent(id="1", title="\uff26\uff55\uff4c\uff4c", text_content="Größe")
        lost = samples.newContent(id="2")
        catalog.flush()
    catalog.store.index("portal_type").discard(lost.getUid(), "Sample")
    assert ids(title="full%") == ids(SearchableText="GRÖSSE") == [] and "2" not in ids(portal_type="Sample")
    mend_indexes(site)
    assert ids(title="full%") == ids(SearchableText="GRÖSSE") == ["1"]
    assert ids(portal_type="Sample") == ["1", "2"]
    samples.manage_delObjects(["1", "2"])
    assert ids(title="full%") == ids(SearchableText="full") == ids(portal_type="Sample") == []
