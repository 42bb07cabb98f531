"""A walk over everything that scripts can call: nothing looks into a document, nothing opens a file."""

from __future__ import annotations

import importlib
import io
import sys
import warnings
from contextlib import redirect_stdout, suppress

import numpy

from wendelin.core.errors import Unauthorized
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.scripting.restricted.access import guarded_getattr
from wendelin.core.model.scripting.restricted.calls import guarded_call
from wendelin.core.model.scripting.restricted.environment import SAFE_BUILTINS
from wendelin.core.model.scripting.restricted.modules import allowed_modules
from wendelin.core.security import User, as_user

ANN = User("ann", frozenset({"Authenticated"}))


class Tripwire(Folder):
    """A document that notes who reads its attributes without asking the guards."""

    touched: list[str] = []

    def __getattribute__(self, name):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if name not in ("__class__", "__parent__", "__dict__") and not caller.startswith("wendelin."):
            Tripwire.touched.append(f"{name} by {caller}")
        return super().__getattribute__(name)

    def __iter__(self):
        Tripwire.touched.append("__iter__")
        return iter(())

    def __len__(self):
        Tripwire.touched.append("__len__")
        return 1

    def __getitem__(self, key):
        Tripwire.touched.append("__getitem__")
        raise KeyError(key)


def callables():
    """``(path, function)`` of all that scripts can call of the modules they may import, and of their classes."""
    roots = [(name, value) for name, value in SAFE_BUILTINS.items() if callable(value) and not name.startswith("__")]
    for name, registration in allowed_modules().items():
        try:
            module = importlib.import_module(registration.options.get("module") or name)
        except ModuleNotFoundError:
            continue
        for attribute in dir(module):
            try:
                roots.append((f"{name}.{attribute}", guarded_getattr(module, attribute)))
            except (Unauthorized, AttributeError):
                continue
    for path, value in roots:
        if callable(value):
            yield path, value
        if isinstance(value, type):
            for attribute in dir(value):
                try:
                    found = guarded_getattr(value, attribute)
                except (Unauthorized, AttributeError, TypeError):
                    continue
                if callable(found):
                    yield f"{path}.{attribute}", found


#: What works for long with arguments of any kind, or ends the process's own state: called with nothing to work on.
LONG = ("scipy.stats.goodness_of_fit",)
KEEPING = {
    "id",
    "hash",
    "bool",
    "callable",
    "repr",
    "str",
    "isinstance",
    "issubclass",
    "getattr",
    "hasattr",
    "same_type",
}


def test_no_function_looks_into_a_document(site):
    wire = Tripwire()
    wire.portal_type, wire.__name__ = "Sample", "wire"
    wire.__parent__ = site
    wire.permission_map = {"Access contents information": ("Manager",)}
    reached = []
    with as_user(ANN), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        found = list(callables())
        assert len(found) > 2500
        for path, function in found:
            if path in KEEPING or path.startswith(LONG):
                continue
            for args in ((wire,), (wire, wire), ([wire],), ({"a": wire},), (wire, 1.0), ([1.0], wire), (1, 2, wire)):
                Tripwire.touched = []
                try:
                    result = guarded_call(function, *args)
                    if hasattr(type(result), "__next__"):
                        next(result)
                except Exception:
                    pass
                if Tripwire.touched:
                    reached.append((path, args, Tripwire.touched[:3]))
    assert sorted({path for path, _, _ in reached}) == [], reached[:40]


_opened: list[str] = []
_watched: list[str] = []


def _audit(event, args):
    if _watched and event in ("open", "os.open", "os.listdir", "os.scandir", "os.remove", "shutil.rmtree", "import"):
        path = args[0] if args else ""
        # the names of time zones are looked for where these are kept, and nowhere else
        if isinstance(path, str | bytes) and _watched[0] in str(path) and "/zoneinfo/" not in str(path):
            _opened.append(f"{event} {path!r}")


def test_no_function_opens_a_file_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "canary.npy"
    numpy.save(there, numpy.arange(3))
    before = there.read_bytes()
    sys.addaudithook(_audit)
    reached = []
    with as_user(ANN), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        found = list(callables())
        _watched.append("canary")
        try:
            for path, function in found:
                if path.startswith(LONG):
                    continue
                for name in (str(there), "canary.npy", "canary.new"):
                    for args in (
                        (name,),
                        (name, name),
                        (name, [1.0]),
                        ([1.0, 2.0], name),
                        (name, "r"),
                        ([1.0], 1, name),
                    ):
                        _opened.clear()
                        with suppress(Exception):
                            guarded_call(function, *args)
                        if _opened:
                            reached.append((path, args, list(_opened)))
        finally:
            _watched.clear()
    assert sorted({path for path, _, _ in reached}) == [], reached[:40]
    assert there.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["canary.npy"]
