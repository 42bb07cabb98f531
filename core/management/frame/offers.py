"""What a page offers: the actions of portal types and of the site, as links for the user who looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from pyramid.request import Request

from wendelin.core.errors import WorkflowError
from wendelin.core.interfaces import IDocument
from wendelin.core.model.portal_types.actions import Action, Form
from wendelin.core.model.workflow.expressions import holds
from wendelin.core.security import check_permission
from wendelin.core.web.requests.urls import url


@dataclass(frozen=True)
class Link:
    """Something to click."""

    title: str
    url: str
    icon: str = ""
    description: str = ""


def is_offered(action: Action | Form, document: IDocument) -> bool:
    """Whether the user may do it (``permission``) and it makes sense (``condition``)."""
    if action.permission and not check_permission(action.permission, document):
        return False
    try:
        return holds(action.condition, document)
    except WorkflowError:
        # The page must stay usable, so that the condition can be corrected: a broken one offers nothing.
        return False


def action_url(request: Request, action: Action, document: IDocument) -> str:
    """Where an action leads; relative to the site for the global ones."""
    address = action.url(url(request, document), url(request, request.site))
    if "://" in address or address.startswith(("/", "#")):
        return address
    return f"{url(request, document)}/{address}"


def action_link(request: Request, action: Action, document: IDocument) -> Link:
    """An action with its title (its id, where it has none) and its icon."""
    return Link(action.title or action.id, action_url(request, action, document), action.icon)
