"""Methods and dialogs that are reached by an address: ``<document>/<method>`` and ``<document>/<dialog>``.

A skin method is reached only when it says so (``published`` names a permission), only with that permission on the
document, and only with GET unless it names other methods. Request parameters become its arguments.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPMethodNotAllowed
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.document import Document
from wendelin.core.model.portal_types.actions import Dialog
from wendelin.core.model.scripting.skins import SkinMethod, find_method
from wendelin.core.security import require_permission
from wendelin.core.web.access.csrf import TOKEN, require_token

RESERVED_PARAMETERS = frozenset({TOKEN})


@dataclass(frozen=True)
class Publication:
    """A published skin method on a document: the context of the view that calls it."""

    document: Document
    method: SkinMethod

    @property
    def __parent__(self) -> Document:
        return self.document

    @property
    def __name__(self) -> str:
        return self.method.id


@dataclass(frozen=True)
class DialogPage:
    """A dialog of the document's type: the context of the view that shows and submits it."""

    document: Document
    dialog: Dialog

    @property
    def __parent__(self) -> Document:
        return self.document

    @property
    def __name__(self) -> str:
        return self.dialog.id


def find_publication(document: Document, name: str) -> Publication | DialogPage | None:
    """The dialog or the published method of that name, or None; permissions are not looked at."""
    for dialog in document.getTypeInfo().dialog_list:
        if dialog.id == name:
            return DialogPage(document, dialog)
    if name.startswith("_"):
        return None
    method = find_method(document.getPortalObject(), name)
    return Publication(document, method) if method is not None and method.published else None


def call_published(publication: Publication, request: Request) -> Response:
    """Check, call, and turn what comes back into a response."""
    method, document = publication.method, publication.document
    require_permission(method.published, document, request.user)
    allowed = _allowed_methods(method)
    if request.method not in allowed:
        raise HTTPMethodNotAllowed(headers=[("Allow", ", ".join(sorted(allowed)))])
    require_token(request)
    function = method.bind(document, tuple(request.subpath))
    response = to_response(request, call_with(function, request.params, request))
    if method.content_type and response.status_int == 200:
        response.content_type = method.content_type
    return response


def _allowed_methods(method: SkinMethod) -> set[str]:
    stated = method.request_method or "GET"
    return {stated, "HEAD"} if stated == "GET" else {stated}


def call_with(function: Callable[..., Any], parameters: Mapping[str, Any], request: Request) -> Any:
    """Call with the request's parameters by name; repeated ones become lists.

    A parameter ``request`` or ``REQUEST`` of a plugin's function is given the request; scripts kept in the site never
    get it, because it leads to the whole process. Raises `BadRequest` that names a parameter which is missing, or which
    the function does not know.
    """
    arguments = collect_parameters(request, parameters)
    signature = signature_of(function)
    for name in ("request", "REQUEST"):
        arguments.pop(name, None)
        if name in signature.parameters and not hasattr(function, "script"):
            arguments[name] = request
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise BadRequest(f"wrong parameters: {error}; expected {signature}") from error
    return function(**arguments)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """What may be passed to a method; of a script kept in the site, what its parameters say."""
    script = getattr(function, "script", None)
    if script is None:
        return inspect.signature(function)
    with parsing_alone():
        arguments = ast.parse(f"def f({script.parameters or ''}): pass").body[0].args  # type: ignore[attr-defined]
    parameter, kind = inspect.Parameter, inspect.Parameter
    found = []
    plain = [*arguments.posonlyargs, *arguments.args]
    for position, argument in enumerate(plain):
        has_default = position >= len(plain) - len(arguments.defaults)
        default = None if has_default else parameter.empty
        found.append(parameter(argument.arg, kind.POSITIONAL_OR_KEYWORD, default=default))
    if arguments.vararg:
        found.append(parameter(arguments.vararg.arg, kind.VAR_POSITIONAL))
    for argument, default_node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        default = None if default_node is not None else parameter.empty
        found.append(parameter(argument.arg, kind.KEYWORD_ONLY, default=default))
    if arguments.kwarg:
        found.append(parameter(arguments.kwarg.arg, kind.VAR_KEYWORD))
    return inspect.Signature(found)


def collect_parameters(request: Request, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """``{name: value}``, lists where a name came several times; without the parameters that the platform uses."""
    found: dict[str, Any] = {}
    for name in parameters:
        if name in RESERVED_PARAMETERS or name.startswith("_"):
            continue
        values = request.params.getall(name)
        found[name] = values if len(values) > 1 else values[0]
    return found


def to_response(request: Request, value: object) -> Response:
    """Text, bytes, or anything that JSON can say; a method that returns a response has said all itself."""
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status=204)
    if isinstance(value, bytes):
        return Response(value, content_type="application/octet-stream")
    if isinstance(value, str):
        # Not whatever begins with "<": a script may return what somebody typed.
        is_page = value.lstrip()[:15].lower().startswith(("<!doctype html", "<html"))
        return Response(value, content_type="text/html" if is_page else "text/plain", charset="utf-8")
    try:
        return Response(json=value)
    except TypeError as error:
        raise BadRequest("this method returns nothing that can be sent as an answer") from error


def includeme(config: Configurator) -> None:
    """One view for every HTTP method: the skin method itself says which it takes."""
    config.add_view(call_published, context=Publication, permission=NO_PERMISSION_REQUIRED, require_csrf=False)
