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
    """RestrictedPython's rules, and: ``a[k] += v``, ``name: type = value``, and guards of calls and of iterations.

    Every call goes through ``_apply_``, and whatever Python iterates over by itself (``*args``, ``**kw``, ``x in y``,
    ``yield from``, ``text % values``) through ``_getiter_``.
    """

    def visit_Call(self, node: ast.Call) -> Any:
        """``f(a)`` as ``_apply_(f, a)``."""
        wrapped: Any = super().visit_Call(node)
        function = wrapped.func
        if _is_name(function, "_apply_") or (isinstance(function, ast.Attribute) and function.attr == "_call_print"):
            return wrapped
        wrapped.args.insert(0, function)
        wrapped.func = _named("_apply_", function)
        return wrapped

    def visit_Starred(self, node: ast.Starred) -> Any:
        """``*values``, where they are read."""
        visited: Any = super().visit_Starred(node)
        if isinstance(node.ctx, ast.Load):
            visited.value = _iterated(visited.value)
        return visited

    def visit_keyword(self, node: ast.keyword) -> Any:
        """``**values`` of a call."""
        visited: Any = super().visit_keyword(node)
        if visited.arg is None:
            visited.value = _iterated(visited.value)
        return visited

    def visit_Dict(self, node: ast.Dict) -> Any:
        """``{**values}``."""
        visited: Any = super().visit_Dict(node)
        pairs = zip(visited.keys, visited.values, strict=True)
        visited.values = [_iterated(value) if key is None else value for key, value in pairs]
        return visited

    def visit_Compare(self, node: ast.Compare) -> Any:
        """``x in values``."""
        visited: Any = super().visit_Compare(node)
        pairs = zip(visited.ops, visited.comparators, strict=True)
        visited.comparators = [_iterated(value) if isinstance(op, ast.In | ast.NotIn) else value for op, value in pairs]
        return visited

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        """``text % values``."""
        visited: Any = super().visit_BinOp(node)
        if isinstance(visited.op, ast.Mod) and not isinstance(visited.right, ast.Constant):
            visited.right = _iterated(visited.right)
        return visited

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Any:
        """``yield from values``."""
        visited: Any = super().visit_YieldFrom(node)
        visited.value = _iterated(visited.value)
        return visited

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        """Decorators are calls too."""
        visited: Any = super().visit_FunctionDef(node)
        visited.decorator_list = [_called("_decorated_", decorator) for decorator in visited.decorator_list]
        return visited

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """Decorators are calls too."""
        visited: Any = super().visit_ClassDef(node)
        visited.decorator_list = [_called("_decorated_", decorator) for decorator in visited.decorator_list]
        return visited

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
        """``name: type = value`` as ``name = value``: annotations mean nothing in a script."""
        if node.value is None:
            statement: ast.stmt = ast.Pass()
        else:
            statement = ast.Assign(targets=[node.target], value=node.value)
        copy_locations(statement, node)
        return self.visit(statement)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _named(name: str, place: ast.expr) -> ast.Name:
    node = ast.Name(name, ast.Load())
    copy_locations(node, place)
    return node


def _called(name: str, value: ast.expr) -> ast.Call:
    """``name(value)``, at the place of the value."""
    call = ast.Call(func=_named(name, value), args=[value], keywords=[])
    copy_locations(call, value)
    return call


def _iterated(value: ast.expr) -> ast.Call:
    return _called("_getiter_", value)


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
