"""The global names that restricted code runs with: guards, and the builtins that are safe."""

from __future__ import annotations

import builtins
from typing import Any, TypeVar

from RestrictedPython.Guards import guarded_iter_unpack_sequence, guarded_unpack_sequence
from RestrictedPython.PrintCollector import PrintCollector

from wendelin.core import errors
from wendelin.core.model.scripting.restricted import functions  # noqa: F401  (puts its stand-ins into their places)
from wendelin.core.model.scripting.restricted.access import (
    guarded_delattr,
    guarded_getattr,
    guarded_getitem,
    guarded_hasattr,
    guarded_iter,
    guarded_setattr,
    guarded_write,
    inplace_item,
    inplace_variable,
)
from wendelin.core.model.scripting.restricted.calls import SCRIPTS, decorated, guarded_call
from wendelin.core.model.scripting.restricted.compiling import compile_expression
from wendelin.core.model.scripting.restricted.modules import guarded_import
from wendelin.core.model.scripting.restricted.objects import ScriptClass
from wendelin.core.model.scripting.restricted.wrapped import guarded_memoryview

T = TypeVar("T")

_CONSTANTS = {"None": None, "True": True, "False": False, "Ellipsis": Ellipsis, "NotImplemented": NotImplemented}
_FUNCTIONS = (
    "__build_class__ abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter "
    "float format frozenset hash hex id int isinstance issubclass iter len list map max min next oct ord "
    "pow range repr reversed round set slice sorted str sum tuple zip"
)
# Not BaseException, SystemExit, KeyboardInterrupt, GeneratorExit: a script cannot end the process it runs in.
_EXCEPTIONS = (
    "ArithmeticError AssertionError AttributeError BufferError EOFError Exception FloatingPointError ImportError "
    "IndexError KeyError LookupError MemoryError NameError NotImplementedError OSError OverflowError PermissionError "
    "RecursionError RuntimeError StopIteration SyntaxError TimeoutError TypeError UnboundLocalError UnicodeDecodeError "
    "UnicodeEncodeError UnicodeError ValueError ZeroDivisionError"
)
_ERRORS = "AttributeNotFound BadRequest NotFound ScriptError Unauthorized UnsupportedWorkflowMethod ValidationFailed"


def same_type(first: object, second: object, *others: object) -> bool:
    """Whether all arguments have exactly the same type: what scripts use in the place of ``type``."""
    return all(type(other) is type(first) for other in (second, *others))


SAFE_BUILTINS: dict[str, Any] = {
    **_CONSTANTS,
    **{name: getattr(builtins, name) for name in (*_FUNCTIONS.split(), *_EXCEPTIONS.split())},
    **{name: getattr(errors, name) for name in _ERRORS.split()},
    "__import__": guarded_import,
    "delattr": guarded_delattr,
    "getattr": guarded_getattr,
    "hasattr": guarded_hasattr,
    "memoryview": guarded_memoryview,
    "same_type": same_type,
    "setattr": guarded_setattr,
}

_GUARDS: dict[str, Any] = {
    "__builtins__": SAFE_BUILTINS,
    "__metaclass__": ScriptClass,
    "__name__": SCRIPTS,
    "_apply_": guarded_call,
    "_decorated_": decorated,
    "_getattr_": guarded_getattr,
    "_getitem_": guarded_getitem,
    "_getiter_": guarded_iter,
    "_inplaceitem_": inplace_item,
    "_inplacevar_": inplace_variable,
    "_iter_unpack_sequence_": guarded_iter_unpack_sequence,
    "_print_": PrintCollector,
    "_unpack_sequence_": guarded_unpack_sequence,
    "_write_": guarded_write,
}


def restricted_globals(**names: Any) -> dict[str, Any]:
    """Fresh globals for one run, with ``names`` bound; code cannot read or bind names that start with "_"."""
    return {**_GUARDS, **names}


def evaluate(source: str, names: dict[str, Any], path: str = "expression") -> Any:
    """The value of a single restricted expression over ``names``: conditions of workflows and actions."""
    expression = compile_expression(path, source)
    bound = {name: names[name] for name in expression.names if name in names}
    return eval(expression.code, restricted_globals(**bound))
