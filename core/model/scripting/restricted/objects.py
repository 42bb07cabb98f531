"""What restricted code may read of objects that are neither documents, nor modules, nor classes."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from functools import partial
from io import BytesIO, StringIO
from types import GeneratorType
from typing import Any, cast

import numpy
from BTrees import IIBTree, IOBTree, LOBTree, OIBTree, OOBTree
from chameleon.tal import RepeatDict, RepeatItem
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping

from wendelin.core.bigdata import BigArray, BigFile, RAMArray
from wendelin.core.bigdata.fileobject import BigFileReader
from wendelin.core.bigdata.memory.snapshot import ArraySnapshot, FileSnapshot
from wendelin.core.errors import WendelinError
from wendelin.core.interfaces import IDocument
from wendelin.core.model.scripting.restricted.allowed.tables import PANDAS_ATTRIBUTES, SKLEARN_ATTRIBUTES
from wendelin.core.model.scripting.restricted.modules import is_open_class
from wendelin.core.security import PUBLIC, User, check_permission, declared_permission

#: Stands for "no default given".
MISSING = object()
#: Classes whose instances never change: all of their public attributes are open.
IMMUTABLE = (str, bytes, int, float, complex, bool, tuple, frozenset, type(None), range, slice)
COLLECTIONS = (list, dict, set, bytearray, memoryview, deque, OrderedDict, defaultdict, Counter)
#: Classes whose instances show every public attribute.
PLAIN = (*IMMUTABLE, *COLLECTIONS, BytesIO, StringIO)
_PLAIN = frozenset(PLAIN)
#: Classes whose instances scripts may change by assignment.
WRITABLE = frozenset({list, dict, bytearray, deque, OrderedDict, defaultdict, Counter})
#: What scripts may use of other built-in objects. The rest (functions, properties, frames, descriptors) lead to the
#: inside of the interpreter, or to what a function was made from.
OPEN_BUILTINS: Mapping[type, frozenset[str]] = {
    GeneratorType: frozenset({"send", "throw", "close"}),
    **dict.fromkeys((type({}.keys()), type({}.items())), frozenset({"isdisjoint"})),
}
#: Attributes of arrays that scripts may not use. They lead to raw memory, pickles and files of the server, or would
#: make read-only memory writable. ``resize`` in place leaves other views of the array pointing at freed
#: memory (``numpy.resize`` makes a new one).
ARRAY_DOORS = frozenset(
    {
        "tofile",
        "dump",
        "dumps",
        "ctypes",
        "cffi",
        "capsule",
        "setflags",
        "setfield",
        "resize",
        "data",
        "base",
        "baseclass",
    }
)
#: Methods that write raw bytes into any buffer they are given, also into an array of objects.
WRITING_TO_BUFFERS = frozenset({"readinto", "readinto1", "pack_into"})
#: Methods of containers that only read.
READERS = frozenset({"get", "keys", "values", "items", "index", "count", "copy", "minKey", "maxKey"})
#: Containers that are records of the database: scripts only read them.
DATABASE_CONTAINERS = (
    *(PersistentList, PersistentMapping, IIBTree.IIBTree, IOBTree.IOBTree),
    *(LOBTree.LOBTree, OIBTree.OIBTree, OOBTree.OOBTree, OOBTree.OOTreeSet),
)


_ARRAY = "shape dtype order strides size nbytes itemsize ndim blocks view snapshot append resize advise"
#: Classes and the names of theirs that scripts may use. Big data is reached through documents, whose methods have
#: checked the caller's rights.
OPEN_NAMES: Mapping[type, frozenset[str]] = {
    User: frozenset({"id", "roles", "is_anonymous", "effective_roles", "getId", "getUserName", "getRoles", "has_role"}),
    BigArray: frozenset(_ARRAY.split()),
    RAMArray: frozenset(_ARRAY.split()),
    ArraySnapshot: frozenset(_ARRAY.split()) - {"append", "resize"},
    BigFile: frozenset({"size", "read", "iterate", "open", "snapshot"}),
    FileSnapshot: frozenset({"size", "read"}),
    BigFileReader: frozenset({"read", "read1", "readline", "readlines", "seek", "seekable", "tell", "close", "closed"}),
}


class ScriptClass(type):
    """The metaclass of classes that restricted code defines: plain ones, over plain bases.

    A base that is neither such a class, nor one of ``allowed_bases``, nor an exception is a TypeError.
    """

    allowed_bases = (object, BaseException, dict, list, set, frozenset, tuple, str, bytes, int, float)

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ScriptClass:
        """The class that a script's ``class`` statement makes."""
        for base in bases:
            if not isinstance(base, ScriptClass) and base not in mcs.allowed_bases and not issubclass(base, Exception):
                raise TypeError(f"class {name}: scripts may not derive from {base!r}")
        return super().__new__(mcs, name, bases, namespace)


def may_read(ob: object, name: str) -> bool:
    """Whether an instance that is no document shows ``name``."""
    cls = type(ob)
    if name in WRITING_TO_BUFFERS or isinstance(ob, partial):  # what a function was bound with is its maker's
        return False
    if cls in _PLAIN:
        return True
    if isinstance(ob, numpy.ndarray | numpy.generic | numpy.random.BitGenerator):
        return name not in ARRAY_DOORS
    if isinstance(ob, BaseException):
        return name == "args" or isinstance(ob, WendelinError) or cls.__module__ == "builtins" or _is_scripted(cls)
    if isinstance(ob, DATABASE_CONTAINERS):
        return name in READERS
    if cls in OPEN_NAMES:
        return name in OPEN_NAMES[cls]
    if isinstance(ob, dict) and hasattr(cls, "__getattr__"):
        # scipy's results answer any key as an attribute: one that could be changed could pose as an array interface
        return name in ob or name in READERS
    if _is_scripted(cls):
        return True
    if cls.__module__ == "builtins":
        return name in OPEN_BUILTINS.get(cls, ())
    if isinstance(ob, tuple) and name in (*getattr(cls, "_fields", ()), "count", "index"):
        return True
    if isinstance(ob, RepeatItem | RepeatDict):
        return True
    return _declared(ob, name) or (is_open_class(cls) and not isinstance(ob, dict) and _shown(cls, name))


def _shown(cls: type, name: str) -> bool:
    """Whether an object of a library shows a name, where its library's objects show only what is listed."""
    root = cls.__module__.partition(".")[0]
    if root == "pandas":
        # what the class does not have is the name of a column
        return name in PANDAS_ATTRIBUTES or not hasattr(cls, name)
    if root == "sklearn":
        return name in SKLEARN_ATTRIBUTES or name.endswith("_")
    return root != "functools"


def _is_scripted(cls: type) -> bool:
    return isinstance(cls, ScriptClass)


def _declared(ob: object, name: str) -> bool:
    dynamic = getattr(type(ob), "attribute_permission_of", None)
    permission = dynamic(ob, name) if dynamic is not None else None
    if permission is None:
        permission = declared_permission(type(ob), name)
    if permission == PUBLIC:
        return True
    if not isinstance(permission, str) or not hasattr(ob, "__parent__"):
        return False
    return check_permission(permission, cast(IDocument, ob))
