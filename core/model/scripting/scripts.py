"""Python scripts that live in the site: restricted code, called as methods of documents.

A script is called on a document: ``context.DataStream_transform(start=0)`` runs the script of that id, wherever in the
skins it is found, with these names bound: ``context`` (the document), ``container`` (the layer), ``script``,
``traverse_subpath`` (what followed in the URL) and ``printed`` (what ``print`` collected).
"""

from __future__ import annotations

import linecache
from contextlib import AbstractContextManager, nullcontext
from traceback import walk_tb
from types import CodeType
from typing import Any

from wendelin.core.errors import ScriptError
from wendelin.core.model.objects.document import Document
from wendelin.core.model.scripting.restricted.compiling import FUNCTION_NAME, compile_function
from wendelin.core.model.scripting.restricted.environment import restricted_globals
from wendelin.core.model.scripting.script_header import parse_header, write_header
from wendelin.core.model.scripting.skin_items import SkinItem
from wendelin.core.security import ACCESS, MODIFY, private, protected, proxy_roles


class PythonScript(SkinItem):
    """A script; ``parameters`` is what stands between the parentheses of a ``def``, ``body`` the code."""

    portal_type = "Python Script"
    reference: str = ""
    parameters: str = ""
    body: str = ""
    proxy_roles: tuple[str, ...] = ()
    header: str = ""
    editable_attributes = ("title", "parameters", "body", "proxy_roles", "published", "request_method")
    content_names = (*SkinItem.content_names, "reference", "parameters", "body", "proxy_roles", "header")

    @protected(ACCESS)
    def getParameterSignature(self) -> str:
        """ERP5's name for ``parameters``."""
        return self.parameters or ""

    @protected(MODIFY)
    def setParameterSignature(self, value: str | None) -> bool:
        """ERP5's name for the setter of ``parameters``; forms may have the field ``parameter_signature``."""
        return bool(self._edit(parameters=value or ""))

    @private
    def bind(self, context: Document) -> BoundScript:
        """The script on a document, ready to be called."""
        return BoundScript(self, context)

    def __call__(self, *args: object, **kw: object) -> Any:
        """Run the script on the layer that holds it."""
        return self.bind(self.__parent__)(*args, **kw)

    @private
    def compiled(self) -> CodeType:
        """The code; raises `ScriptError` that names this script and the line."""
        return compile_function(self.getPath(), self.parameters or "", self.body or "")

    @protected(ACCESS)
    def checkConsistency(self, fixit: bool = False, **kw: Any) -> list[str]:
        """What is wrong with the source; empty when it can run."""
        try:
            self.compiled()
        except ScriptError as error:
            return [*super().checkConsistency(fixit, **kw), *str(error).splitlines()]
        return super().checkConsistency(fixit, **kw)

    @classmethod
    def from_text(cls, text: str, file_name: str = "") -> PythonScript:
        """The script of a ``.py`` file of a business template; raises `ScriptError` for a header it does not know."""
        values, header, body = parse_header(text, file_name)
        script = cls()
        script.body = body
        for name, value in values.items():
            setattr(script, name, value)
        script.header = header
        return script

    @private
    def to_text(self) -> str:
        """The ``.py`` file; the same bytes that `from_text` was given, as long as nothing changed."""
        return write_header(self) + (self.body or "")

    @private
    def to_file(self) -> tuple[str, bytes]:
        """File name and content, as in the folder ``skins`` of a business template."""
        return f"{self.getId()}.py", self.to_text().encode("utf-8")


class BoundScript:
    """A script on a document, ready to be called."""

    __slots__ = ("context", "script", "traverse_subpath")

    def __init__(self, script: PythonScript, context: Document, traverse_subpath: tuple[str, ...] = ()) -> None:
        self.script = script
        self.context = context
        self.traverse_subpath = traverse_subpath

    def __repr__(self) -> str:
        return f"<{self.script.getPath()} on {self.context!r}>"

    @property
    def __name__(self) -> str:
        return self.script.getId()

    def __call__(self, *args: object, **kw: object) -> Any:
        """Run; what the script raises carries a note that says in which line."""
        with self._rights():
            try:
                return self._function()(*args, **kw)
            except Exception as error:
                _note_line(error, self.script)
                raise

    def _rights(self) -> AbstractContextManager[Any]:
        roles = self.script.proxy_roles
        return proxy_roles(roles) if roles else nullcontext()

    def _function(self) -> Any:
        script = self.script
        code = script.compiled()
        names = restricted_globals(
            context=self.context,
            container=script.__parent__,
            script=script,
            traverse_subpath=list(self.traverse_subpath),
            __loader__=_Source(script.body or ""),
        )
        exec(code, names)
        return names[FUNCTION_NAME]


class _Source:
    """Lets tracebacks show the lines of a script (the ``__loader__`` that `linecache` asks)."""

    def __init__(self, body: str) -> None:
        self._body = body

    def get_source(self, name: str) -> str:
        return self._body


def _note_line(error: BaseException, script: PythonScript) -> None:
    """Add where in the script the error came from: the innermost line of this run."""
    path = script.getPath()
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == path]
    if not lines:
        return
    linecache.cache.pop(path, None)  # the script may have been edited since it was last shown
    source = (script.body or "").splitlines()
    text = f": {source[lines[-1] - 1].strip()}" if lines[-1] <= len(source) else ""
    note = f"in {path}, line {lines[-1]}{text}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
