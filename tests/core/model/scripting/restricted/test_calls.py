"""What scripts may give to functions of libraries; and a walk over all that they can call."""

from __future__ import annotations

import numpy
import pytest

from wendelin.core.errors import Unauthorized
from wendelin.core.model.scripting.restricted.access import guarded_getattr
from wendelin.core.model.scripting.restricted.compiling import FUNCTION_NAME, compile_function
from wendelin.core.model.scripting.restricted.environment import restricted_globals
from wendelin.core.model.scripting.templates import render
from wendelin.core.security import User, as_user

ANN = User("ann", frozenset({"Authenticated"}))


def run(body, **names):
    bound = restricted_globals(**names)
    exec(compile_function("/script", "", body), bound)
    return bound[FUNCTION_NAME]()


@pytest.fixture
def hidden(site, add_type):
    """A folder with a child that ``ann`` may not access."""
    add_type("Sample", module="sample_module", allowed_content_type_list=["Sample"])
    folder = site.sample_module.newContent(portal_type="Sample", title="secret title")
    folder.newContent("child", "Sample")
    folder.permission_map = {"Access contents information": ("Manager",), "View": ("Manager",)}
    return folder


def test_the_folder_is_hidden(hidden):
    with as_user(ANN), pytest.raises(Unauthorized):
        guarded_getattr(hidden, "getTitle")


@pytest.mark.parametrize(
    "body",
    [
        "import numpy\nreturn numpy.ma.getdata(hidden)",
        "import json\nreturn json.load(hidden)",
        "import json\nreturn json.dumps({'a': [hidden]}, default=str)",
        "from msgpack import Unpacker\nreturn list(Unpacker(hidden))",
        "import functools\nreturn functools.cache(hidden).store",
        "import functools\np = functools.partial(list)\nreturn p(hidden)",
        "import functools\nreturn functools.partial(len, [1]).func",
        "import functools\nreturn functools.reduce(lambda a, b: b, hidden)",
        "import functools, numpy\nreturn functools.reduce(numpy.ma.getdata, [hidden, hidden])",
        "import csv\nreturn list(csv.reader(hidden))",
        "import random\nreturn random.choice(hidden)",
        "import random\nreturn random.shuffle(hidden)",
        "import string\nreturn string.Template('$child').substitute(hidden)",
        "import itertools\nreturn list(itertools.chain(hidden))",
        "import itertools\nreturn list(itertools.chain.from_iterable([hidden]))",
        "import itertools\nreturn list(itertools.starmap(list, [[hidden]]))",
        "import operator\nreturn operator.contains(hidden, 'child')",
        "import collections\nreturn collections.deque(hidden)",
        "import collections\nreturn collections.Counter(hidden)",
        "import numpy\nreturn numpy.array([hidden])",
        "import numpy\nreturn numpy.vectorize(lambda x: hidden, otypes='O')([1])",
        "import numpy\nreturn numpy.fromiter((hidden for x in [1]), dtype='O')",
        "import numpy\na = numpy.empty(1, 'O')\na[0] = hidden\nreturn numpy.log(a)",
        "import numpy\n@numpy.vectorize\ndef f(x): return hidden\nreturn f([1])",
        *[f"return {name}(hidden)" for name in ("list", "tuple", "set", "sorted", "sum", "max", "any", "dict", "iter")],
        *[f"return list({name}(hidden))" for name in ("zip", "enumerate", "reversed")],
        "return len(hidden)",
        "return list(map(list, [hidden]))",
        "return list(filter(None, hidden))",
        "return sorted([hidden], key=list)",
        "return [*hidden]",
        "return {**hidden}",
        "return max(*hidden)",
        "return dict(**hidden)",
        "return 'child' in hidden",
        "return 'child' not in hidden",
        "def g():\n  yield from hidden\nreturn list(g())",
        "a, = hidden\nreturn a",
        "x = []\nx += hidden\nreturn x",
        "x = []\nx[0:0] = hidden\nreturn x",
        "x = []\nx[slice(0, 0)] = hidden\nreturn x",
        "x = []\nx.extend(hidden)\nreturn x",
        "x = {}\nx.update(hidden)\nreturn x",
        "return set().union(hidden)",
        "return ''.join(hidden)",
        "return '%(child)s' % hidden",
        "return str.join('', hidden)",
        "@list\ndef f(): pass\nreturn f",
        "return list(x for x in hidden)",
        "import numpy\nreturn numpy.array(['a'], 'O') + hidden",
        "import numpy\nreturn numpy.array(['a'], 'O') + [hidden]",
        "import numpy\nreturn hidden + numpy.array(['a'], 'O')",
        "import numpy\na = numpy.array(['a'], 'O')\na += hidden\nreturn a",
        "import numpy\nreturn numpy.arange(3)[hidden]",
    ],
)
def test_no_library_and_no_loop_looks_into_a_document_for_somebody_without_rights(hidden, body):
    with as_user(ANN), pytest.raises((Unauthorized, AttributeError, TypeError)):
        run(body, hidden=hidden)


