"""The user on whose behalf code runs. Import from `wendelin.core.security.decisions`, which exports all of this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

from wendelin.core.interfaces import IDocument
from wendelin.core.security.permissions import ANONYMOUS_ROLE, AUTHENTICATED, MANAGER, PUBLIC, public


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who asks: an id and the roles of the account. Two users are equal when both are."""

    id: str
    roles: frozenset[str] = frozenset()

    # What scripts may read.
    attribute_permissions = dict.fromkeys(("id", "roles", "is_anonymous"), PUBLIC)

    @property
    def is_anonymous(self) -> bool:
        """True when nobody has logged in."""
        return self.id == ANONYMOUS.id

    @property
    def is_system(self) -> bool:
        """True for the platform itself: no permission is checked."""
        return self.id == SYSTEM.id

    @property
    def effective_roles(self) -> frozenset[str]:
        """The account's roles and what everybody has: Anonymous and, when logged in, Authenticated."""
        everybody = {ANONYMOUS_ROLE} if self.is_anonymous else {ANONYMOUS_ROLE, AUTHENTICATED}
        return self.roles | everybody

    @public
    def getId(self) -> str:
        """The user's id."""
        return self.id

    @public
    def getUserName(self) -> str:  # ERP5's other name for it
        """The user's id."""
        return self.id

    @public
    def getRoles(self) -> list[str]:
        """The account's roles, sorted."""
        return sorted(self.roles)

    @public
    def has_role(self, role: str | Iterable[str], document: IDocument | None = None) -> bool:
        """Whether the user has the role, or one of several: by the account, or on a document."""
        from wendelin.core.security.decisions import roles_in_context

        roles = self.effective_roles if document is None else roles_in_context(self, document)
        return not roles.isdisjoint((role,) if isinstance(role, str) else role)


ANONYMOUS: Final = User("Anonymous User", frozenset({ANONYMOUS_ROLE}))
SYSTEM: Final = User("System", frozenset({MANAGER, AUTHENTICATED}))
#: Ids that no account may have.
RESERVED_USER_IDS: Final = frozenset({ANONYMOUS.id, SYSTEM.id})

_current_user: ContextVar[User] = ContextVar("wendelin_user", default=SYSTEM)


def get_user() -> User:
    """The user on whose behalf this thread runs; SYSTEM in a bare process."""
    return _current_user.get()


def set_user(user: User) -> None:
    """Make ``user`` the current one, for the rest of this thread or task."""
    _current_user.set(user)


@contextmanager
def as_user(user: User) -> Iterator[User]:
    """Run a block on behalf of ``user``."""
    token = _current_user.set(user)
    try:
        yield user
    finally:
        _current_user.reset(token)


@contextmanager
def proxy_roles(roles: Iterable[str]) -> Iterator[User]:
    """Run a block with ``roles`` added to those of the current user: what a script with proxy roles does."""
    user = get_user()
    with as_user(replace(user, roles=user.roles | frozenset(roles))) as proxied:
        yield proxied
