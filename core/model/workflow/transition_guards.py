"""Guards of transitions: whether the current user may take one now, by role, permission and condition."""

from __future__ import annotations

from wendelin.core.interfaces import IDocument
from wendelin.core.model.workflow.definition import Transition
from wendelin.core.model.workflow.expressions import holds
from wendelin.core.security import check_permission, get_user, roles_in_context


def guard_allows(document: IDocument, transition: Transition) -> bool:
    """Whether the current user passes the transition's guard: one of its roles, its permission, and its condition."""
    user = get_user()
    if not user.is_system:
        if transition.roles and roles_in_context(user, document).isdisjoint(transition.roles):
            return False
        if transition.permission and not check_permission(transition.permission, document, user):
            return False
    return condition_allows(document, transition)


def condition_allows(document: IDocument, transition: Transition) -> bool:
    """Whether the expression of the transition's guard is true, or there is none."""
    return holds(transition.condition, document)
