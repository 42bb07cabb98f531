"""Which modules restricted code may import, and which of their names it sees.

A module is allowed by ``config.allow_module(name, names)`` of any plugin; core allows what `allowed` lists, name by
name. Where a plugin gives no names, those of ``__all__`` are taken, or the public ones that the module itself defines;
never a module that is not allowed itself, and never what stands in `DENIED`: doors to files, pickles, memory, frames,
process-wide settings and unguarded attribute access. A list or dictionary of a module is handed out as a copy.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from copy import copy
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wendelin.core.errors import Unauthorized
from wendelin.core.model.scripting.restricted.allowed import ALLOWED
from wendelin.core.model.scripting.restricted.wrapped import WRAPPED
from wendelin.core.registry import get_registry

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig, Registration

#: The platform's own package: of a class of it, scripts see what the class declares.
PLATFORM = "wendelin"
#: Module -> names in it that scripts never see, even when a plugin allows the module.
DENIED: Mapping[str, str] = {
    "base64": "main test",
    "calendar": "LocaleHTMLCalendar LocaleTextCalendar setfirstweekday",
    # ChainMap writes through to the mappings it is given; the others hand on to str.format, or show their insides
    "collections": "ChainMap UserDict UserList UserString",
    "hashlib": "file_digest",
    "json": "",
    "numpy": (
        "DataSource bmat c_ core ctypeslib distutils dtypes emath exceptions f2py fromfile fromregex genfromtxt "
        "get_include info lib load loadtxt mat memmap nditer nested_iters printoptions r_ rec record recarray save "
        "savetxt savez savez_compressed set_printoptions setbufsize seterr seterrcall show_config show_runtime "
        "test testing typing void"
    ),
    "numpy.char": "array asarray chararray",
    "numpy.ma": "frombuffer fromflex mr_ mvoid",
    "random": "SystemRandom",
    "scipy.fft": "register_backend set_backend set_global_backend skip_backend set_workers",
    "scipy.integrate": "OdeSolver DenseOutput",
    "scipy.interpolate": "",
    "scipy.linalg": "find_best_blas_type get_blas_funcs get_lapack_funcs blas lapack cython_blas cython_lapack",
    "scipy.optimize": "OptimizeResult",
    "scipy.stats": "rv_continuous rv_discrete rv_histogram make_distribution sampling distributions",
    "string": "Formatter",
    "struct": "pack_into",
}
#: Where the classes of some allowed modules say they come from.
EXTENSION_MODULES: Mapping[str, str] = {
    **dict.fromkeys(("_hashlib", "_blake2", "_md5", "_sha1", "_sha2", "_sha3"), "hashlib"),
    **{"_struct": "struct", "_csv": "csv", "_random": "random", "_hmac": "hmac", "_strptime": "time"},
}


def _split(names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {module: frozenset(text.split()) for module, text in names.items()}


_DENIED = _split(DENIED)
_visible: dict[str, tuple[Any, frozenset[str]]] = {}


def allowed_modules() -> Mapping[str, Any]:
    """The registrations of kind ``allowed_module`` by module name."""
    return get_registry().view("allowed_module")


def visible_names(module: ModuleType) -> frozenset[str]:
    """What restricted code sees of an allowed module; `Unauthorized` for any other module."""
    name = module.__name__
    registration = allowed_modules().get(name) or _by_real_name(name)
    if registration is None or sys.modules.get(name) is not module:
        raise Unauthorized(f"scripts may not use the module {name!r}")
    kept = _visible.get(name)
    if kept is None or kept[0] is not registration:
        names = registration.value if registration.value is not None else general_names(module)
        kept = _visible[name] = (registration, frozenset(names) - _DENIED.get(name, frozenset()))
    return kept[1]


def _by_real_name(name: str) -> Registration | None:
    return next((found for found in allowed_modules().values() if found.options.get("module") == name), None)


def general_names(module: ModuleType) -> Iterable[str]:
    """The names of ``__all__``, or the public ones defined by the module itself; and allowed modules below it."""
    prefix = module.__name__ + "."
    below = {name[len(prefix) :] for name in allowed_modules() if name.startswith(prefix)}
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [name for name, value in vars(module).items() if _defined_in(module, value)]
    return {name for name in (*listed, *below) if not name.startswith("_")}


def _defined_in(module: ModuleType, value: object) -> bool:
    return getattr(value, "__module__", module.__name__) == module.__name__ and not isinstance(value, ModuleType)


def module_attribute(module: ModuleType, name: str) -> Any:
    """``module.name`` for restricted code: `Unauthorized` for what it may not see."""
    if name not in visible_names(module):
        if not hasattr(module, name):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        raise Unauthorized(f"scripts may not use {module.__name__}.{name}")
    wrapped = WRAPPED.get((module.__name__, name))
    value = wrapped if wrapped is not None else getattr(module, name)
    if isinstance(value, ModuleType):
        visible_names(value)
    return copied(value)


def copied(value: Any) -> Any:
    """What belongs to everybody in the process, in a form that a script may change: collections are copied."""
    return copy(value) if type(value) in (dict, list, set, bytearray, defaultdict, OrderedDict, deque) else value


def guarded_import(
    name: str, globals: object = None, locals: object = None, fromlist: Iterable[str] | None = (), level: int = 0
) -> Any:
    """``import`` of restricted code: allowed modules and visible names only; nothing relative.

    ``globals`` and ``locals`` stand there because the import statement gives them; they are not looked at.
    """
    if type(fromlist) is list:
        # PyImport_Import: C code of a library imports something for itself while a script's frame is the current one,
        # and so gets the script's ``__import__``. Only C passes a list: statements pass None or a tuple.
        return import_module(name)
    if level or not isinstance(name, str) or name not in allowed_modules():
        raise ImportError(f"scripts may not import {name!r}; docs/extend/scripting.md lists what they may")
    module = _load(name)
    visible_names(module)
    if not fromlist:
        return _root(name)
    return _Imported(module, fromlist)


def _load(name: str) -> ModuleType:
    try:
        return import_module(allowed_modules()[name].options.get("module") or name)
    except ModuleNotFoundError as error:
        raise ImportError(f"{name} is not installed ({error})") from error


def _root(name: str) -> ModuleType:
    """``import a.b`` binds ``a``: it has to be allowed as well, or the script says ``from a import b``."""
    root = name.partition(".")[0]
    if root not in allowed_modules():
        raise ImportError(f"scripts may not import {root!r} itself; use: from {name} import ...")
    return sys.modules[root]


class _Imported:
    """What ``from module import a, b`` reads its names from: only those asked for, each checked."""

    def __init__(self, module: ModuleType, names: Iterable[str]) -> None:
        for name in names:
            try:
                self.__dict__[name] = _import_name(module, name)
            except AttributeError as error:
                raise ImportError(f"cannot import name {name!r} from {module.__name__!r}") from error


def _import_name(module: ModuleType, name: str) -> Any:
    below = f"{module.__name__}.{name}"
    if below in allowed_modules() and not hasattr(module, name):
        import_module(below)
    return module_attribute(module, name)


def is_open_class(cls: type) -> bool:
    """Whether a class belongs to an allowed module, so that its instances' public attributes may be used."""
    name = EXTENSION_MODULES.get(cls.__module__, cls.__module__)
    modules = allowed_modules()
    if name.partition(".")[0] == PLATFORM:
        return False
    while name:
        if name in modules:
            return True
        name = name.rpartition(".")[0]
    return False


def includeme(config: PluginConfig) -> None:
    """Allow what the standard library and the numeric libraries offer without harm."""
    for name, names in ALLOWED.items():
        config.allow_module(name, names.split())
