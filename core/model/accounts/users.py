"""``acl_users``: accounts with roles, their passwords and tokens.

An account is a document whose id is the user's id. Passwords are kept as argon2 hashes, tokens as SHA-256 of a random
secret: neither can be read back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from BTrees.OOBTree import OOBTree

from wendelin.core.errors import BadRequest, DuplicateId, NotFound, Unauthorized
from wendelin.core.interfaces import ISite
from wendelin.core.model.accounts.passwords import RightPasswords, hash_password, verify_password
from wendelin.core.model.objects.creation import identify
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import (
    ANONYMOUS,
    ASSIGNABLE_ROLES,
    AUTHENTICATED,
    MANAGE_USERS,
    MANAGER_PERMISSION_MAP,
    RESERVED_USER_IDS,
    SYSTEM,
    User,
    get_user,
    protected,
    public,
)

TOKEN_PREFIX: Final = "wendelin"

_right_passwords = RightPasswords()


class Account(Document):
    """One user: roles, the hash of the password, and the stamp that sessions are bound to."""

    portal_type: str = "User"
    permission_map = MANAGER_PERMISSION_MAP
    roles: tuple[str, ...] = ()
    _owner: str = ""
    _password_hash: str | None = None
    _session_stamp: str = ""

    @protected(MANAGE_USERS)
    def getRoleList(self) -> list[str]:
        """The account's roles, sorted."""
        return list(self.roles)

    def _setRoles(self, roles: Iterable[str]) -> bool:
        """What ``edit(roles=...)`` uses. Raises BadRequest for a role that there is not."""
        old, self.roles = self.roles, _check_roles(roles)
        return self.roles != old


@dataclass(frozen=True)
class Token:
    """A secret that stands for a user, without the secret."""

    id: str
    user_id: str
    title: str
    digest: str
    created: datetime
    expires: datetime | None


