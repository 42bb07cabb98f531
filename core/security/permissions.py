"""The words of security: roles, permissions, who gets what by default, and declarations on methods.

This module imports nothing of the object model, so that every module can declare. Decisions are made in
:mod:`wendelin.core.security.decisions`, which also exports all names of this one; import from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any, Final, TypeVar

VIEW: Final = "View"
ACCESS: Final = "Access contents information"
MODIFY: Final = "Modify portal content"
ADD: Final = "Add portal content"
DELETE: Final = "Delete objects"
COPY: Final = "Copy or Move"
VIEW_HISTORY: Final = "View history"
LIST: Final = "List folder contents"
CHANGE_LOCAL_ROLES: Final = "Change local roles"
SET_OWN_PASSWORD: Final = "Set own password"
MANAGE: Final = "Manage portal"
MANAGE_USERS: Final = "Manage users"

#: The "permission" of what anybody may reach; :func:`wendelin.core.security.decisions.check_permission` grants it to
#: everyone.
PUBLIC: Final = "(public)"

PERMISSIONS: Final = (
    *(VIEW, ACCESS, LIST, MODIFY, ADD, DELETE, COPY, VIEW_HISTORY),
    *(CHANGE_LOCAL_ROLES, SET_OWN_PASSWORD, MANAGE, MANAGE_USERS),
)

MANAGER: Final = "Manager"
OWNER: Final = "Owner"
ASSIGNEE: Final = "Assignee"
ASSIGNOR: Final = "Assignor"
ASSOCIATE: Final = "Associate"
AUDITOR: Final = "Auditor"
AUTHOR: Final = "Author"
MEMBER: Final = "Member"
AUTHENTICATED: Final = "Authenticated"
ANONYMOUS_ROLE: Final = "Anonymous"

#: Roles that may be given to a user. Owner comes from owning a document, the others from logging in or not.
ASSIGNABLE_ROLES: Final = (ASSIGNEE, ASSIGNOR, ASSOCIATE, AUDITOR, AUTHOR, MANAGER, MEMBER)
ROLES: Final = (*ASSIGNABLE_ROLES, OWNER, AUTHENTICATED, ANONYMOUS_ROLE)

_READERS: Final = frozenset({MANAGER, OWNER, ASSIGNEE, ASSIGNOR, ASSOCIATE, AUDITOR, AUTHOR})
_WRITERS: Final = frozenset({MANAGER, OWNER, ASSIGNEE, ASSIGNOR})

#: Who has which permission where no workflow state and no container says otherwise. What is not listed: Manager.
DEFAULT_PERMISSION_MAP: Final[Mapping[str, frozenset[str]]] = {
    VIEW: _READERS,
    ACCESS: _READERS,
    LIST: _READERS,
    ADD: _WRITERS | {ASSOCIATE, AUTHOR},
    COPY: _WRITERS | {ASSOCIATE, AUTHOR},
    MODIFY: _WRITERS,
    VIEW_HISTORY: _WRITERS | {AUDITOR},
    DELETE: frozenset({MANAGER, OWNER, ASSIGNOR}),
    CHANGE_LOCAL_ROLES: frozenset({MANAGER, ASSIGNOR}),
    SET_OWN_PASSWORD: frozenset({AUTHENTICATED}),
}
ONLY_MANAGER: Final = frozenset({MANAGER})

#: What only managers do to the site itself (modules and tools are made and removed by them); for the content of the
#: site, these permissions are as the maps say.
SITE_PERMISSIONS: Final = frozenset({MODIFY, ADD, DELETE, COPY, CHANGE_LOCAL_ROLES})

#: In a ``permission_map``: the roles for every permission that the map does not list.
EVERY_OTHER: Final = "*"

#: ``permission_map`` of a tool that only managers use (its methods are reached by code, not by users).
MANAGER_PERMISSION_MAP: Final[Mapping[str, Iterable[str]]] = {EVERY_OTHER: (MANAGER,)}

#: ``permission_map`` of a tool whose public methods check or filter for themselves (catalog, workflow, preferences):
#: scripts of every user may name it, only managers may look at it or change it.
SERVICE_PERMISSION_MAP: Final[Mapping[str, Iterable[str]]] = {
    ACCESS: (*sorted(_READERS), MEMBER, AUTHENTICATED, ANONYMOUS_ROLE),
    EVERY_OTHER: (MANAGER,),
}

#: ``permission_map`` of a tool that users with any role may read, and managers change (categories).
READABLE_PERMISSION_MAP: Final[Mapping[str, Iterable[str]]] = {
    VIEW: tuple(sorted(_READERS)),
    ACCESS: tuple(sorted(_READERS)),
    LIST: tuple(sorted(_READERS)),
    EVERY_OTHER: (MANAGER,),
}

Function = TypeVar("Function", bound=Callable[..., Any])


def protected(permission: str) -> Callable[[Function], Function]:
    """Declare on a method or property that scripts and URLs need ``permission`` on the document to reach it."""

    def declare(function: Function) -> Function:
        function.__permission__ = permission  # type: ignore[attr-defined]
        return function

    return declare


def public(function: Function) -> Function:
    """Declare that every script may call the method: it checks for itself, or tells nothing worth protecting."""
    return protected(PUBLIC)(function)


def private(function: Function) -> Function:
    """Declare that no script and no URL reaches the method. Also what a method without a declaration is."""
    function.__permission__ = None  # type: ignore[attr-defined]
    return function


TRUSTED_MARK = "__trusted_method__"


def trusted_method(function: Function) -> Function:
    """Declare that a function of a plugin, ``function(context, ...)``, may be offered to documents as a skin method.

    Scripts, and by URL whoever has the permission that the skin method names, then call it with arguments of their
    choice. No function without this declaration is reached by name.
    """
    setattr(function, TRUSTED_MARK, True)
    return function


def is_trusted_method(function: object, module_name: str) -> bool:
    """Whether an object is a function that the module itself defines and declares with `trusted_method`."""
    return (
        isinstance(function, FunctionType)
        and function.__module__ == module_name
        and getattr(function, TRUSTED_MARK, False) is True
    )


def roles_of(permission_map: Mapping[str, Iterable[str]], permission: str) -> frozenset[str] | None:
    """What a ``permission_map`` says of ``permission``: roles, or None where it leaves the answer to the container."""
    roles = permission_map.get(permission)
    if roles is None:
        roles = permission_map.get(EVERY_OTHER)
    return None if roles is None else frozenset(roles)