@pytest.mark.parametrize(
    "text",
    [
        '<p tal:repeat="x hidden">${x}</p>',
        '<p tal:attributes="hidden"/>',
        '<p tal:define="(a, b) hidden">${a}</p>',
        "${[x for x in hidden]}",
        "${list(hidden)}",
        '<p tal:content="path: options/hidden/keys"/>',
        '<p metal:use-macro="hidden"/>',
        "${repeat('x', hidden)}",
    ],
)
def test_nor_does_a_template(hidden, text):
    with as_user(ANN), pytest.raises(Exception) as raised:
        render(text, None, {"hidden": hidden}, hidden=hidden)
    assert "child" not in str(raised.value).partition("\n")[0].replace("template", "")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return list(mine)", ["child"]),
        ("return 'child' in mine, len(mine)", (True, 1)),
        ("l = []\nl.append(mine)\nreturn l[0].getId(), mine in l", ("mine", True)),
        ("d = {'a': mine}\nreturn d.get('a').getId(), isinstance(mine, dict)", ("mine", False)),
        ("return sorted([mine, mine], key=lambda d: d.getId())[0].getId()", "mine"),
        ("import functools\nf = functools.partial(lambda a, b: a.getId() + b, mine)\nreturn f('x')", "minex"),
        (
            "import functools\n@functools.cache\ndef f(x): return x * 2\nreturn f(2), f(2), f.cache_info().hits",
            (4, 4, 1),
        ),
        ("import functools\nreturn functools.reduce(lambda a, b: a + b, [1, 2, 3])", 6),
        ("import functools\nreturn sorted([1, 3, 2], key=functools.cmp_to_key(lambda a, b: b - a))", [3, 2, 1]),
        ("import itertools\nreturn [d.getId() for d in itertools.chain([mine], [mine])]", ["mine", "mine"]),
        ("import heapq\nh = []\nheapq.heappush(h, (1, mine))\nreturn h[0][1].getId()", "mine"),
        ("from scipy.optimize import minimize\nreturn round(minimize(lambda x: (x[0] - 1) ** 2, [3.0]).x[0], 3)", 1.0),
        ("def f(function): return function\nreturn f(function=1)", 1),
        ("def f(*a, **k): return a, k\nreturn f(1, *[2], b=3, **{'c': 4})", ((1, 2), {"b": 3, "c": 4})),
        ("return '%s %05.1f %%' % ('a', 2), 7 % 4", ("a 002.0 %", 3)),
        ("x: int = 4\ny: str\nreturn x", 4),
        ("class A:\n  x = 1\na = A()\na.x: int = 5\nreturn a.x", 5),
        ("d = {}\nd['a']: int = 1\nreturn d", {"a": 1}),
        ("class A:\n  n: int = 3\n  m: str\nreturn A().n", 3),
    ],
)
def test_who_has_the_right_uses_python_as_ever(site, add_type, body, expected):
    add_type("Sample", module="sample_module", allowed_content_type_list=["Sample"])
    mine = site.sample_module.newContent("mine", "Sample")
    mine.newContent("child", "Sample")
    assert run(body, mine=mine) == expected


@pytest.mark.parametrize(
    "body",
    [
        "numpy.sctypeDict['x'] = 1",
        "scipy.constants.physical_constants.clear()\nif scipy.constants.physical_constants: raise PermissionError",
        "import hashlib\nhashlib.algorithms_available.clear()\nif hashlib.algorithms_available: raise PermissionError",
        "import calendar\ncalendar.HTMLCalendar.cssclasses.clear()\n"
        "if calendar.HTMLCalendar.cssclasses: raise PermissionError",
        "import random\nrandom.seed(1)",
        "numpy.random.seed(1)",
        "return numpy.poly1d.c.fget",
        "return scipy.optimize.differential_evolution(len, [(0, 1)], workers=-1)",
    ],
)
def test_what_belongs_to_the_process_is_not_changed(body):
    with pytest.raises(PermissionError):
        run("import numpy, scipy, scipy.constants, scipy.optimize\n" + body)


@pytest.mark.parametrize("name", ["Delaunay", "ConvexHull", "Voronoi"])
def test_qhull_reaches_no_files(tmp_path, name):
    points = numpy.random.default_rng(1).random((10, 2))
    for options in ("Qbb Qc TI/etc/passwd", f"TO{tmp_path}/out", "Qbb FO", b"TO/tmp/x"):
        with pytest.raises(Unauthorized, match="Qhull"):
            run(f"from scipy.spatial import {name}\nreturn {name}(p, qhull_options=o)", p=points, o=options)
    assert list(tmp_path.iterdir()) == []
    assert run(f"from scipy.spatial import {name}\nreturn {name}(p, qhull_options='Qbb Qc').points.shape", p=points)


def test_a_template_has_a_bound_of_turns():
    with pytest.raises(Exception, match="turns"):
        render('<p tal:repeat="x range(10**9)">a</p>', None)
    assert render('<p tal:repeat="x range(2)">${x}${repeat.x.index}</p>', None).split() == ["<p>00</p>", "<p>11</p>"]