class UserFolder(Folder):
    """The users of a site. The methods in PEP 8 names are for trusted code: they check no permission."""

    portal_type: str = "User Folder"
    permission_map = MANAGER_PERMISSION_MAP
    _tokens: OOBTree | None = None
    _ended_sessions: OOBTree | None = None  # id -> when its cookie ends by itself, in seconds since the epoch

    # -- accounts

    def add_user(self, user_id: str, password: str | None = None, roles: Iterable[str] = (), title: str = "") -> User:
        """Create an account. Without a password nobody can log in with one (tokens work).

        Raises BadRequest, InvalidId for an id or role that cannot be, DuplicateId.
        """
        _check_user_id(user_id)
        if user_id in self:
            raise DuplicateId(f"the user {user_id!r} is there already")
        account = Account()
        identify(account)
        account.title = title or None
        account.roles = _check_roles(roles)
        self._set_password(account, password)
        self._setObject(user_id, account)
        return self._user(account)

    def del_user(self, user_id: str) -> None:
        """Remove an account and its tokens. Raises NotFound."""
        self._account(user_id)
        for token in self.list_tokens(user_id):
            self.revoke_token(token.id)
        self.manage_delObjects([user_id])

    def get_user(self, user_id: str) -> User | None:
        """The user as account and roles say now, or None."""
        account = self.get_child(user_id)
        return self._user(account) if isinstance(account, Account) else None

    def set_roles(self, user_id: str, roles: Iterable[str]) -> None:
        """Replace the roles of an account. Raises NotFound, BadRequest."""
        self._account(user_id).roles = _check_roles(roles)

    def set_password(self, user_id: str, password: str | None) -> None:
        """Replace the password; every session and remembered password ends. None: no login by password any more."""
        self._set_password(self._account(user_id), password)

    def get_session_stamp(self, user_id: str) -> str:
        """What a session of the user has to carry to be valid; "" for nobody. A new password changes it."""
        account = self.get_child(user_id)
        return account._session_stamp if isinstance(account, Account) else ""

    def end_session(self, session_id: str, seconds: float) -> None:
        """Make a session invalid whose cookie would last for so many seconds; what has ended by itself is forgotten."""
        now = time.time()
        if self._ended_sessions is None:
            self._ended_sessions = OOBTree()
        for old in [id for id, end in self._ended_sessions.items() if end < now]:
            del self._ended_sessions[old]
        self._ended_sessions[session_id] = now + seconds

    def is_ended_session(self, session_id: str) -> bool:
        """Whether somebody has logged out of the session."""
        return self._ended_sessions is not None and session_id in self._ended_sessions

    def _account(self, user_id: str) -> Account:
        account = self.get_child(user_id)
        if not isinstance(account, Account):
            raise NotFound(f"there is no user {user_id!r}")
        return account

    def _user(self, account: Account) -> User:
        return User(account.__name__, frozenset((*account.roles, AUTHENTICATED)))

    def _set_password(self, account: Account, password: str | None) -> None:
        account._password_hash = None if password is None else hash_password(password)
        account._session_stamp = secrets.token_hex(16)

    # -- authentication

    def authenticate(self, user_id: str, password: str) -> User | None:
        """The user, if the password is right. An unknown user takes as long as a wrong password.

        Raises `Busy` when too many passwords are being checked.
        """
        found = self.get_child(user_id)
        account = found if isinstance(found, Account) else None
        stamp = account._session_stamp if account is not None else ""
        if account is not None and _right_passwords.knows(user_id, password, stamp):
            return self._user(account)
        may_wait = account is not None and _right_passwords.knew(user_id, password, stamp)
        if not verify_password(account._password_hash if account is not None else None, password, may_wait):
            return None
        _right_passwords.remember(user_id, password, stamp)
        return self._user(account)  # type: ignore[arg-type]  # nobody's hash is never verified

    def known_user(self, user_id: str, password: str) -> User | None:
        """The user, if the password was right a moment ago: `authenticate` for who cannot wait for argon2."""
        account = self.get_child(user_id)
        if not isinstance(account, Account) or not _right_passwords.knows(user_id, password, account._session_stamp):
            return None
        return self._user(account)

    def authenticate_token(self, token: str) -> User | None:
        """The user whose token this is; None for one that is unknown, revoked or expired."""
        prefix, _, rest = token.partition("_")
        token_id, _, secret = rest.partition("_")
        known = self._tokens.get(token_id) if self._tokens is not None and prefix == TOKEN_PREFIX else None
        if known is None or not hmac.compare_digest(known.digest, _digest(secret)):
            return None
        if known.expires is not None and known.expires <= datetime.now(UTC):
            return None
        return self.get_user(known.user_id)

    # -- tokens

    def create_token(self, user_id: str, title: str = "", expires: datetime | None = None) -> str:
        """Make a token and return it: the only time that its secret can be seen. ``expires`` needs a time zone.

        Raises NotFound for an unknown user, BadRequest for a time that is past or has no zone.
        """
        self._account(user_id)
        if expires is not None and (expires.tzinfo is None or expires <= datetime.now(UTC)):
            raise BadRequest(f"a token expires at a time to come, with its time zone, not at {expires}")
        token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        if self._tokens is None:
            self._tokens = OOBTree()
        self._tokens[token_id] = Token(token_id, user_id, title, _digest(secret), datetime.now(UTC), expires)
        return f"{TOKEN_PREFIX}_{token_id}_{secret}"

    def list_tokens(self, user_id: str | None = None) -> list[Token]:
        """The tokens of one user or of all, oldest first; expired ones too."""
        tokens = [token for token in (self._tokens or {}).values() if user_id in (None, token.user_id)]
        return sorted(tokens, key=lambda token: token.created)

    def revoke_token(self, token_id: str) -> None:
        """Make a token invalid. Raises NotFound."""
        if self._tokens is None or token_id not in self._tokens:
            raise NotFound(f"there is no token {token_id!r}")
        del self._tokens[token_id]

    # -- for scripts and pages

    @protected(MANAGE_USERS)
    def getUserIdList(self) -> list[str]:
        """All user ids, sorted."""
        return [account.__name__ for account in self.iterate() if isinstance(account, Account)]

    @public
    def changeOwnPassword(self, old_password: str, new_password: str) -> None:
        """Replace the password of the current user, who must know the old one. Raises Unauthorized."""
        user_id = get_user().id
        if self.authenticate(user_id, old_password) is None:
            raise Unauthorized("the old password is not right")
        self.set_password(user_id, new_password)


def find_user(site: ISite, user_id: str) -> User | None:
    """The user of that id: an account of the site, the platform itself, or Anonymous; None for nobody."""
    if user_id in RESERVED_USER_IDS:
        return SYSTEM if user_id == SYSTEM.id else ANONYMOUS
    users: UserFolder = site["acl_users"]
    return users.get_user(user_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_user_id(user_id: str) -> None:
    """Ids come in HTTP headers and stand in paths: no colon, no space at the ends, not one of the platform's own."""
    if user_id in RESERVED_USER_IDS or ":" in user_id or user_id != user_id.strip():
        raise BadRequest(f"{user_id!r} cannot be the id of a user")


def _check_roles(roles: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(sorted(set(roles)))
    unknown = [role for role in wanted if role not in ASSIGNABLE_ROLES]
    if unknown:
        raise BadRequest(f"no such role: {', '.join(unknown)}; a user may have {', '.join(ASSIGNABLE_ROLES)}")
    return wanted
