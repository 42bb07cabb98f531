"""What a skin layer holds: the common base, trusted functions of plugins, and files. Scripts and templates have modules
of their own (`wendelin.core.model.scripting.scripts`, `wendelin.core.model.scripting.templates`).
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from inspect import Signature, signature
from typing import Any

from wendelin.core.errors import ScriptError
from wendelin.core.model.objects.document import Document
from wendelin.core.registry import import_named, is_plugin_module
from wendelin.core.security import ACCESS, MANAGER_PERMISSION_MAP, is_trusted_method, private, protected


class SkinItem(Document):
    """A method kept as a document. ``published`` names the permission by which it is reached by URL, "" for never."""

    published: str = ""
    request_method: str = "POST"
    permission_map = MANAGER_PERMISSION_MAP
    #: The attributes that make up the item: what a copy gets.
    content_names: tuple[str, ...] = ("title", "published", "request_method")

    @private
    def bind(self, context: Document) -> Callable[..., Any]:
        """A callable that runs the item on ``context``."""
        raise NotImplementedError(f"{type(self).__name__} is abstract")

    @private
    def copy(self) -> SkinItem:
        """A new item with the same content, attached nowhere."""
        new = type(self)()
        new.portal_type = self.portal_type
        for name in type(self).content_names:
            value = getattr(self, name)
            if value != getattr(new, name):
                setattr(new, name, value)
        return new


class BoundFunction:
    """A trusted function on a document. What it consists of has no name that a script may use."""

    __slots__ = ("_context", "_function")

    def __init__(self, function: Callable[..., Any], context: Document) -> None:
        self._function = function
        self._context = context

    def __repr__(self) -> str:
        return f"<{self._function.__name__} on {self._context!r}>"

    @property
    def __name__(self) -> str:
        return self._function.__name__

    @property
    def __signature__(self) -> Signature:
        """What a caller may give: the function's parameters after the document."""
        whole = signature(self._function)
        return whole.replace(parameters=list(whole.parameters.values())[1:])

    def __call__(self, *args: object, **kw: object) -> Any:
        """What the function returns."""
        return self._function(self._context, *args, **kw)


def function_of(method: Callable[..., Any]) -> Callable[..., Any]:
    """For trusted code: the function behind a bound trusted method; anything else as it is."""
    return method._function if isinstance(method, BoundFunction) else method


class TrustedMethod(SkinItem):
    """A function of an installed plugin, named as ``module:function``; it is called with the document first.

    The function is ordinary Python: it decides for itself what it checks. Its module has to declare it with
    `wendelin.core.security.trusted_method`.
    """

    portal_type = "Trusted Method"
    method: str = ""
    content_names = (*SkinItem.content_names, "method")

    @private
    def bind(self, context: Document) -> Callable[..., Any]:
        """The function with the document as its first argument; raises `ScriptError` as `function` does."""
        return BoundFunction(self.function(), context)

    @private
    def function(self) -> Callable[..., Any]:
        """The function itself; `ScriptError` when it is not there, or not declared by a module of a plugin."""
        module_name, _, name = (self.method or "").partition(":")
        if not is_plugin_module(module_name) or not name.isidentifier() or name.startswith("_"):
            raise ScriptError(
                f"{self.getPath()}: {self.method!r} does not name a module:function of an installed plugin"
            )
        try:
            found: Callable[..., Any] | None = getattr(import_named(module_name), name, None)
        except ImportError as error:
            raise ScriptError(f"{self.getPath()}: cannot import {module_name}: {error}") from error
        if found is None or not is_trusted_method(found, module_name):
            raise ScriptError(
                f"{self.getPath()}: module {module_name} declares no trusted method {name!r} "
                "(the decorator trusted_method of wendelin.core.security)"
            )
        return found

    @protected(ACCESS)
    def checkConsistency(self, fixit: bool = False, **kw: Any) -> list[str]:
        """What is wrong with the name of the function; empty when it can be called."""
        try:
            self.function()
        except ScriptError as error:
            return [*super().checkConsistency(fixit, **kw), str(error)]
        return super().checkConsistency(fixit, **kw)


class SkinFile(SkinItem):
    """A file that is served as it is: a script for the browser, a style, an image. At most a few MB."""

    portal_type = "Skin File"
    data: bytes = b""
    content_type: str = "application/octet-stream"
    published = "View"
    request_method = "GET"
    content_names = (*SkinItem.content_names, "data", "content_type")

    @private
    def bind(self, context: Document) -> Callable[..., bytes]:
        """`read`: a file is the same on every document."""
        return self.read

    @private
    def read(self, *args: object, **kw: object) -> bytes:
        """The content; parameters of a request make no difference."""
        return self.data

    @private
    def to_file(self) -> tuple[str, bytes]:
        """File name and content, as in the folder ``skins`` of a business template."""
        return self.getId(), self.data


def from_file(file_name: str, data: bytes) -> tuple[str, SkinItem]:
    """Id and item of a file of a business template: ``.py`` a script, ``.pt`` a template, anything else a file."""
    from wendelin.core.model.scripting.scripts import PythonScript
    from wendelin.core.model.scripting.templates import PageTemplate

    stem, dot, suffix = file_name.rpartition(".")
    text_classes: dict[str, Any] = {"py": PythonScript, "pt": PageTemplate}
    if dot and stem and suffix in text_classes:
        try:
            return stem, text_classes[suffix].from_text(data.decode("utf-8"), file_name)
        except UnicodeDecodeError as error:
            raise ScriptError(f"{file_name}: not UTF-8 text ({error})") from error
    item = SkinFile()
    item.data = bytes(data)
    item.content_type = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    return file_name, item
