"""Page templates that live in the site: Chameleon, with expressions that go through the guards of restricted code.

Expressions are ``python:`` (the default), ``string:``, ``not:``, ``exists:``, ``structure:`` and ``path:`` as in
``path: context/getTitle``. What is inserted is escaped unless it says ``structure:``. ``<?python ?>`` and
``import:`` are refused. Names bound: ``context``, ``here``, ``template``, ``container``, ``options``, ``request``,
``nothing``, and what the caller passed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar

from chameleon import PageTemplate as ChameleonTemplate
from chameleon.astutil import Symbol, load
from chameleon.codegen import template as code
from chameleon.exc import ExpressionError, TemplateError
from chameleon.tal import RepeatDict
from chameleon.tales import DEFAULT_MARKER, ExistsExpr, NotExpr, StringExpr, StructureExpr, TalesExpr
from chameleon.utils import Scope

from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.database import is_passing
from wendelin.core.errors import ScriptError, WendelinError
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.restricted.access import guarded_getattr, guarded_getitem, guarded_iter
from wendelin.core.model.scripting.restricted.calls import guarded_call
from wendelin.core.model.scripting.restricted.compiling import check_size, compile_expression
from wendelin.core.model.scripting.restricted.environment import restricted_globals
from wendelin.core.model.scripting.script_header import parse_header, write_header
from wendelin.core.model.scripting.skin_items import SkinItem
from wendelin.core.security import ACCESS, PUBLIC, private, protected

#: The most that a template may render, in characters and in pieces.
MAX_OUTPUT = 64 * 1024 * 1024
MAX_PIECES = 2_000_000
#: The most turns of one ``tal:repeat``.
MAX_TURNS = 500_000
#: Compiled templates that a process keeps.
CACHE_SIZE = 1024
PATH = re.compile(r"[a-zA-Z]\w*(/[\w .-]+)*")
HEADER_NAMES = ("title", "published", "request_method", "content_type")


def evaluate_expression(scope: Mapping[str, Any], source: str) -> Any:
    """The value of a restricted expression over a template's variables."""
    expression = compile_expression("expression", source)
    names = {name: scope[name] for name in expression.names if name in scope}
    return guarded_iter(eval(expression.code, restricted_globals(**names)))


def evaluate_path(scope: Mapping[str, Any], source: str) -> Any:
    """``context/getTitle``: attributes or items, guarded; what can be called at the end is called."""
    first, *rest = source.strip().split("/")
    found = evaluate_expression(scope, first)
    for name in rest:
        try:
            found = guarded_getitem(found, name) if isinstance(found, Mapping) else guarded_getattr(found, name)
        except AttributeError:
            found = guarded_getitem(found, name)
    return guarded_iter(guarded_call(found) if callable(found) and rest else found)


class Repetition(RepeatDict):
    """``tal:repeat``: as many turns as a page may have pieces, whatever it iterates over."""

    __slots__ = ()

    def __call__(self, key: str, iterable: Any) -> Any:
        """The turns, as Chameleon's, which makes a list of them first."""
        turns = list(islice(guarded_iter(iterable), MAX_TURNS + 1)) if iterable is not None else ()
        if len(turns) > MAX_TURNS:
            raise ScriptError(f"tal:repeat={key!r} has more than {MAX_TURNS} turns")
        return super().__call__(key, turns)  # type: ignore[no-untyped-call]


class GuardedExpression(TalesExpr):
    """An expression that is compiled by the restricted compiler and evaluated apart from the template's own code."""

    evaluator: ClassVar[Any] = staticmethod(evaluate_expression)

    def check(self, source: str) -> None:
        """Raise `ScriptError` for what can never be evaluated."""
        compile_expression("expression", source)

    def translate(self, expression: str, target: ast.expr) -> Any:
        """Chameleon's hook: code that assigns the expression's value to ``target``."""
        source = str(expression).strip()
        try:
            self.check(source)
        except ScriptError as error:  # Chameleon finds the end of ${...} by trying
            raise ExpressionError(str(error).removeprefix("expression, line 1: "), expression) from error  # type: ignore[arg-type]
        return code(
            "target = function(scope, text)",
            target=target,
            function=Symbol(type(self).evaluator),
            scope=load("econtext"),
            text=ast.Constant(source),
        )


class PathExpression(GuardedExpression):
    """``path:`` expressions."""

    evaluator = staticmethod(evaluate_path)

    def check(self, source: str) -> None:
        """Raise `ScriptError` for what is not a path."""
        if PATH.fullmatch(source) is None:
            raise ScriptError(f"{source!r} is not a path like context/getTitle")


class _Output(list[str]):
    """The pieces of a rendered page; refuses to grow without bound."""

    size = 0

    def __init__(self) -> None:
        super().__init__()
        self.append = self._append  # type: ignore[method-assign]

    def _append(self, piece: str) -> None:
        self.size += len(piece)
        if self.size > MAX_OUTPUT or len(self) > MAX_PIECES:
            raise ScriptError(f"a template may render at most {MAX_OUTPUT // 2**20} MB")
        list.append(self, piece)


