"""The head of every page about a document: title, state, tabs, and the menus of what can be done with it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pyramid.request import Request

from wendelin.core.management.documents.deletion import may_delete
from wendelin.core.management.frame.offers import Link, action_link, action_url, is_offered
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import MODULE_SUFFIX
from wendelin.core.model.portal_types.actions import Action
from wendelin.core.security import ACCESS, ADD, COPY, VIEW_HISTORY, check_permission, lineage
from wendelin.core.web.requests.urls import url

#: Every document that can be edited has this state variable, so it tells nothing.
EDIT_STATE = "edit_state"
#: Tabs that every document has; a type's own action of the same id is not shown a second time.
OWN_TABS = frozenset({"view", "relations", "metadata", "history"})


class DocumentHead:
    """What the macro ``head`` shows."""

    def __init__(self, request: Request, document: Document, current_tab: str = "View") -> None:
        self.request = request
        self.document = document
        self.current_tab = current_tab
        self.info = document.getTypeInfo()
        self.url = url(request, document)

    @property
    def kind(self) -> str:
        """What people call the document's type."""
        return self.document.getPortalTypeName()

    @property
    def is_top(self) -> bool:
        """True for modules and tools, whose first page is their list."""
        return self.document.__parent__ is self.request.site

    @cached_property
    def states(self) -> list[tuple[str, str, str]]:
        """``(state variable, state id, state title)``."""
        if not check_permission(ACCESS, self.document):
            return []
        found = self.request.site.portal_workflow.getStateItemList(self.document)
        return [item for item in found if item[0] != EDIT_STATE]

    @cached_property
    def tabs(self) -> list[Link]:
        """View, the type's further forms and views, Relations (of what can have some), Metadata, History."""
        found = [Link("List" if self.is_top else "View", self._address("view"))]
        further = [
            (form.priority, Link(form.title or form.id, self._address("view", form=form.id)))
            for form in self.info.form_list
            if is_offered(form, self.document)
        ]
        further += [
            (action.priority, Link(action.title or action.id, action_url(self.request, action, self.document)))
            for action in self._typed("object_view")
            if action.id not in OWN_TABS
        ]
        found += [link for _, link in sorted(further, key=lambda pair: (pair[0], pair[1].title))]
        if self._has_relations:
            found.append(Link("Relations", self._address("relations")))
        found.append(Link("Metadata", self._address("metadata")))
        if check_permission(VIEW_HISTORY, self.document):
            found.append(Link("History", self._address("history")))
        return found

    @property
    def _has_relations(self) -> bool:
        """Documents of modules, and categories, which they lead to; what tools hold has none, as a rule."""
        top = [document.__name__ for document in lineage(self.document)][-2:][0]
        related = top.endswith(MODULE_SUFFIX) or top == "portal_categories" or self.document.getCategoryList()
        return bool(related) and not self.is_top

    def _address(self, *names: str, **query: Any) -> str:
        return url(self.request, self.document, *names, **query)

    def _typed(self, action_type: str) -> list[Action]:
        actions = [action for action in self.info.action_list if action.action_type == action_type]
        return sorted(
            (action for action in actions if is_offered(action, self.document)),
            key=lambda action: (action.priority, action.title),
        )

    def _links(self, action_type: str) -> list[Link]:
        return [action_link(self.request, action, self.document) for action in self._typed(action_type)]

    @cached_property
    def fast_inputs(self) -> list[Link]:
        """The menu of the runner: ways to add several documents at once."""
        return self._links("object_fast_input")

    @cached_property
    def exchanges(self) -> list[Link]:
        """The menu of imports and exports."""
        return self._links("object_exchange")

    @cached_property
    def jumps(self) -> list[Link]:
        """The menu of related documents."""
        return self._links("object_jump")

    @cached_property
    def actions(self) -> list[Link]:
        """What else the type offers, in the menu of actions."""
        return self._links("object_action")

    @cached_property
    def workflow_actions(self) -> list[Link]:
        """The user actions of its workflows: each asks for a comment first."""
        return [
            Link(title, self._address("Base_viewWorkflowActionDialog", workflow_action=action))
            for action, title, _ in self.request.site.portal_workflow.getActionList(self.document)
        ]

    @cached_property
    def addable(self) -> list[str]:
        """The portal types of the Add menu."""
        if not isinstance(self.document, Folder) or not check_permission(ADD, self.document):
            return []
        return self.document.getVisibleAllowedContentTypeList()

    @property
    def add_url(self) -> str:
        """Where the Add menu goes."""
        return self._address("add_content")

    @property
    def clone_url(self) -> str:
        """Where the button Clone goes."""
        return self._address("clone")

    @property
    def delete_url(self) -> str:
        """The page that asks before the document is deleted."""
        return self._address("delete")

    @cached_property
    def may_copy(self) -> bool:
        """Whether the user can put a copy beside the document."""
        container = self.document.__parent__
        if container is None or self.is_top:
            return False
        if self.document.getPortalType() not in container.getTypeInfo().allowed_content_type_list:
            return False  # what only its tool makes: users, installed templates
        return check_permission(COPY, self.document) and check_permission(ADD, container)

    @cached_property
    def may_delete(self) -> bool:
        """Whether the button Delete is shown (`wendelin.core.management.documents.deletion`)."""
        return may_delete(self.document)

    @property
    def has_actions(self) -> bool:
        """Whether the menu of actions has any entry."""
        return bool(self.workflow_actions or self.actions or self.may_copy or self.may_delete)
