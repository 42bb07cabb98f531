"""The query language over documents of a real site."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from wendelin.core.errors import NotFound, QueryError
from wendelin.core.model.catalog import AndQuery, ComplexQuery, NegatedQuery, OrQuery, Query, SimpleQuery


@pytest.fixture
def ids(catalog):
    """The sorted ids of the samples that a search finds."""
    return lambda **kw: sorted(brain.id for brain in catalog(**{"portal_type": "Sample", **kw}))


@pytest.fixture
def filled(samples):
    for number, (title, reference) in enumerate(
        [("Pydata", "pydata"), ("Worklist", "gadget_erp5_page_worklist.html"), ("worklist script", None), (">3", "a%b")]
    ):
        samples.newContent(title=title, reference=reference, int_index=number, start_date=datetime(2024, 5, number + 1))
    return samples


def test_values(filled, ids):
    assert ids(title="Pydata") == ["1"] and ids(title="pydata") == []
    assert ids(title="%WORK%") == ["2", "3"]
    assert ids(title=["Pydata", "%script"]) == ["1", "3"]
    assert ids(title=[]) == [] and ids(title="") == ["1", "2", "3", "4"]
    assert ids(int_index=">1") == ["3", "4"] and ids(int_index="<=1") == ["1", "2"]
    assert ids(int_index=2) == ["3"] and ids(int_index="!=2") == ["1", "2", "4"]
    assert ids(int_index={"query": (1, 3), "range": "minmax"}) == ["2", "3"]
    assert ids(int_index={"query": (1, 3), "range": "minngt"}) == ["2", "3", "4"]
    assert ids(int_index={"query": 2, "range": "min"}) == ["3", "4"]
    assert ids(int_index={"query": [0, 3]}) == ["1", "4"]
    assert ids(reference=None) == ["3"] and ids(reference="!=pydata") == ["2", "3", "4"]
    assert ids(**{"catalog.title": "Pydata"}) == ["1"]


def test_operators_can_be_searched_for(filled, ids):
    assert ids(title="=>3") == ["4"]
    assert ids(query=SimpleQuery(title=">3")) == ["4"]
    assert ids(title={"query": ">3", "key": "ExactMatch"}) == ["4"]
    assert ids(reference="=a%b") == ["4"]
    assert ids(title={"query": "work", "key": "Keyword"}) == ["2", "3"]
    assert ids(title={"query": "script worklist", "key": "FullText"}) == ["3"]


def test_dates(filled, ids):
    assert ids(start_date="2024-05-02") == ["2"] == ids(start_date=date(2024, 5, 2))
    assert ids(start_date="2024/05") == ["1", "2", "3", "4"] == ids(start_date="2024")
    assert ids(start_date=">2024-05-02") == ["3", "4"] and ids(start_date=">=2024-05-02") == ["2", "3", "4"]
    assert ids(start_date="<=2024-05-02") == ["1", "2"] and ids(start_date="<2024-05-02") == ["1"]
    assert ids(start_date=datetime(2024, 5, 1, tzinfo=UTC)) == ["1"]
    assert ids(start_date={"query": ("2024-05-02", "2024-05-04"), "range": "minmax"}) == ["2", "3"]


def test_query_objects(filled, ids):
    work, first = Query(title="%work%"), Query(int_index=1)
    assert ids(query=AndQuery(work, first)) == ["2"]
    assert ids(query=OrQuery(Query(title="Pydata"), work)) == ["1", "2", "3"]
    assert ids(query=AndQuery(NegatedQuery(work), Query(portal_type="Sample"))) == ["1", "4"]
    assert ids(query=ComplexQuery([work, first], logical_operator="OR")) == ["2", "3"]
    assert ids(query=ComplexQuery(work, first, logical_operator="not")) == ["1", "4"]
    assert ids(query=(work & ~first)) == ["3"] and ids(query=work | first) == ["2", "3"]
    assert ids(query=Query(int_index=2, range="min")) == ["3", "4"]
    assert ids(query=SimpleQuery(int_index=2, comparison_operator=">")) == ["4"]
    assert ids(title=OrQuery(Query(title="Pydata"), first)) == ["1", "2"]


def test_search_text(filled, ids):
    assert ids(query='title:"%script%" OR reference:pydata') == ["1", "3"]
    assert ids(query='portal_type:Sample AND NOT (title:"%work%" OR int_index:>2)') == ["1"]
    assert ids(search_text="%worklist%", portal_type="Sample") == ["2", "3"]
    assert ids(query="int_index:(1 OR 2)") == ["2", "3"]
    assert ids(SearchableText="worklist", portal_type="Sample") == ["2", "3"]
    assert ids(SearchableText="worklist NOT script", portal_type="Sample") == ["2"]
    assert ids(SearchableText="script worklist", portal_type="Sample") == ["3"]
    assert ids(SearchableText='"worklist script"') == ["3"] and ids(SearchableText='"script worklist"') == []
    assert ids(SearchableText="http://nowhere") == [] == ids(SearchableText="!?")


@pytest.mark.parametrize(
    ("kw", "message"),
    [
        ({"titel": "x"}, "did you mean title"),
        ({"colour_title": "x"}, "no column 'colour_title'"),
        ({"int_index": "many"}, "'int_index' holds number values"),
        ({"start_date": "soon"}, "'start_date' holds date values"),
        ({"start_date": "2024-13"}, "is not a date"),
        ({"title": {"quer": 1}}, "cannot be read"),
        ({"title": {"query": "a", "range": "around"}}, "unknown range"),
        ({"title": {"query": "a", "range": "minmax"}}, "pair of values"),
        ({"title": {"query": "a", "key": "Magic"}}, "unknown key"),
        ({"uid": "x"}, "uid must be a number"),
        ({"categories": ">a"}, "lists of paths"),
        ({"limit": "x"}, "limit must be"),
        ({"limit": -1}, "must not be negative"),
        ({"sort_on": "titel"}, "cannot be sorted"),
        ({"sort_on": [("title", "sideways")]}, "ascending or descending"),
        ({"query": 'title:"x'}, "not closed"),
        ({"query": "(a OR b"}, "closing parenthesis"),
        ({"query": "a AND"}, "a word expected"),
        ({"query": 3}, "a query is needed"),
        ({"select_list": ["nothing"]}, "no column 'nothing'"),
        ({"select_dict": {"name": "title"}}, "cannot rename"),
        ({"group_by": ["nothing"]}, "no column 'nothing'"),
        ({"query": SimpleQuery(comparison_operator="in", int_index=3)}, "needs a list of values, not 3"),
    ],
)
def test_errors_say_what_is_wrong(catalog, samples, kw, message):
    with pytest.raises(QueryError, match=message):
        list(catalog(**kw))


def test_sort_limit_and_sequence(samples, catalog):
    def search(**kw):
        return catalog(parent_uid=samples.getUid(), **kw)

    for n in (3, 1, 2, 11, 10):
        samples.newContent(id=str(n), title="same" if n > 9 else f"t{n}", int_index=n)
    found = search(sort_on="id")
    assert [b.id for b in found] == ["1", "2", "3", "10", "11"] and len(found) == 5 and bool(found)
    assert (
        [b.id for b in found[1:3]] == ["2", "3"] and found[-1].id == "11" and [b.id for b in found[-2:]] == ["10", "11"]
    )
    with pytest.raises(IndexError):
        found[5]
    by_title = search(sort_on=[("title", "descending"), ("int_index", "ascending")])
    assert [b.int_index for b in by_title] == [3, 2, 1, 10, 11]
    assert [b.id for b in search(sort_on=("title", "desc"), limit=2)] == ["3", "2"]
    page = search(sort_on="int_index", limit=(1, 3))
    assert [b.id for b in page] == ["2", "3", "10"] and len(page) == 3
    assert len(search(limit=(4, 3))) == 1 and not search(limit=(9, 3))
    assert catalog.countResults(parent_uid=samples.getUid()) == [(5,)] and len(search(title="same")) == 2
    assert samples.countFolder()[0][0] == 5 and len(samples.searchFolder(title="t%")) == 3
    assert [b.title for b in search(group_by=["title"], sort_on="id")] == ["t1", "t2", "t3", "same"]


def test_brains_and_objects(samples, catalog):
    document = samples.newContent(title="One", reference="r1", start_date=datetime(2024, 5, 1, tzinfo=UTC))
    (brain,) = catalog(reference="r1", select_list=["title", "parent_title"])
    assert brain.getObject() is document and brain.uid == document.getUid() == brain.getUid()
    assert brain.path == document.getPath() == brain.getPath() and brain.relative_url == "sample_module/1"
    assert brain.start_date == datetime(2024, 5, 1, tzinfo=UTC) and brain.parent_uid == samples.getUid()
    assert brain["title"] == "One" == brain.getTitle() and brain.parent_title == samples.getTitle()
    assert brain.version is None
    assert catalog.getResultValue(reference="r1") is document and catalog.getResultValue(reference="r2") is None
    assert catalog.getObject(document.getUid()) is document
    assert catalog.getResultValue(path=document.getPath()) is document
    with pytest.raises(NotFound):
        catalog.getObject(1)


def test_plugin_columns(samples, catalog, ids, monkeypatch):
    from wendelin.core.registry import PluginConfig, get_registry

    monkeypatch.setattr(get_registry(), "_kinds", {k: dict(v) for k, v in get_registry()._kinds.items()})
    samples.newContent(id="early", title="early")
    catalog.flush()
    config = PluginConfig(get_registry(), "test")
    config.add_catalog_column("length", "number", getter=lambda document: len(document.getTitle()))
    config.add_catalog_column("shout", "string", getter=lambda document: document.getTitle().upper(), listing=True)
    for title in ("a", "ccc", "bb"):
        samples.newContent(title=title)
    assert ids(length=">1", portal_type="Sample") == ["2", "3"] and ids(shout="CCC") == ["2"]
    listed = {"parent_uid": samples.getUid(), "sort_on": "shout"}
    assert [b.shout for b in catalog(**listed)] == [None, "A", "BB", "CCC"]
    catalog.reindex()
    assert [b.shout for b in catalog(**listed)] == ["A", "BB", "CCC", "EARLY"]
