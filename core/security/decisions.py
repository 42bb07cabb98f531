"""Who is asking, and may they: roles in a context, and every permission decision.

How a permission on a document becomes a set of roles, first answer wins: the workflows of its chain, in order, whose
current state manages the permission; its own ``permission_map`` (instance or class); the same for its container; at the
top the site's map over :data:`DEFAULT_PERMISSION_MAP`; what nobody lists is for Manager, and so is any change of the
site itself. A user has the permission who has one of these roles: by the account, as owner, or as a local role on the
document or a container of it.

Documents are anything with ``__parent__``; this module does not import them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wendelin.core import contracts
from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.interfaces import IDocument
from wendelin.core.security.current_user import ANONYMOUS, User, get_user
from wendelin.core.security.lineage import lineage
from wendelin.core.security.permissions import (
    ANONYMOUS_ROLE,
    AUTHENTICATED,
    CHANGE_LOCAL_ROLES,
    DEFAULT_PERMISSION_MAP,
    MANAGER,
    ONLY_MANAGER,
    OWNER,
    PUBLIC,
    SITE_PERMISSIONS,
    roles_of,
)


def _own(document: IDocument, name: str) -> Any:
    """An attribute of a loaded document or of its class, never an acquired one; None where there is none."""
    own = document.__dict__.get(name)
    return getattr(type(document), name, None) if own is None else own


def _local_roles(document: IDocument) -> dict[str, tuple[str, ...]]:
    return document.__dict__.get("_local_roles") or {}


def roles_in_context(user: User, document: IDocument) -> frozenset[str]:
    """Every role of ``user`` on ``document``: account, ownership and local roles, also those of the containers.

    Ownership and local roles come down from containers unless a document on the way has
    ``acquire_local_roles = False``. Nobody owns anything anonymously.
    """
    roles = set(user.effective_roles)
    if user.is_anonymous:
        return frozenset(roles)
    for place in lineage(document):
        if place.__dict__.get("_owner") == user.id:
            roles.add(OWNER)
        roles.update(_local_roles(place).get(user.id, ()))
        if _own(place, "acquire_local_roles") is False:
            break
    return frozenset(roles)


def _own_roles(document: IDocument, permission: str) -> frozenset[str] | None:
    """What the document itself says of ``permission``: its workflow state, else its map, else None."""
    roles = contracts.state_roles(document, permission)
    if roles is None:
        roles = roles_of(_own(document, "permission_map") or {}, permission)
    return roles


def allowed_roles(permission: str, document: IDocument) -> frozenset[str]:
    """The roles that have ``permission`` on ``document``."""
    if permission == PUBLIC:
        return frozenset({ANONYMOUS_ROLE})
    if permission in SITE_PERMISSIONS and getattr(type(document), "is_site", False):
        return ONLY_MANAGER
    for place in lineage(document):
        roles = _own_roles(place, permission)
        if roles is not None:
            return roles
    return DEFAULT_PERMISSION_MAP.get(permission, ONLY_MANAGER)


def check_permission(permission: str | None, document: IDocument, user: User | None = None) -> bool:
    """Whether ``user`` (default: the current one) has ``permission`` on ``document``. None is for nobody but SYSTEM."""
    user = user or get_user()
    if user.is_system or permission == PUBLIC:
        return True
    if permission is None:
        return False
    allowed = allowed_roles(permission, document)
    return not allowed.isdisjoint(user.effective_roles) or not allowed.isdisjoint(roles_in_context(user, document))


def require_permission(permission: str | None, document: IDocument, user: User | None = None) -> None:
    """Raise Unauthorized unless :func:`check_permission`."""
    user = user or get_user()
    if not check_permission(permission, document, user):
        needed = "it is private" if permission is None else f"the permission {permission!r} is needed"
        raise Unauthorized(f"{user.id!r} may not do that on {_name(document)}: {needed}")


def principals_of(user: User) -> frozenset[str]:
    """The principals a user stands for, to meet :func:`allowed_principals`. Ask ``is_system`` first: it sees all."""
    if user.is_anonymous:
        return user.effective_roles
    return user.effective_roles | {f"user:{user.id}"}


def allowed_principals(permission: str, document: IDocument) -> tuple[str, ...]:
    """Role names and ``user:<id>`` of all who have ``permission``, sorted: for indexes.

    ``check_permission(p, d, u)`` is true exactly when ``principals_of(u)`` and ``allowed_principals(p, d)`` meet.
    """
    allowed = allowed_roles(permission, document)
    principals = set(allowed)
    for place in lineage(document):
        owner = place.__dict__.get("_owner")
        if owner and OWNER in allowed:
            principals.add(f"user:{owner}")
        principals.update(
            f"user:{user}" for user, roles in _local_roles(place).items() if not allowed.isdisjoint(roles)
        )
        if _own(place, "acquire_local_roles") is False:
            break
    principals.discard(f"user:{ANONYMOUS.id}")
    return tuple(sorted(principals))


def set_local_roles(document: IDocument, user_id: str, roles: Iterable[str]) -> None:
    """Give ``user_id`` exactly these local roles on ``document``; none removes the entry.

    The current user needs "Change local roles", and can only hand out roles that they have there themselves, unless
    they are Manager there. Raises Unauthorized, or BadRequest for a role that cannot be given.
    """
    require_permission(CHANGE_LOCAL_ROLES, document)
    wanted = tuple(sorted(set(roles)))
    user = get_user()
    own = roles_in_context(user, document)
    for role in wanted:
        if role in (AUTHENTICATED, ANONYMOUS_ROLE):
            raise BadRequest(f"{role} comes from logging in or not; it cannot be given on {_name(document)}")
        if not user.is_system and MANAGER not in own and role not in own:
            raise Unauthorized(f"{user.id!r} may not give the role {role} on {_name(document)} without having it")
    local_roles = dict(_local_roles(document))
    local_roles.pop(user_id, None)
    if wanted:
        local_roles[user_id] = wanted
    setattr(document, "_local_roles", local_roles)  # noqa: B010
    contracts.announce_viewers(document)


def _name(document: IDocument) -> str:
    return document.getPath() if hasattr(document, "getPath") else repr(document)
