"""What plugins registered with ``config.add_view`` and ``config.add_static``, made into Pyramid's views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.path import DottedNameResolver
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from wendelin.core.model.objects.document import Document
from wendelin.core.registry import Registration, Registry
from wendelin.core.web.requests.urls import STATIC_PREFIX

PASSED_OPTIONS = frozenset({"renderer", "require_csrf", "accept", "http_cache", "xhr", "request_param", "header"})
PUBLIC_PERMISSIONS = ("", None, "(public)")


class ViewTable:
    """Which names are views, on which documents: what the traverser asks before it looks for methods."""

    def __init__(self, registry: Registry) -> None:
        self.by_name: dict[str, list[Registration]] = defaultdict(list)
        for registration in registry.get_list("view"):
            self.by_name[registration.value["name"]].append(registration)

    def has_view(self, document: Document, name: str) -> bool:
        """True when some view of that name, for whatever HTTP method, fits the document."""
        return any(_fits(view_context(entry), document) for entry in self.by_name.get(name, ()))

    def methods(self, document: Document, name: str) -> list[str]:
        """The HTTP methods of the views of that name on the document, sorted."""
        found: set[str] = set()
        for entry in self.by_name.get(name, ()):
            if _fits(view_context(entry), document):
                stated = entry.value["request_method"]
                found |= {stated} if isinstance(stated, str) else set(stated)
        return sorted(found | ({"HEAD"} if "GET" in found else set()))


def view_context(registration: Registration) -> type | str:
    """A class, or the name of a portal type; `Document` when the view is for all."""
    context: type | str | None = registration.value["context"]
    return Document if context is None else context


def _fits(context: type | str, document: Document) -> bool:
    if isinstance(context, str):
        return document.getPortalType() == context
    return isinstance(document, context)


class PortalTypePredicate:
    """``portal_type="Data Stream"``: a view for the documents of one portal type."""

    def __init__(self, portal_type: str, config: Configurator) -> None:
        self.portal_type = portal_type

    def text(self) -> str:
        """How Pyramid tells this predicate from others."""
        return f"portal_type = {self.portal_type}"

    phash = text

    def __call__(self, context: object, request: Request) -> bool:
        """Whether the context is a document of that type."""
        return isinstance(context, Document) and context.getPortalType() == self.portal_type


def resolve_view(registration: Registration) -> Callable[[Any, Request], Any]:
    """The view function; ``"module:function"`` is imported now, so that processes without web need not."""
    view: Callable[[Any, Request], Any] = DottedNameResolver().maybe_resolve(registration.value["view"])
    return view


def add_registered_view(config: Configurator, registration: Registration) -> None:
    """One registration as a Pyramid view: permission "View" unless it says otherwise; "" is public."""
    value = registration.value
    context = view_context(registration)
    options = {key: option for key, option in value.items() if key in PASSED_OPTIONS}
    if isinstance(context, str):
        options["portal_type"] = context
        context = Document
    permission = value["permission"]
    config.add_view(
        resolve_view(registration),
        name=value["name"],
        context=context,
        permission=NO_PERMISSION_REQUIRED if permission in PUBLIC_PERMISSIONS else permission,
        request_method=value["request_method"],
        **options,
    )


def includeme(config: Configurator) -> None:
    """Every registered view and every folder of static files."""
    registry: Registry = config.registry["wendelin.registry"]
    config.add_view_predicate("portal_type", PortalTypePredicate)
    config.registry["wendelin.views"] = ViewTable(registry)
    for registration in registry.get_list("static"):
        # A week: addresses carry a digest of the content (`urls.static_url`).
        config.add_static_view(
            f"{STATIC_PREFIX.strip('/')}/{registration.name}", str(registration.value), cache_max_age=7 * 86400
        )
    for registration in registry.get_list("view"):
        add_registered_view(config, registration)
