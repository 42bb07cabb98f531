"""What scripts import beyond the standard library and NumPy: tables, models, dates, the log, queries."""

from __future__ import annotations

import sys

import pytest

from wendelin.core.errors import Unauthorized
from wendelin.core.model.scripting.restricted.compiling import FUNCTION_NAME, compile_function
from wendelin.core.model.scripting.restricted.environment import restricted_globals
from wendelin.core.security import User, as_user

ANN = User("ann", frozenset({"Authenticated"}))


def run(body, **names):
    bound = restricted_globals(**names)
    exec(compile_function("/script", "", body), bound)
    return bound[FUNCTION_NAME]()


def test_scripts_compute_with_tables():
    frame = "import pandas, io\nt = pandas.DataFrame({'g': ['a', 'b', 'a'], 'x': [1.0, 2.0, 5.0]})\n"
    assert run(frame + "return t.x.mean(), list(t.columns), t['x'].iloc[0]") == (pytest.approx(8 / 3), ["g", "x"], 1.0)
    assert run(frame + "return t.groupby('g')['x'].agg(['mean', 'max']).loc['a', 'max']") == 5.0
    assert run(frame + "return t.groupby('g').apply(lambda g: g.x.sum()).to_dict()") == {"a": 6.0, "b": 2.0}
    assert run(frame + "t['y'] = t['x'] * 2\nt.loc[0, 'y'] = 0.0\nreturn t['y'].tolist()") == [0.0, 4.0, 10.0]
    assert run(frame + "return t.pivot_table(index='g', values='x', aggfunc='sum').x.tolist()") == [6.0, 2.0]
    assert run("import pandas, io\nreturn pandas.read_csv(io.StringIO('a,b\\n1,2'))['b'].tolist()") == [2]
    assert run("import pandas\nreturn pandas.Timestamp('2024-05-02').month") == 5


@pytest.mark.parametrize(
    "body",
    [
        *[f"return t.{name}" for name in ("to_csv", "to_pickle", "query", "eval", "pipe", "plot", "style", "to_html")],
        "return t.apply('to_csv', args=('/tmp/x',))",
        "return t.agg('to_pickle', path='/tmp/x')",
        "return t.agg({'x': 'to_csv'})",
        "return t.agg(['mean', 'to_csv'])",
        "return t.groupby('x').agg(y=('x', 'to_csv'))",
        "return t.x.agg('to_pickle')",
        "return t.x.transform('to_csv')",
        "return t.pivot_table(index='x', values='x', aggfunc='to_csv')",
        "return pandas.read_csv('/etc/passwd')",
        "return pandas.read_pickle",
        "return pandas.eval",
        "return pandas.io",
        "return pandas.read_csv(io.StringIO('a'), storage_options={})",
        "from sklearn.cluster import KMeans\nreturn KMeans(memory='/tmp/x')",
        "return pandas.Series(['to_csv']).map(t.x.agg)",
        "return pandas.Series(['to_csv']).apply(t.x.agg)",
        "from sklearn.ensemble import RandomForestRegressor\nreturn RandomForestRegressor(n_jobs=-1)",
        "from sklearn.datasets import load_files",
        "import joblib",
        "from sklearn.linear_model import LinearRegression\nreturn LinearRegression().set_output",
    ],
)
def test_tables_and_models_reach_no_files_and_no_code(body):
    with pytest.raises((Unauthorized, ImportError)):
        run("import pandas, io\nt = pandas.DataFrame({'x': [1.0]})\n" + body)


def test_scripts_learn_from_arrays():
    body = """
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
import numpy
x = numpy.arange(20.0).reshape(-1, 1)
a, b, c, d = train_test_split(x, 2 * x[:, 0] + 1, random_state=1)
model = LinearRegression().fit(a, c)
return round(model.coef_[0], 6), round(model.intercept_, 6), round(model.predict([[3.0]])[0], 6)
"""
    assert run(body) == (2.0, 1.0, 7.0)


def test_scripts_have_the_dates_of_erp5_and_a_log(caplog):
    assert run("from DateTime import DateTime\nreturn DateTime('2024/05/02').month()") == 5
    assert run(
        "from DateTime import DateTime\nreturn DateTime(2024, 5, 2).strftime('%Y') + str(DateTime(0) < DateTime())"
    )
    with caplog.at_level("INFO", "wendelin.scripts"), as_user(ANN):
        run("from Products.ERP5Type.Log import log\nlog('import', 'line\\nforged')")
    assert [record.getMessage() for record in caplog.records] == ["import: line\\nforged (ann)"]


def test_a_module_that_is_not_installed_is_said_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pandas is not installed"):
        run("import pandas")


def test_scripts_make_the_queries_of_the_catalog(site, add_type):
    add_type("Sample", module="sample_module")
    document = site.sample_module.newContent(title="secret title")
    for module in ("wendelin.core.model.catalog", "Products.ZSQLCatalog.SQLCatalog"):
        body = f"from {module} import ComplexQuery, Query, NegatedQuery, SimpleQuery, AndQuery, OrQuery\n"
        found = run(
            body + "return [b.getPath() for b in site.portal_catalog(query=ComplexQuery(Query(title='secret%'), "
            "NegatedQuery(Query(id='x')), logical_operator='and'))]",
            site=site,
        )
        assert found == [document.getPath()]
