"""What every page shows around its content: menus, breadcrumbs, messages. Templates know it as ``page``.

Pages are made with the layout: ``<html metal:use-macro="layout">`` and a ``metal:fill-slot="content"``. The variable
``title`` that a view returns is the page's title.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.renderers import get_renderer, render_to_response
from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.interfaces import IDocument
from wendelin.core.management.frame.messages import Message, take_messages
from wendelin.core.management.frame.offers import Link, action_link, is_offered
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.site import Site
from wendelin.core.security import ADD, VIEW, check_permission, lineage
from wendelin.core.web.publishing import DialogPage, Publication
from wendelin.core.web.requests.urls import static_url, url

TEMPLATES = "wendelin.core.management:templates"
LAYOUT = f"{TEMPLATES}/layout.pt"

#: Actions that the layout has a button of its own for: a link must not be able to log people out.
BUTTONS = frozenset({"logout"})
MACROS = ("fields", "head", "list", "search")


@dataclass(frozen=True)
class ModuleGroup:
    """Modules of one business application."""

    title: str
    modules: list[Link]


def render_page(request: Request, context: IDocument, template: str, values: dict[str, Any]) -> Response:
    """A page by its template's name in this package, for views that choose among several."""
    return render_to_response(f"{TEMPLATES}/{template}", values | {"context": context}, request=request)


def without_changes(response: Response) -> Response:
    """The answer, with the mark that makes pyramid_tm abort: whatever the request changed is undone."""
    response.headers["X-Tm"] = "abort"
    return response


def document_of(context: object) -> Document | None:
    """The document that a page is about."""
    if isinstance(context, DialogPage | Publication):
        return context.document
    return context if isinstance(context, Document) else None


class Page:
    """The frame of a page; everything is looked up when the layout asks for it."""

    def __init__(self, request: Request, context: object) -> None:
        self.request = request
        self.document = document_of(context)

    @property
    def site(self) -> Site:
        """The site, in this request's connection."""
        site: Site = self.request.site
        return site

    @property
    def site_title(self) -> str:
        """What the site is called, beside the mark."""
        return self.site.getTitle()

    @property
    def title(self) -> str:
        """The title of a page whose view gives none: its document's."""
        return self.document.getTitle() if self.document is not None else self.site_title

    @property
    def home_url(self) -> str:
        """The main page."""
        return url(self.request, self.site) + "/"

    @property
    def csrf_token(self) -> str:
        """What every form of the page carries as ``csrf_token``."""
        return str(get_csrf_token(self.request))

    @property
    def user_name(self) -> str:
        """The id of the user, "" for nobody."""
        return "" if self.request.user.is_anonymous else str(self.request.user.id)

    @property
    def search_text(self) -> str:
        """What stands in the search field: the text that was searched for, on the page of its results."""
        return self.request.GET.get("text", "") if self.request.view_name == "search" else ""

    def static(self, path: str, name: str = "core") -> str:
        """The address of a static file of this package, or of what a plugin registered as ``name``."""
        return static_url(self.request, name, path)

    def url(self, document: IDocument | str, *names: str, **query: Any) -> str:
        """The address of a document or of a view on it (`wendelin.core.web.requests.urls.url`)."""
        return url(self.request, document, *names, **query)

    @cached_property
    def messages(self) -> list[Message]:
        """What the pages before this one left to say."""
        return take_messages(self.request)

    def _global_actions(self, category: str) -> list[Link]:
        actions = sorted(self.site.portal_actions.action_list, key=lambda action: (action.priority, action.title))
        return [
            action_link(self.request, action, self.site)
            for action in actions
            if action.category == category and action.id not in BUTTONS and is_offered(action, self.site)
        ]

    @cached_property
    def favourites(self) -> list[Link]:
        """My Favourites: the global actions."""
        return self._global_actions("global")

    @cached_property
    def user_actions(self) -> list[Link]:
        """The user's own menu: the actions of that category, the preferences and the password."""
        own = [Link("Change password", f"{self.home_url}password")]
        if check_permission(ADD, self.site.portal_preferences):
            own.insert(0, Link("My preferences", self.url(self.site.portal_preferences, "own")))
        return [*self._global_actions("user"), *own]

    @cached_property
    def module_groups(self) -> list[ModuleGroup]:
        """The modules that the user may view, by business application, tools left out."""
        groups: dict[str, list[Link]] = {}
        for module in self.site.getModuleList():
            if check_permission(VIEW, module):
                link = Link(module.getTitle(), self.url(module), description=module.getId())
                groups.setdefault(self._application(module), []).append(link)
        return [ModuleGroup(title, groups[title]) for title in sorted(groups, key=lambda t: (t == "Others", t))]

    def _application(self, module: Document) -> str:
        for category in module.getCategoryList():
            base, _, path = category.partition("/")
            if base == "business_application":
                value: Document | None = self.site.unrestrictedTraverse(f"portal_categories/{category}", None)
                return value.getTitle() if value is not None else path.replace("_", " ").capitalize()
        return "Others"

    def breadcrumbs(self, title: str) -> list[Link]:
        """The way from the site to this page; the page itself comes last."""
        crumbs = [
            Link(self._crumb_title(here), self.url(here) + ("/" if here is self.site else ""))
            for here in lineage(self.document)
        ][::-1]
        if not crumbs or crumbs[-1].title != title:
            crumbs.append(Link(title, self.request.path))
        return crumbs

    @staticmethod
    def _crumb_title(document: IDocument) -> str:
        shown: str = document.getTitle() if check_permission(VIEW, document) else document.getId()
        return shown


def add_globals(event: BeforeRender) -> None:
    """Give every template ``page`` and ``layout``."""
    request = event.get("request")
    if request is None or not hasattr(request, "registry"):
        return
    event["page"] = Page(request, event.get("context"))
    event["layout"] = get_renderer(LAYOUT).implementation()
    for name in MACROS:
        event[f"{name}_macros"] = get_renderer(f"{TEMPLATES}/{name}.pt").implementation().macros


def includeme(config: Configurator) -> None:
    """The frame around every page that a template of this site makes."""
    config.add_subscriber(add_globals, BeforeRender)
