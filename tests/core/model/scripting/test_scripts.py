# ruff: noqa: E501 - a script on one line is easier to compare with what it returns
"""Python scripts: what they are called with, what they may use, what their errors say, and their file form."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import ScriptError, Unauthorized
from wendelin.core.model.scripting.scripts import PythonScript
from wendelin.core.model.scripting.skins import find_method
from wendelin.core.security import User, as_user, get_user


@pytest.fixture
def run(site):
    """``run(body, *args, parameters="", on=site)`` runs a script kept in the site."""

    def run_script(body, *args, parameters="", on=None, **kw):
        script = PythonScript()
        script.parameters, script.body = parameters, body
        site.portal_skins.layer("tests").put("Base_sample", script)
        return script.bind(on if on is not None else site)(*args, **kw)

    return run_script


def test_bound_names(run, site):
    result = run("return context.getId(), container.getId(), script.getId(), traverse_subpath")
    assert result == ("erp5", "tests", "Base_sample", [])


def test_type_groups_from_any_document(run, site):
    calls = "return context.getPortalModuleTypeList(), context.getPortalDataConfigurationTypeList()"
    for document in (site, site.portal_alarms.newContent(portal_type="Alarm")):
        found, none = run(calls, on=document)
        assert "Document Module" in found and none == []


def test_what_followed_in_the_url(run, site):
    run("return 1")
    site.portal_skins["tests"]["Base_sample"].edit(body="return traverse_subpath")
    assert find_method(site, "Base_sample").bind(site, ("a", "b"))() == ["a", "b"]


def test_parameters_defaults_and_keywords(run):
    assert run("return a, b, c, kw", 1, 2, d=4, parameters="a, b=None, *c, **kw") == (1, 2, (), {"d": 4})
    with pytest.raises(TypeError, match="missing 1 required"):
        run("return a", parameters="a")


def test_defaults_are_made_anew_for_every_call(run):
    assert run("a.append(1)\nreturn a", parameters="a=[]") == [1]
    assert run("a.append(1)\nreturn a", parameters="a=[]") == [1]


def test_print_collects_into_printed(run):
    assert run("print('a', 1)\nprint('b')\nreturn printed") == "a 1\nb\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("d = {'k': [1]}\nd['k'] += [2]\nd['n'] = 3\ndel d['n']\nreturn d", {"k": [1, 2]}),
        ("n = 1\nn += 2\nn *= 5\nreturn n", 15),
        ("x: int = 4\ny: str\nreturn x", 4),
        ("a, (b, *c) = 1, (2, 3, 4)\nreturn a, b, c", (1, 2, [3, 4])),
        ("return [x * y for x, y in zip(range(3), [2, 3, 4]) if x]", [3, 8]),
        ("return sorted({'b': 1, 'a': 2}.items(), key=lambda p: p[1])", [("b", 1), ("a", 2)]),
        ("def f(n):\n    return 1 if n < 2 else n * f(n - 1)\nreturn f(5)", 120),
        ("return '{0:>4}|{name!r}|{d[k]}'.format(7, name='x', d={'k': 1})", "   7|'x'|1"),
        ("return 'a{b}'.format_map({'b': 1})", "a1"),
        ("return f'{1 + 1:03d} {\"x\".upper()}'", "002 X"),
        ("return '%s-%05.2f' % ('a', 2.5)", "a-02.50"),
        ("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    return str(error)", "division by zero"),
        ("class Total:\n    def __init__(self, n):\n        self.n = n\n    def add(self, m):\n        self.n = self.n + m\n"
         "        return self.n\nt = Total(2)\nt.add(3)\nreturn t.n", 5),
        ("class Odd(ValueError):\n    pass\ntry:\n    raise Odd('x')\nexcept ValueError as e:\n    return e.args", ("x",)),
        ("if (n := 5) > 3:\n    return n", 5),
        ("return isinstance([], list), same_type('a', 'b'), callable(len), hasattr('a', 'upper')", (True,) * 4),
        ("with __import_ok as x:\n    pass", None),
        ("return list(map(str.upper, ['a'])), ','.join(str(x) for x in (1, 2))", (["A"], "1,2")),
        ("return dict.fromkeys('ab', 1), int.from_bytes(b'\\x01', 'big'), bytes.fromhex('ff')", ({"a": 1, "b": 1}, 1, b"\xff")),
        ("return max([1, 3]), sum((1, 2)), any([0]), list(reversed([1, 2])), list(enumerate('a'))",
         (3, 3, False, [2, 1], [(0, "a")])),
    ],
)  # fmt: skip
def test_ordinary_python_works(run, body, expected):
    if "__import_ok" in body:
        with pytest.raises(ScriptError, match="line 1"):
            run(body)
        return
    assert run(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("import numpy as np\na = np.arange(6).reshape(2, 3)\na[0, 1:] = 9\na[1] *= 2\nreturn a.tolist()", [[0, 9, 9], [6, 8, 10]]),
        ("import numpy\na = numpy.zeros(2)\na += 1\nreturn a.sum(), numpy.fft.rfft(a).real.tolist()", (2.0, [2.0, 0.0])),
        ("import numpy as np\nr = np.zeros(2, dtype=[('t', 'i8'), ('v', 'f8')])\nr['v'] = 3\nreturn r['v'].mean()", 3.0),
        ("from numpy.random import default_rng\nreturn default_rng(1).integers(0, 1)", 0),
        ("from scipy.fft import rfft\nreturn rfft([1.0, 1.0]).real.tolist()", [2.0, 0.0]),
        ("import scipy.signal\nreturn scipy.signal.find_peaks([0, 1, 0])[0].tolist()", [1]),
        ("from scipy.optimize import minimize\nr = minimize(lambda x: (x[0] - 1) ** 2, [0.0])\nreturn r.success, round(r.x[0], 3)",
         (True, 1.0)),
        ("from scipy import stats\nreturn round(stats.norm.cdf(0.0), 2)", 0.5),
        ("import msgpack\nreturn msgpack.unpackb(msgpack.packb([1, {'a': b'x'}]))", [1, {"a": b"x"}]),
        ("import json\nreturn json.loads(json.dumps({'a': [1.5, None]}))", {"a": [1.5, None]}),
        ("import re\nreturn re.match(r'(?P<y>\\d+)', '42x').group('y'), re.sub('a', lambda m: m.group().upper(), 'ab')",
         ("42", "Ab")),
        ("from datetime import datetime, timedelta\nreturn (datetime(2026, 1, 31) + timedelta(days=1)).strftime('%d%m')", "0102"),
        ("import numpy as np\nreturn isinstance(np.zeros(1), np.ndarray), np.frombuffer(b'\\x01\\x00', '<i2').tolist()", (True, [1])),
        ("import time\nreturn time.gmtime(0).tm_year, time.time() > 0", (1970, True)),
        ("import math, base64, binascii, zlib\nreturn math.pi > 3, base64.b64encode(b'a'), binascii.hexlify(b'a'), zlib.crc32(b'a')",
         (True, b"YQ==", b"61", 3904355907)),
        ("import hashlib\nreturn hashlib.sha256(b'').hexdigest()[:8]", "e3b0c442"),
        ("import struct, io\nf = io.BytesIO(struct.pack('<h', 5))\nf.seek(0)\nreturn struct.unpack('<h', f.read())", (5,)),
        ("from itertools import chain, groupby\nfrom collections import defaultdict, namedtuple, OrderedDict\n"
         "d = defaultdict(list)\nd['a'].append(1)\nP = namedtuple('P', 'x y')\nreturn dict(d), P(1, 2).y, list(chain([1], [2]))",
         ({"a": [1]}, 2, [1, 2])),
        ("from functools import reduce, partial\nimport operator\nreturn reduce(operator.add, [1, 2]), partial(max, 1)(2)", (3, 2)),
        ("from decimal import Decimal\nfrom fractions import Fraction\nreturn str(Decimal('1.10') + 1), Fraction(1, 2) + 1 > 1",
         ("2.10", True)),
        ("import io\nimport numpy as np\nfrom scipy.io import wavfile\nf = io.BytesIO()\nwavfile.write(f, 8000, np.arange(4, dtype='i2'))\n"
         "f.seek(0)\nrate, data = wavfile.read(f)\nreturn rate, data.tolist()", (8000, [0, 1, 2, 3])),
        ("from urllib.parse import urlencode\nfrom textwrap import dedent\nreturn urlencode({'a': 1}), dedent(' x')", ("a=1", "x")),
    ],
)  # fmt: skip
def test_libraries_for_data_work(run, body, expected):
    assert run(body) == expected


def test_a_syntax_error_names_script_and_line(run):
    with pytest.raises(ScriptError, match=r"/erp5/portal_skins/tests/Base_sample, line 2: .*: y = ="):
        run("x = 1\ny = =")
    with pytest.raises(ScriptError, match=r"line 3: .*_private"):
        run("x = 1\n\nx._private")
    with pytest.raises(ScriptError, match="Base_sample, parameters"):
        run("return 1", parameters="a, a b")
    with pytest.raises(ScriptError, match="is not a list of parameters"):
        run("return 1", parameters="): return 5\ndef script_function(")


def test_every_problem_is_reported_at_once(run):
    with pytest.raises(ScriptError) as caught:
        run("a.__x\nb.__y")
    assert "line 1" in str(caught.value) and "line 2" in str(caught.value)


def test_a_running_error_keeps_its_type_and_notes_the_line(run):
    with pytest.raises(KeyError) as caught:
        run("d = {}\n\nreturn d['missing']")
    assert caught.value.__notes__ == ["in /erp5/portal_skins/tests/Base_sample, line 3: return d['missing']"]
    text = "".join(traceback.format_exception(caught.value))
    assert "/erp5/portal_skins/tests/Base_sample" in text and "return d['missing']" in text


def test_an_edited_script_shows_its_new_lines_in_a_traceback(run):
    for body in ("x = 1\nreturn x.old", "x = 1\nreturn x.new"):
        with pytest.raises(AttributeError) as caught:
            run(body)
        assert body.splitlines()[1] in "".join(traceback.format_exception(caught.value))


def test_scripts_call_each_other_and_the_notes_tell_the_way(run, site):
    site.portal_skins.layer("tests").put_file("Base_inner.py", b"return 1 / 0")
    with pytest.raises(ZeroDivisionError) as caught:
        run("return context.Base_inner()")
    assert [note.split(",")[0].rpartition("/")[2] for note in caught.value.__notes__] == ["Base_inner", "Base_sample"]


def test_proxy_roles_add_rights_for_the_length_of_the_call(site):
    script = PythonScript.from_text('# wendelin: proxy_roles=["Manager"]\nreturn context.portal_skins.customise')
    site.portal_skins.layer("tests").put("Base_proxied", script)
    with as_user(User("ann", frozenset())):
        assert callable(script.bind(site)())
        assert get_user().roles == frozenset()
        script.edit_proxy = None
        script.proxy_roles = ()
        with pytest.raises(Unauthorized):
            script.bind(site)()


def test_the_caller_s_rights_decide(run, site):
    with as_user(User("ann", frozenset())), pytest.raises(Unauthorized) as caught:
        run("return context.portal_types['Base Type'].getTitle()")
    assert "line 1" in caught.value.__notes__[0]


def test_consistency_lists_what_is_wrong(site):
    script = PythonScript()
    script.body = "return (("
    site.portal_skins.layer("tests").put("Base_bad", script)
    assert "line 1" in script.checkConsistency()[0]
    script.body = "return 1"
    assert script.checkConsistency() == []


@pytest.mark.parametrize(
    "text",
    [
        "return 1\n",
        "",
        "# a comment of the script\nreturn 1",
        '# wendelin: parameters="a, b=None" title="" published="View" proxy_roles=["Manager"]\nreturn a\n',
        "# wendelin:   published='View',   title=\"T\"\n# wendelin: parameters=\"x='y'\"\n# mine\nreturn x",
        '# wendelin: title="not closed by a line end"',
        '\n# wendelin: title="this is not at the top"\nreturn 2\n',
        "return 'no newline at the end'",
        "return 'é\\n'\r\n",
    ],
)
def test_the_file_form_round_trips_byte_for_byte(text):
    assert PythonScript.from_text(text, "a.py").to_text() == text


def test_what_a_header_says():
    script = PythonScript.from_text(
        '# wendelin: parameters="a, b=None" published="View" proxy_roles=["A", "B"]\nreturn a\n'
    )
    assert (script.parameters, script.published, script.proxy_roles) == ("a, b=None", "View", ("A", "B"))
    assert script.body == "return a\n"
    script.published = ""
    assert script.to_text() == '# wendelin: parameters="a, b=None" proxy_roles=["A", "B"]\nreturn a\n'


@pytest.mark.parametrize(
    "header",
    ['colour="red"', 'title="a', "title=5", 'proxy_roles="Manager"', "proxy_roles=[1]", "title", "= 5", 'title="a\\q"'],
)
def test_a_header_that_is_not_understood_is_refused(header):
    with pytest.raises(ScriptError, match=r"foo\.py"):
        PythonScript.from_text(f"# wendelin: {header}\nreturn 1", "foo.py")


@given(st.text(), st.text(), st.lists(st.text(min_size=1), max_size=3), st.text(max_size=60))
def test_any_properties_survive_the_file_form(title, parameters, roles, body):
    script = PythonScript()
    script.title, script.parameters, script.proxy_roles = title, parameters, tuple(roles)
    script.body = "x" + body
    again = PythonScript.from_text(script.to_text(), "x.py")
    assert (again.title or "", again.parameters, again.proxy_roles) == (title, parameters, tuple(roles))
    assert again.body == script.body
    assert again.to_text() == script.to_text()


def test_big_arrays_and_files_in_scripts(run, connection):
    from wendelin.core.bigdata import BigArray, BigFile

    array, file = BigArray((4,), "i4"), BigFile()
    connection.root()["array"], connection.root()["file"] = array, file
    file.append(b"0123456789")
    body = """
array[1:3] = 7
array[3] += 2
view = array[:]
total = 0
for block in array.blocks(2):
    total += int(block.sum())
return array.shape, view.tolist(), total, file.size, file.read(2, 3), b"".join(file.iterate()), file.open().read(2)
"""
    expected = ((4,), [0, 7, 7, 2], 16, 10, b"234", b"0123456789", b"01")
    assert run(body, array, file, parameters="array, file") == expected
    for body in ("file.append(b'x')", "file.truncate(0)", "return array.file", "return file.open().readinto"):
        with pytest.raises(Unauthorized):
            run(body, array, file, parameters="array, file")


def test_a_script_made_and_edited_as_a_document(site):
    layer = site.portal_skins.layer("tests")
    script = layer.newContent(id="Base_made", portal_type="Python Script", parameters="a=1", body="return a")
    assert site.Base_made(4) == 4
    script.edit(body="return a +", proxy_roles=["Manager"], published="View")
    assert "line 1" in script.checkConsistency()[0]
    script.edit(body="return a + 1\n")
    assert site.Base_made(4) == 5
    text = '# wendelin: parameters="a=1" published="View" proxy_roles=["Manager"]\nreturn a + 1\n'
    assert script.to_text() == text
