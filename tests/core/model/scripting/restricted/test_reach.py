"""Everything that restricted code can name without a call: walked, and looked through for what it must not see."""

from __future__ import annotations

import builtins
import collections
import csv
import difflib
import functools
import hashlib
import importlib
import io
import json
import os
import pickle
import random
import re
import statistics
import string
import struct
import subprocess
import sys
import uuid
import warnings
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from types import CodeType, FrameType, ModuleType

import msgpack
import numpy
import pytest
from scipy import interpolate, optimize, signal, spatial, stats

from wendelin.core.errors import Unauthorized
from wendelin.core.model.scripting.restricted.access import guarded_getattr
from wendelin.core.model.scripting.restricted.environment import SAFE_BUILTINS
from wendelin.core.model.scripting.restricted.modules import allowed_modules
from wendelin.core.security import User, as_user

DEPTH = 3
FORBIDDEN = [
    *(builtins.eval, builtins.exec, builtins.compile, builtins.open, builtins.__import__, builtins.input),
    *(builtins.globals, builtins.locals, builtins.vars, builtins.type, builtins.object, builtins.super),
    *(os, sys, os.system, os.popen, os.open, subprocess.Popen, pickle.loads, pickle.load, importlib.import_module),
    *(numpy.load, numpy.save, numpy.fromfile, numpy.memmap, numpy.ndarray, sys._getframe, sys.modules, str.format),
]


def reachable(roots):
    """``{id: (path, object)}`` of what can be named from the roots by attributes, a few steps deep."""
    seen = {}
    level = list(roots)
    for depth in range(DEPTH + 1):
        following = []
        for path, value in level:
            if id(value) in seen:
                continue
            seen[id(value)] = (path, value)
            if depth == DEPTH or isinstance(value, str | bytes | int | float | bool | type(None)):
                continue
            for name in dir(value):
                try:
                    following.append((f"{path}.{name}", guarded_getattr(value, name)))
                except (Unauthorized, AttributeError, TypeError, ValueError):
                    continue
        level = following
    return seen


@pytest.fixture(scope="module")
def found():
    with as_user(User("boss", frozenset({"Manager"}))), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the walk touches what libraries have deprecated
        modules = [
            (name, importlib.import_module(found.options.get("module") or name))
            for name, found in allowed_modules().items()
        ]
        return reachable([*SAFE_BUILTINS.items(), *modules, *instances()])


def instances():
    """Objects of the kinds that scripts get hold of by calling something."""
    try:
        raise ValueError("with a traceback")
    except ValueError as error:
        failure = error
    values = [
        *(numpy.zeros(2), numpy.ma.zeros(2), numpy.matrix([[1]]), numpy.array([None]), numpy.zeros(2, [("a", "i4")])),
        *(numpy.float64(1), numpy.datetime64(1, "D"), numpy.dtype("f8"), numpy.random.default_rng(), numpy.s_),
        *(numpy.vectorize(len), numpy.poly1d([1]), numpy.zeros(2).flat, numpy.errstate(), numpy.finfo("f8")),
        *(re.match("a", "a"), re.compile("a"), hashlib.sha256(), io.BytesIO(), io.StringIO(), struct.Struct("<i")),
        *(datetime.now(UTC), UTC, Decimal(1), Fraction(1), uuid.uuid4(), random.Random(), failure, reachable),
        *((x for x in ()), iter([]), {}.keys(), memoryview(b""), functools.partial(len), functools.lru_cache(len)),
        *(collections.deque(), collections.Counter(), collections.defaultdict(list), collections.OrderedDict()),
        *(json.JSONDecoder(), csv.reader([]), csv.DictReader([]), string.Template("$a"), difflib.SequenceMatcher()),
        *(optimize.minimize(lambda x: x[0] ** 2, [1.0]), stats.norm(), interpolate.CubicSpline([0, 1, 2], [0, 1, 4])),
        *(signal.dlti([1], [1, 0.5]), spatial.cKDTree([[0.0]]), statistics.NormalDist(), msgpack.Unpacker()),
    ]
    return [(f"a {type(value).__name__}", value) for value in values]


def test_the_walk_gets_somewhere(found):
    paths = {path for path, _ in found.values()}
    assert {"numpy.fft.rfft", "json.dumps", "scipy.stats.norm"} <= paths
    assert len(found) > 2000


def test_nothing_forbidden_is_reached(found):
    reached = [found[id(thing)][0] for thing in FORBIDDEN if id(thing) in found]
    assert [path for path in reached if not path.startswith("__")] == []


def test_only_allowed_modules_are_reached(found):
    modules = {value.__name__ for _, value in found.values() if isinstance(value, ModuleType)}
    real = {found.options.get("module") for found in allowed_modules().values()}
    assert modules - set(allowed_modules()) - real == set()


def test_no_code_and_no_frames_are_reached(found):
    assert [path for path, value in found.values() if isinstance(value, CodeType | FrameType)] == []


def test_nothing_that_opens_files_by_path_is_reached(found):
    """Names that libraries give to functions of that kind."""
    words = ("fromfile", "tofile", "loadtxt", "savetxt", "genfromtxt", "memmap", "load_", "save_", "pickle", "popen")
    suspects = [path for path, _ in found.values() if any(word in path.rpartition(".")[2].lower() for word in words)]
    assert suspects == []
