"""From a path to a document and a view: ``/erp5/data_stream_module/1/view``.

Each segment is looked up in this order: a child of the document; what the document itself answers
(``traverse_segment``: a web site finds its pages by reference); a registered view; a dialog of its type; a published
skin method. The first that is not a document ends the walk; further segments are ``request.subpath``.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.interfaces import ITraverser
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from zope.interface import Interface, implementer

from wendelin.core.database import is_broken
from wendelin.core.errors import BadRequest, NotFound, Unauthorized
from wendelin.core.model.objects.document import Document
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.publishing import find_publication
from wendelin.core.web.views import ViewTable


class Root:
    """What is above the site: ``/``. Its one child is the site."""

    __name__ = ""
    __parent__ = None

    def __init__(self, request: Request) -> None:
        self.request = request


def find_child(document: Document, segment: str) -> Document | None:
    """The child document of that id, or what the document itself makes of the segment; None when there is none."""
    child = document.get_child(segment)
    if is_broken(child):
        raise NotFound(f"{document.getPath()}/{segment} belongs to a plugin that is not installed at present")
    if child is None:
        traverse = getattr(type(document), "traverse_segment", None)
        child = traverse(document, segment) if traverse is not None else None
    return child if isinstance(child, Document) else None


@implementer(ITraverser)
class Traverser:
    """Pyramid's traverser for this site; permissions are asked for the view that is found, not on the way."""

    def __init__(self, root: Root) -> None:
        self.root = root

    def __call__(self, request: Request) -> dict[str, Any]:
        """What Pyramid asks of a traverser: the context, the view's name and what is left of the path."""
        if request.matchdict is not None:
            # A route matched: static files, whose view finds its file by the subpath.
            return self._result(self.root, "", tuple(request.matchdict.get("subpath", ())))
        segments = _segments(request)
        if not segments:
            return self._result(self.root, "", ())
        site = request.site
        if segments[0] != site.getId():
            raise NotFound(f"there is no {segments[0]!r} here; the site is at /{site.getId()}/")
        document: Document = site
        for position, segment in enumerate(segments[1:], 1):
            child = find_child(document, segment)
            if child is None:
                return self._view(request, document, segment, tuple(segments[position + 1 :]))
            document = child
        return self._view(request, document, "", ())

    def _view(self, request: Request, document: Document, name: str, subpath: tuple[str, ...]) -> dict[str, Any]:
        table: ViewTable = request.registry["wendelin.views"]
        if not table.has_view(document, name):
            publication = find_publication(document, name)
            if publication is None:
                if document is not request.site and not check_permission(VIEW, document):
                    # As for a document inside that may not be viewed: whether it is there is nobody's business.
                    raise Unauthorized(f"{request.user.id!r} may not look into {document.getPath()}")
                raise NotFound(f"{document.getPath()} has neither a document nor a page named {name!r}")
            return self._result(publication, "", subpath)
        return self._result(document, name, subpath)

    def _result(self, context: object, view_name: str, subpath: tuple[str, ...]) -> dict[str, Any]:
        return {
            "context": context,
            "view_name": view_name,
            "subpath": subpath,
            "traversed": (),
            "virtual_root": self.root,
            "virtual_root_path": (),
            "root": self.root,
        }


def _segments(request: Request) -> list[str]:
    try:
        path = request.path_info
    except UnicodeDecodeError as error:
        raise BadRequest("the address is not valid UTF-8") from error
    segments = [segment for segment in path.split("/") if segment and segment != "."]
    if ".." in segments:
        raise BadRequest("the address may not contain '..'")
    return segments


def go_to_site(context: Root, request: Request) -> Response:
    """``/``: the site is below."""
    return HTTPSeeOther(f"{request.script_name}/{request.site.getId()}/")


def includeme(config: Configurator) -> None:
    """This traverser for every path, and a view for the address above the site."""
    config.set_root_factory(Root)
    config.registry.registerAdapter(Traverser, (Interface,), ITraverser)
    config.add_view(go_to_site, context=Root, permission=NO_PERMISSION_REQUIRED)
