# ruff: noqa: E501 - a script on one line is easier to compare with the next
"""Known ways out of a Python sandbox: none of them leads anywhere."""

from __future__ import annotations

import pytest

from wendelin.core.errors import ScriptError, Unauthorized
from wendelin.core.model.scripting.scripts import PythonScript
from wendelin.core.security import SYSTEM, User, as_user

REFUSED = (ScriptError, Unauthorized, ImportError, NameError, TypeError, AttributeError, ValueError)

ESCAPES = {
    # -- attributes that lead inside
    "class": "return ().__class__",
    "subclasses": "return ''.__class__.__mro__[1].__subclasses__()",
    "globals of a function": "def f(): pass\nreturn f.__globals__",
    "getattr": "return getattr((), '__class__')",
    "getattr, joined name": "return getattr((), '__cl' + 'ass__')",
    "getattr, subclass of str": "class S(str):\n    def startswith(self, x):\n        return False\nreturn getattr((), S('__class__'))",
    "hasattr with a tricky name": "class S(str):\n    pass\nreturn hasattr((), S('__class__'))",
    "mro": "return int.mro()",
    "type": "return type(1)",
    "object": "return object",
    "vars": "return vars()",
    "dir": "return dir()",
    "globals": "return globals()",
    "locals": "return locals()",
    "eval": "return eval('1')",
    "exec": "exec('1')",
    "compile": "return compile('1', '', 'eval')",
    "open": "return open('/etc/passwd').read()",
    "input": "return input()",
    "breakpoint": "breakpoint()",
    "import builtin": "return __import__('os')",
    "builtins name": "return __builtins__",
    "super": "return super",
    "help": "help()",
    # -- frames
    "generator frame": "g = (x for x in [1])\nreturn g.gi_frame",
    "generator frame by getattr": "g = (x for x in [1])\nreturn getattr(g, 'gi_frame')",
    "generator code": "g = (x for x in [1])\nreturn g.gi_code",
    "traceback": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    return e.__traceback__.tb_frame",
    "traceback by format": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    return '{0.__traceback__.tb_frame}'.format(e)",
    "frame by name": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    return getattr(e, 'tb_frame')",
    "exception group": "try:\n    pass\nexcept* ValueError as e:\n    pass",
    "async": "async def f():\n    pass",
    # -- str.format
    "format": "return '{0.__class__}'.format(1)",
    "format keyword": "return '{a.__class__}'.format(a=1)",
    "format item then attribute": "return '{0[a].__class__}'.format({'a': 1})",
    "format nested in a specification": "return '{:{0.__class__}}'.format(1)",
    "format_map": "return '{a.__class__}'.format_map({'a': 1})",
    "format of the class": "return str.format('{0.__class__}', 1)",
    "format_map of the class": "return str.format_map('{a.__class__}', {'a': 1})",
    "format by getattr": "return getattr('{0.__class__}', 'format')(1)",
    "format by map": "return list(map('{0.__class__}'.format, [1]))",
    "format by partial": "from functools import partial\nreturn partial(str.format, '{0.__class__}')(1)",
    "format of a subclass": "class S(str):\n    pass\nreturn S('{0.__class__}').format(1)",
    "format of the subclass": "class S(str):\n    pass\nreturn S.format('{0.__class__}', 1)",
    "Formatter": "import string\nreturn string.Formatter().format('{0.__class__}', 1)",
    "from string import Formatter": "from string import Formatter\nreturn Formatter",
    "f-string": "return f'{(1).__class__}'",
    "format to a document": "return '{0.portal_types._tree}'.format(context)",
    # -- imports
    "os": "import os",
    "sys": "import sys",
    "subprocess": "from subprocess import run",
    "wendelin": "from wendelin.core import security",
    "ctypes": "import ctypes",
    "pickle": "import pickle",
    "marshal": "import marshal",
    "gc": "import gc",
    "inspect": "import inspect",
    "types": "import types",
    "dataclasses": "import dataclasses",
    "importlib": "import importlib",
    "relative": "from . import x",
    "star": "from math import *",
    "module of a module": "import json\nreturn json.decoder",
    "module of a module, os": "import base64\nreturn base64.struct.sys",
    "module that a module imports": "import random\nreturn random._os",
    "from module import its import": "from random import _os",
    "datetime.sys": "import datetime\nreturn datetime.sys",
    "re.enum": "import re\nreturn re.enum",
    "collections.abc": "import collections.abc",
    "urllib.request": "import urllib.request",
    "urllib": "import urllib.parse\nreturn urllib",
    "io.open": "import io\nreturn io.open('/etc/passwd')",
    "io.FileIO": "from io import FileIO",
    "io.open_code": "import io\nreturn io.open_code",
    "time.sleep": "import time\ntime.sleep(0)",
    "time.clock_settime": "import time\nreturn time.clock_settime",
    "operator.attrgetter": "from operator import attrgetter\nreturn attrgetter('__class__')(1)",
    "operator.methodcaller": "import operator\nreturn operator.methodcaller('__reduce__')(1)",
    "operator.itemgetter": "from operator import itemgetter",
    "operator.setitem": "from operator import setitem",
    "functools.update_wrapper": "from functools import update_wrapper",
    "functools.wraps": "import functools\nreturn functools.wraps",
    "functools.cached_property": "from functools import cached_property",
    "hashlib.file_digest": "import hashlib\nreturn hashlib.file_digest",
    "msgpack.os": "import msgpack\nreturn msgpack.os",
    "collections.ChainMap": "from collections import ChainMap",
    # -- files, memory and pickles through numpy and scipy
    "numpy.load": "import numpy\nreturn numpy.load('/etc/passwd', allow_pickle=True)",
    "from numpy import load": "from numpy import load",
    "numpy.save": "import numpy\nnumpy.save('/tmp/x', 1)",
    "numpy.savez": "from numpy import savez",
    "numpy.savetxt": "from numpy import savetxt",
    "numpy.loadtxt": "import numpy\nreturn numpy.loadtxt('/etc/passwd', dtype=str)",
    "numpy.genfromtxt": "from numpy import genfromtxt",
    "numpy.fromfile": "import numpy\nreturn numpy.fromfile('/etc/passwd', 'u1')",
    "numpy.fromregex": "from numpy import fromregex",
    "numpy.memmap": "import numpy\nreturn numpy.memmap('/etc/passwd')",
    "numpy.lib": "import numpy\nreturn numpy.lib",
    "numpy.lib.npyio": "import numpy.lib.npyio",
    "from numpy.lib import format": "from numpy.lib import format",
    "as_strided": "from numpy.lib.stride_tricks import as_strided",
    "numpy.f2py": "import numpy\nreturn numpy.f2py",
    "import numpy.f2py": "import numpy.f2py",
    "numpy.ctypeslib": "import numpy\nreturn numpy.ctypeslib",
    "numpy.distutils": "import numpy.distutils",
    "numpy.testing": "from numpy import testing",
    "numpy.core": "import numpy\nreturn numpy.core",
    "numpy._core": "import numpy._core",
    "numpy.DataSource": "import numpy\nreturn numpy.lib.npyio.DataSource",
    "numpy.bmat reads names": "import numpy\nreturn numpy.bmat('context')",
    "numpy.r_ reads names": "import numpy\nreturn numpy.r_['context']",
    "numpy.set_printoptions": "import numpy\nnumpy.set_printoptions(1)",
    "numpy.rec.fromfile": "import numpy\nreturn numpy.rec.fromfile",
    "ndarray.tofile": "import numpy\nnumpy.zeros(1).tofile('/tmp/x')",
    "ndarray.tofile of the class": "import numpy\nnumpy.ndarray.tofile(numpy.zeros(1), '/tmp/x')",
    "ndarray.dump": "import numpy\nnumpy.zeros(1).dump('/tmp/x')",
    "ndarray.dumps": "import numpy\nreturn numpy.zeros(1).dumps()",
    "ndarray.ctypes": "import numpy\nreturn numpy.zeros(1).ctypes",
    "ndarray.ctypes by getattr": "import numpy\nreturn getattr(numpy.zeros(1), 'ctypes')",
    "ndarray.data": "import numpy\nreturn numpy.zeros(1).data",
    "ndarray.setflags": "import numpy\nnumpy.zeros(1).setflags(write=True)",
    "ndarray.flags": "import numpy\na = numpy.zeros(1)\na.flags.writeable = True",
    "ndarray.dtype": "import numpy\na = numpy.zeros(1)\na.dtype = 'O'",
    "ndarray.strides": "import numpy\na = numpy.zeros(1)\na.strides = (99,)",
    "ndarray.shape by setattr": "import numpy\nsetattr(numpy.zeros(1), 'shape', (1, 1))",
    "view as objects": "import numpy\nreturn numpy.zeros(1, 'i8').view('O')",
    "frombuffer as objects": "import numpy\nreturn numpy.frombuffer(b'12345678', dtype='O')",
    "ndarray over a buffer as objects": "import numpy\nreturn numpy.ndarray((1,), 'O', b'12345678')",
    "generic.tofile": "import numpy\nnumpy.float64(1).tofile('/tmp/x')",
    "random bit generator": "import numpy\nreturn numpy.random.default_rng().bit_generator.ctypes",
    "random capsule": "import numpy\nreturn numpy.random.PCG64().capsule",
    "subclass of ndarray": "import numpy\nclass A(numpy.ndarray):\n    pass",
    "scipy.io.loadmat": "from scipy.io import loadmat",
    "wavfile of a path": "from scipy.io import wavfile\nreturn wavfile.read('/etc/passwd')",
    "wavfile to a path": "from scipy.io import wavfile\nwavfile.write('/tmp/x.wav', 1, [1])",
    "wavfile of a number": "from scipy.io import wavfile\nreturn wavfile.read(0)",
    "ndarray over an array of objects": "import numpy\nreturn numpy.ndarray(8, 'u1', numpy.array([None], 'O'))",
    "ndarray class attribute": "import numpy\nreturn numpy.ndarray.tofile",
    "frombuffer of objects": "import numpy\nreturn numpy.frombuffer(numpy.array([None], 'O'), 'u1')",
    "frombuffer of a record with objects": "import numpy\nreturn numpy.frombuffer(numpy.zeros(1, [('a', 'O')]), 'u1')",
    "memoryview of objects": "import numpy\nreturn memoryview(numpy.array([None], 'O')).cast('B')",
    "ma.frombuffer": "from numpy.ma import frombuffer",
    "struct.pack_into": "import struct, numpy\nstruct.pack_into('<Q', numpy.array([None], 'O'), 0, 1)",
    "Struct.pack_into": "import struct, numpy\nstruct.Struct('<Q').pack_into(numpy.array([None], 'O'), 0, 1)",
    "BytesIO.readinto": "import io, numpy\nio.BytesIO(b'12345678').readinto(numpy.array([None], 'O'))",
    "numpy.void": "import numpy\nreturn numpy.void(b'12345678', dtype=[('a', 'O')])",
    "chararray": "import numpy\nreturn numpy.char.chararray((1,), itemsize=8, buffer=numpy.array([None], 'O'))",
    "wavfile of a file that gives objects": (
        "import numpy\nfrom scipy.io import wavfile\nclass F:\n    def read(self, n):\n        return numpy.array([None], 'O')\n"
        "    def seek(self, *a):\n        return 0\n    def tell(self):\n        return 0\nreturn wavfile.read(F())"
    ),
    "ndarray by MaskedArray.baseclass": "import numpy\nreturn numpy.ma.zeros(1).baseclass((1,), 'O', b'12345678')",
    "ndarray by the constant masked": "from numpy.ma import masked\nreturn masked.baseclass",
    "ndarray.resize": "import numpy\na = numpy.zeros(9)\nv = a[:]\na.resize(10**6, refcheck=False)\nreturn v[0]",
    "ndarray.base": "import numpy\nreturn numpy.frombuffer(b'a', 'u1').base",
    "numpy.seterr": "from numpy import seterr",
    "UserString.format": "from collections import UserString\nreturn UserString('{0.__class__}').format(1)",
    "setlocale": "from calendar import LocaleTextCalendar",
    "scipy.sparse": "from scipy import sparse",
    "scipy.sparse.load_npz": "from scipy.sparse import load_npz",
    "scipy.LowLevelCallable": "from scipy import LowLevelCallable",
    "scipy.stats.rv_continuous": "from scipy.stats import rv_continuous",
    "scipy.linalg.lapack": "from scipy.linalg import lapack",
    "scipy.misc": "import scipy.misc",
    "scipy.datasets": "import scipy.datasets",
    "scipy's result as an array interface": (
        "from scipy.optimize import minimize\nimport numpy\nr = minimize(lambda x: x[0] ** 2, [1.0])\n"
        "r.update({'__array_interface__': {'data': (0, False), 'shape': (1,), 'typestr': '|u1', 'version': 3}})\n"
        "return numpy.array(r)"
    ),
    "scipy's result changed by item": "from scipy.optimize import minimize\nr = minimize(lambda x: x[0] ** 2, [1.0])\nr['a'] = 1",
    "scipy's result changed by dict.update": (
        "from scipy.optimize import minimize\nr = minimize(lambda x: x[0] ** 2, [1.0])\ndict.update(r, {'a': 1})"
    ),
    "scipy's result changed by OrderedDict.update": (
        "from scipy.optimize import minimize\nfrom collections import OrderedDict\n"
        "r = minimize(lambda x: x[0] ** 2, [1.0])\nOrderedDict.update(r, {'a': 1})"
    ),
    "scipy's result made by hand": "from scipy.optimize import OptimizeResult",
    # -- names that would replace a guard
    "assign a guard": "_getattr_ = lambda o, n: o",
    "define a guard": "def _getattr_(o, n):\n    return o",
    "import as a guard": "import math as _getattr_",
    "guard as parameter": "def f(_getattr_):\n    pass",
    "guard as lambda parameter": "return (lambda _getattr_: 1)(2)",
    "guard as loop variable": "for _getattr_ in [1]:\n    pass",
    "guard in a comprehension": "return [1 for _getitem_ in [1]]",
    "guard as exception": "try:\n    1 / 0\nexcept ZeroDivisionError as _write_:\n    pass",
    "guard by with": "with context as _write_:\n    pass",
    "guard by walrus": "return (_getattr_ := 1)",
    "guard by class": "class _write_:\n    pass",
    "global guard": "global _write_\n_write_ = 1",
    "nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g",
    "print replaced": "print = 1",
    # -- classes
    "metaclass": "class A(metaclass=context):\n    pass",
    "getattr method": "class A:\n    def __getattr__(self, name):\n        return 1",
    "reduce method": "class A:\n    def __reduce__(self):\n        return 1",
    "del method": "class A:\n    def __del__(self):\n        pass",
    "class attribute": "class A:\n    __array_interface__ = {}",
    "class attribute by setattr": "class A:\n    pass\nsetattr(A, '__array_interface__', {})",
    "instance attribute by setattr": "class A:\n    pass\nsetattr(A(), '__class__', A)",
    "instance dict": "class A:\n    pass\nreturn A().__dict__",
    "derive from a library class": "import json\nclass A(json.JSONEncoder):\n    pass",
    "unbound list method": "return list.append([1], 2)",
    "unbound dict method": "return dict.update({}, {})",
    # -- what documents keep to themselves
    "private attribute": "return context._tree",
    "private method": "return context.iterate",
    "unrestrictedTraverse": "return context.unrestrictedTraverse('portal_types')",
    "undeclared method": "return context.touch_types()",
    "raw attribute": "return context.workflow_history",
    "parent by attribute": "return context.__parent__",
    "set a property by attribute": "context.title = 'x'",
    "delete a property by attribute": "del context.title",
    "set a property by setattr": "setattr(context, 'title', 'x')",
    "delattr": "delattr(context, 'title')",
    "set an item": "context['x'] = 1",
    "delete an item": "del context['portal_types']",
    "augment an attribute": "context.title += 'x'",
    "edit with an inside name": "context.edit(__class__=1)",
    "edit with a private name": "context.edit(_owner='ann')",
    "setProperty with an inside name": "context.setProperty('__parent__', None)",
    "setProperty with a private name": "context.setProperty('_local_roles', {})",
    "change the security of a script": "script.proxy_roles = ('Manager',)",
    "code of a script": "return script.compiled()",
    "bound script": "return context.Base_escape.script",
    "database connection": "return context._p_jar",
    "activate a private method": "context.activate().touch_types()",
    "activate an inside name": "context.activate().__class__",
}


