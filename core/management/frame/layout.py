"""What every page shows around its content: menus, breadcrumbs, messages. Templates know it as ``page``.

Pages are made with the layout: ``<html metal:use-macro="layout">`` and a ``metal:fill-slot="content"``. The variable
``title`` that a view returns is the page's title.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.renderers import get_renderer, render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from wendelin.core.errors import WorkflowError
from wendelin.core.model.objects.document import Document
from wendelin.core.model.portal_types.actions import Action
from wendelin.core.model.workflow.expressions import holds
from wendelin.core.security import VIEW, check_permission
from wendelin.core.web.publishing import DialogPage, Publication
from wendelin.core.web.requests.urls import static_url, url

TEMPLATES = "wendelin.core.management:templates"
LAYOUT = f"{TEMPLATES}/layout.pt"

#: Actions that the layout has a button of its own for: a link must not be able to log people out.
BUTTONS = frozenset({"logout"})
#: Bytes as JSON; a cookie has 4 kB, the clipboard needs some of them.
ROOM_FOR_MESSAGES = 1500
MACROS = ("fields", "head", "list", "search")


@dataclass(frozen=True)
class Link:
    """Something to click."""

    title: str
    url: str
    icon: str = ""
    description: str = ""


@dataclass(frozen=True)
class Message:
    """A line at the top of the next page: ``kind`` is "", "warning" or "error"."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class ModuleGroup:
    """Modules of one business application."""

    title: str
    modules: list[Link]


def say(request: Request, text: str, kind: str = "") -> None:
    """Show a message on the next page that this browser opens. It travels in a cookie, so it is cut to a few lines."""
    room = ROOM_FOR_MESSAGES - len(json.dumps(request.session.peek_flash()))
    shortened = text
    while shortened and len(json.dumps(shortened)) > min(room, ROOM_FOR_MESSAGES // 2):
        shortened = shortened[: len(shortened) * 3 // 4]
    if shortened:
        request.session.flash([shortened if shortened == text else shortened + "...", kind])


def render_page(request: Request, context: Any, template: str, values: dict[str, Any]) -> Response:
    """A page by its template's name in this package, for views that choose among several."""
    return render_to_response(f"{TEMPLATES}/{template}", values | {"context": context}, request=request)


def document_of(context: Any) -> Document | None:
    """The document that a page is about."""
    if isinstance(context, DialogPage | Publication):
        return context.document
    return context if isinstance(context, Document) else None


def is_offered(action: Any, document: Document) -> bool:
    """Whether the user may do it (``permission``) and it makes sense (``condition``)."""
    if action.permission and not check_permission(action.permission, document):
        return False
    try:
        return holds(action.condition, document)
    except WorkflowError:
        # The page must stay usable, so that the condition can be corrected: a broken one offers nothing.
        return False


def action_url(request: Request, action: Action, document: Document) -> str:
    """Where an action leads; relative to the site for the global ones."""
    address = action.url(url(request, document), url(request, request.site))
    if "://" in address or address.startswith(("/", "#")):
        return address
    return f"{url(request, document)}/{address}"


class Page:
    """The frame of a page; everything is looked up when the layout asks for it."""

    def __init__(self, request: Request, context: Any) -> None:
        self.request = request
        self.document = document_of(context)

    @property
    def site(self) -> Any:
        return self.request.site

    @property
    def site_title(self) -> str:
        return self.site.getTitle()

    @property
    def title(self) -> str:
        return self.document.getTitle() if self.document is not None else self.site_title

    @property
    def home_url(self) -> str:
        return url(self.request, self.site) + "/"

    @property
    def csrf_token(self) -> str:
        return get_csrf_token(self.request)

    @property
    def user_name(self) -> str:
        """The id of the user, "" for nobody."""
        return "" if self.request.user.is_anonymous else self.request.user.id

    @property
    def search_text(self) -> str:
        return self.request.GET.get("text", "") if self.request.view_name == "search" else ""

    def static(self, path: str, name: str = "core") -> str:
        return static_url(self.request, name, path)

    def url(self, document: Any, *names: str, **query: Any) -> str:
        return url(self.request, document, *names, **query)

    @cached_property
    def messages(self) -> list[Message]:
        return [Message(*entry) for entry in self.request.session.pop_flash()]

    def _global_actions(self, category: str) -> list[Link]:
        actions = sorted(self.site.portal_actions.action_list, key=lambda action: (action.priority, action.title))
        return [
            Link(action.title or action.id, action_url(self.request, action, self.site), action.icon)
            for action in actions
            if action.category == category and action.id not in BUTTONS and is_offered(action, self.site)
        ]

    @cached_property
    def favourites(self) -> list[Link]:
        """My Favourites: the global actions."""
        return self._global_actions("global")

    @cached_property
    def user_actions(self) -> list[Link]:
        own = [Link("Change password", f"{self.home_url}password")]
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

    def _application(self, module: Any) -> str:
        for category in module.getCategoryList():
            base, _, path = category.partition("/")
            if base == "business_application":
                value = self.site.unrestrictedTraverse(f"portal_categories/{category}", None)
                return value.getTitle() if value is not None else path.replace("_", " ").capitalize()
        return "Others"

    def breadcrumbs(self, title: str) -> list[Link]:
        """The way from the site to this page; the page itself comes last."""
        found: list[Link] = []
        here: Any = self.document
        while here is not None:
            found.append(Link(self._crumb_title(here), self.url(here) + ("/" if here is self.site else "")))
            here = here.__parent__
        crumbs = found[::-1]
        if not crumbs or crumbs[-1].title != title:
            crumbs.append(Link(title, self.request.path))
        return crumbs

    @staticmethod
    def _crumb_title(document: Document) -> str:
        return document.getTitle() if check_permission(VIEW, document) else document.getId()


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
    from wendelin.core.management.documents.dialogs import show_dialog

    config.add_subscriber(add_globals, BeforeRender)
    # The dialog itself names the permission that its page needs.
    config.add_view(
        show_dialog,
        context=DialogPage,
        permission=NO_PERMISSION_REQUIRED,
        require_csrf=False,
        renderer=f"{TEMPLATES}/form.pt",
    )