class RestrictedTemplate(ChameleonTemplate):
    """A compiled template; errors name its path and line."""

    expression_types = {
        "python": GuardedExpression,
        "path": PathExpression,
        "string": StringExpr,
        "not": NotExpr,
        "exists": ExistsExpr,
        "structure": StructureExpr,
    }
    output_stream_factory = _Output
    enable_data_attributes = True

    def render(self, **names: Any) -> str:  # type: ignore[override]
        """The page. Errors of expressions become `ScriptError`; those with a meaning of their own get a note."""
        chameleon_names = {"__translate": self.translate, "__decode": decode, "__on_error_handler": None}
        scope = Scope(
            {
                "target_language": None,
                "repeat": Repetition({}),
                "macros": self.macros,
                "default": DEFAULT_MARKER,
                **names,
                **chameleon_names,
            }
        )
        rcontext: dict[str, Any] = {}
        stream = self.output_stream_factory()
        try:
            self._render(stream, scope, rcontext, target_language=None)
        except Exception as error:
            where = self._where(rcontext)
            if isinstance(error, WendelinError) or is_passing(error):
                error.add_note(f"in {where}")
                raise
            raise ScriptError(f"{where}: {type(error).__name__}: {error}") from error
        return "".join(stream)

    def _where(self, rcontext: dict[str, Any]) -> str:
        errors = rcontext.get("__error__")
        if not errors:
            return str(self.filename)
        expression, line, _, file_name, *_ = errors[0]
        return f"{file_name}, line {line}: {str(expression).strip()}"


def decode(value: bytes) -> str:
    """Bytes inserted into a page are UTF-8."""
    return value.decode("utf-8", "replace")


@lru_cache(maxsize=CACHE_SIZE)
def compile_template(path: str, text: str) -> RestrictedTemplate:
    """Compile once per process and text; raises `ScriptError` that names ``path`` and the line."""
    check_size(path, text)
    if "<?python" in text:
        line = text[: text.index("<?python")].count("\n") + 1
        raise ScriptError(f"{path}, line {line}: <?python ?> is not allowed in a template")
    try:
        with parsing_alone():
            return RestrictedTemplate(text, filename=path)  # type: ignore[call-arg]
    except TemplateError as error:
        message = str(error.args[0]).strip()
        raise ScriptError(f"{path}, line {error.location[0]}: {message}: {error.token}") from error
    except (LookupError, ValueError, RecursionError) as error:
        raise ScriptError(f"{path}: {error}") from error


def render(
    text: str, context: object, options: Mapping[str, Any] | None = None, path: str = "template", **names: Any
) -> str:
    """Render a template's text for a document. ``options`` are what the caller passes; ``names`` are bound as well."""
    options = dict(options or {})
    bound = {"nothing": None, **names, "context": context, "here": context, "options": options}
    return compile_template(path, text).render(**{"request": options.get("request"), **bound})


class PageTemplate(SkinItem):
    """A page template as a document."""

    portal_type = "Page Template"
    text: str = ""
    content_type: str = "text/html"
    header: str = ""
    request_method = "GET"
    editable_attributes = ("title", "text", "content_type", "published", "request_method")
    content_names = (*SkinItem.content_names, "text", "content_type", "header")

    @private
    def bind(self, context: Document) -> BoundTemplate:
        """The template on a document, ready to be rendered."""
        return BoundTemplate(self, context)

    @protected(ACCESS)
    def checkConsistency(self, fixit: bool = False, **kw: Any) -> list[str]:
        """What is wrong with the text; empty when it can be rendered."""
        try:
            compile_template(self.getPath(), self.text or "")
        except ScriptError as error:
            return [*super().checkConsistency(fixit, **kw), str(error)]
        return super().checkConsistency(fixit, **kw)

    @classmethod
    def from_text(cls, text: str, file_name: str = ".pt") -> PageTemplate:
        """The template of a ``.pt`` file of a business template."""
        values, header, body = parse_header(text, file_name, HEADER_NAMES)
        template = cls()
        template.text, template.header = body, header
        for name, value in values.items():
            setattr(template, name, value)
        return template

    @private
    def to_text(self) -> str:
        """The ``.pt`` file; the same bytes that `from_text` was given, as long as nothing changed."""
        return write_header(self, ".pt", HEADER_NAMES) + (self.text or "")

    @private
    def to_file(self) -> tuple[str, bytes]:
        """File name and content, as in the folder ``skins`` of a business template."""
        return f"{self.getId()}.pt", self.to_text().encode("utf-8")


class BoundTemplate:
    """A template on a document: calling it renders it, keyword arguments are its ``options``."""

    attribute_permissions: ClassVar[Mapping[str, str]] = {"macros": PUBLIC}

    def __init__(self, template: PageTemplate, context: Document) -> None:
        self.template, self.context = template, context

    def __repr__(self) -> str:
        return f"<{self.template.getPath()} on {self.context!r}>"

    @property
    def __name__(self) -> str:
        return self.template.getId()

    @property
    def macros(self) -> Any:
        """What ``metal:use-macro="context.Base_layout.macros['page']"`` reads."""
        return compile_template(self.template.getPath(), self.template.text or "").macros

    def __call__(self, **options: Any) -> str:
        """The page."""
        template = self.template
        names = {"template": template, "container": template.__parent__}
        return render(template.text or "", self.context, options, template.getPath(), **names)