@pytest.fixture
def run(site):
    def run_script(body):
        script = PythonScript()
        script.body = body
        site.portal_skins.layer("tests").put("Base_escape", script)
        return script.bind(site)()

    return run_script


MANAGER = User("boss", frozenset({"Manager"}))
#: Private means: for nobody but the platform itself. All else is refused even to that.
OPEN_TO_THE_PLATFORM = {
    "private method",
    "unrestrictedTraverse",
    "undeclared method",
    "raw attribute",
    "activate a private method",
    "code of a script",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_no_way_out_for_a_manager(run, name):
    with as_user(MANAGER), pytest.raises(REFUSED):
        run(ESCAPES[name])


@pytest.mark.parametrize("name", sorted(set(ESCAPES) - OPEN_TO_THE_PLATFORM))
def test_no_way_out_even_where_no_permission_is_checked(run, name):
    with as_user(SYSTEM), pytest.raises(REFUSED):
        run(ESCAPES[name])


def test_a_script_cannot_end_the_process(run):
    for name in ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"):
        with pytest.raises(NameError):
            run(f"raise {name}")


def test_the_guards_of_one_run_cannot_be_changed_for_another(run):
    with pytest.raises(REFUSED):
        run("global len\nlen = None\nreturn __builtins__")
    run("global len\nlen = 3\nreturn len")
    assert run("return len([1])") == 1


def test_a_long_source_is_refused(run):
    with pytest.raises(ScriptError, match="more than"):
        run("x = 1\n" * 200_000)
    with pytest.raises(ScriptError, match=r"parsed|nested|too many"):
        run("x = " + "(" * 5000 + ")" * 5000)
    with pytest.raises(ScriptError, match=r"parsed|nested|too"):
        run("return " + "-" * 50_000 + "1")


def test_null_bytes_and_strange_encodings_do_not_pass(run):
    with pytest.raises(ScriptError):
        run("return 1\x00")
    with pytest.raises(ScriptError):
        run("return ().__cl\u0430ss__")  # a Cyrillic letter is another name, and still begins with "_"
    with pytest.raises(ScriptError):
        run("return ()._\uff3fclass_\uff3f")  # NFKC makes underscores of these
