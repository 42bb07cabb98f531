"""From source text to guarded code: RestrictedPython's transformation, with the conveniences that data scripts need.

Compiled code is kept in memory, by source, never in the database: it is made anew by each process and Python version.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple, TypeVar

from RestrictedPython.transformer import IOPERATOR_TO_STR, RestrictingNodeTransformer, copy_locations

from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.errors import ScriptError

#: The function that the code of a script defines.
FUNCTION_NAME = "script_function"
#: In characters: the compiler needs much memory for long sources.
MAX_SOURCE = 512 * 1024
#: Compiled scripts that a process keeps.
CACHE_SIZE = 4096
_LINE = re.compile(r"Line (\d+|None): (.*)", re.DOTALL)
Node = TypeVar("Node", bound=ast.AST)


class ScriptTransformer(RestrictingNodeTransformer):
    """RestrictedPython's rules, and: ``a[k] += v``, ``name: type = value``."""

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """``a[k] += v`` as a call of the guard ``_inplaceitem_``; other targets as RestrictedPython has them."""
        if not isinstance(node.target, ast.Subscript):
            return super().visit_AugAssign(node)
        target = self._guarded_item(node.target)
        node.value = self.visit(node.value)
        call = ast.Call(
            func=ast.Name("_inplaceitem_", ast.Load()),
            args=[ast.Constant(IOPERATOR_TO_STR[type(node.op)]), target.value, target.slice, node.value],
            keywords=[],
        )
        statement = ast.Expr(call)
        copy_locations(statement, node)
        return statement

    def _guarded_item(self, target: ast.Subscript) -> ast.Subscript:
        """Guard the parts of ``a[k] += v`` once each; the item itself is read and written by the guard."""
        target.value = self.visit(target.value)
        target.slice = self.visit(target.slice)
        return target

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """``name: type = value`` as ``name = value``: annotations of variables mean nothing in a script."""
        if not isinstance(node.target, ast.Name):
            return super().visit_AnnAssign(node)
        if node.value is None:
            statement: ast.stmt = ast.Pass()
        else:
            statement = ast.Assign(targets=[node.target], value=node.value)
        copy_locations(statement, node)
        return self.visit(statement)


class Expression(NamedTuple):
    """A compiled expression and the names that it reads from its surroundings."""

    code: CodeType
    names: frozenset[str]


@lru_cache(maxsize=CACHE_SIZE)
def compile_function(path: str, parameters: str, body: str) -> CodeType:
    """Code that defines ``script_function(<parameters>)``; line numbers are those of ``body``.

    Raises `ScriptError` that names ``path``, the line, and every problem.
    """
    check_size(path, body)
    module = _parse(path, f"def {FUNCTION_NAME}({parameters}): pass", "parameters")
    function = module.body[0]
    if len(module.body) != 1 or not isinstance(function, ast.FunctionDef) or not isinstance(function.body[0], ast.Pass):
        raise ScriptError(f"{path}, parameters: {parameters!r} is not a list of parameters")
    function.body = _parse(path, body).body or function.body
    _restrict(path, module)
    return compile(module, path, "exec", dont_inherit=True)


@lru_cache(maxsize=CACHE_SIZE)
def compile_expression(path: str, source: str) -> Expression:
    """A single expression, for templates and conditions; raises `ScriptError`."""
    check_size(path, source)
    text = " ".join(source.strip().splitlines())
    tree = _parse(path, text, mode="eval")
    transformer = _restrict(path, tree)
    return Expression(compile(tree, path, "eval", dont_inherit=True), frozenset(transformer.used_names))


def check_size(path: str, source: str) -> None:
    """Raise `ScriptError` for a source that is too long to be compiled."""
    if len(source) > MAX_SOURCE:
        raise ScriptError(f"{path}: {len(source)} characters are more than the {MAX_SOURCE} that a script may have")


def _parse(path: str, source: str, part: str = "", mode: str = "exec") -> Any:
    try:
        with parsing_alone():
            return ast.parse(source, path, mode)
    except SyntaxError as error:
        where = part or f"line {error.lineno}"
        text = f": {error.text.strip()}" if error.text and not part else ""
        raise ScriptError(f"{path}, {where}: {error.msg}{text}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ScriptError(f"{path}: cannot be parsed ({error or type(error).__name__})") from error


def _restrict(path: str, tree: ast.AST) -> ScriptTransformer:
    transformer = ScriptTransformer()
    try:
        transformer.visit(tree)
    except RecursionError as error:
        raise ScriptError(f"{path}: expressions are nested too deeply") from error
    if transformer.errors:
        raise ScriptError("\n".join(_located(path, transformer.errors)))
    ast.fix_missing_locations(tree)
    return transformer


def _located(path: str, errors: Iterable[str]) -> Iterable[str]:
    for error in errors:
        match = _LINE.fullmatch(error)
        yield f"{path}, line {match[1]}: {match[2]}" if match else f"{path}: {error}"
