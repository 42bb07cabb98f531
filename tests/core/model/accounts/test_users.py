"""Accounts, passwords, stamps and tokens."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wendelin.core.errors import BadRequest, DuplicateId, InvalidId, NotFound, Unauthorized
from wendelin.core.model.accounts import users as users_module
from wendelin.core.model.accounts.passwords import (
    MAXIMUM_LENGTH,
    REMEMBER_COUNT,
    REMEMBER_SECONDS,
    RightPasswords,
    verify_password,
)
from wendelin.core.model.accounts.users import find_user
from wendelin.core.security import (
    ANONYMOUS,
    AUDITOR,
    AUTHENTICATED,
    AUTHOR,
    MANAGE_USERS,
    MANAGER,
    SYSTEM,
    User,
    as_user,
    check_permission,
    require_attribute,
)


@pytest.fixture
def users(site: Any) -> Any:
    return site.acl_users


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each time that a password is really verified."""
    calls: list[bool] = []

    def verify(password_hash: str | None, password: str, may_wait: bool = False) -> bool:
        calls.append(password_hash is not None)
        return verify_password(password_hash, password)

    monkeypatch.setattr(users_module, "verify_password", verify)
    return calls


def test_a_user_logs_in_with_the_right_password_only(users: Any) -> None:
    made = users.add_user("amy", "secret of amy", [AUTHOR])
    assert made == users.authenticate("amy", "secret of amy") == users.get_user("amy")
    assert made == User("amy", frozenset({AUTHOR, AUTHENTICATED}))
    for wrong in ("", "secret of Amy", "secret of amy ", "secret of ben", "x" * (MAXIMUM_LENGTH + 1)):
        assert users.authenticate("amy", wrong) is None


def test_the_password_is_not_kept(users: Any) -> None:
    users.add_user("amy", "secret of amy")
    account = users["amy"]
    assert account._password_hash.startswith("$argon2id$")
    assert b"secret of amy" not in pickle.dumps(account.__getstate__())


def test_an_unknown_user_costs_what_a_wrong_password_costs(users: Any, counted: list[bool]) -> None:
    assert users.authenticate("nobody", "password") is None
    users.add_user("amy", "secret of amy")
    assert users.authenticate("amy", "password") is None
    assert counted == [False, True]


def test_the_hash_of_nobody_is_never_right() -> None:
    assert not verify_password(None, "")
    assert not verify_password("not a hash", "password")


def test_a_password_is_verified_once_while_it_is_remembered(users: Any, counted: list[bool]) -> None:
    users.add_user("bob", "secret of bob", [AUTHOR])
    for _ in range(5):
        assert users.authenticate("bob", "secret of bob") is not None
    assert len(counted) == 1
    users.set_roles("bob", [AUDITOR])
    assert users.authenticate("bob", "secret of bob").roles == {AUDITOR, AUTHENTICATED}
    assert len(counted) == 1


def test_a_wrong_password_is_never_remembered(users: Any, counted: list[bool]) -> None:
    users.add_user("cat", "secret of cat")
    for _ in range(3):
        assert users.authenticate("cat", "wrong") is None
    assert len(counted) == 3


def test_a_new_password_ends_the_old_one_at_once(users: Any) -> None:
    users.add_user("dan", "old one")
    assert users.authenticate("dan", "old one")
    stamp = users.get_session_stamp("dan")
    users.set_password("dan", "new one")
    assert users.authenticate("dan", "old one") is None
    assert users.authenticate("dan", "new one")
    assert users.get_session_stamp("dan") not in (stamp, "")


def test_a_deleted_user_is_gone_also_from_memory(users: Any) -> None:
    users.add_user("eve", "secret of eve")
    assert users.authenticate("eve", "secret of eve")
    users.del_user("eve")
    assert users.authenticate("eve", "secret of eve") is None
    users.add_user("eve", "other")
    assert users.authenticate("eve", "secret of eve") is None
    with pytest.raises(NotFound):
        users.del_user("nobody")


def test_without_a_password_nobody_logs_in(users: Any) -> None:
    users.add_user("robot")
    for guess in ("", "None", "robot"):
        assert users.authenticate("robot", guess) is None
    assert users.get_session_stamp("nobody") == ""


def test_what_is_remembered_is_forgotten_in_time_and_in_number() -> None:
    now = [0.0]
    memory = RightPasswords(clock=lambda: now[0])
    memory.remember("amy", "pw", "stamp")
    assert memory.knows("amy", "pw", "stamp")
    assert not memory.knows("amy", "pw", "other stamp")
    assert not memory.knows("amyp", "w", "stamp")
    now[0] = REMEMBER_SECONDS
    assert not memory.knows("amy", "pw", "stamp")
    for number in range(REMEMBER_COUNT + 1):
        memory.remember(str(number), "pw", "stamp")
    assert not memory.knows("0", "pw", "stamp") and memory.knows("1", "pw", "stamp")
    memory.remember("amy", "a long password", "stamp")
    assert "a long password" not in repr(memory._entries)


@pytest.mark.parametrize("user_id", ["System", "Anonymous User", "a:b", " amy", "amy ", "", "_amy", "a/b", "a\nb"])
def test_ids_that_cannot_be(users: Any, user_id: str) -> None:
    with pytest.raises((BadRequest, InvalidId)):
        users.add_user(user_id, "password")
    assert user_id not in users.getUserIdList()


def test_other_things_that_cannot_be(users: Any) -> None:
    users.add_user("amy", "password")
    with pytest.raises(DuplicateId):
        users.add_user("amy", "password")
    with pytest.raises(BadRequest, match="Emperor"):
        users.set_roles("amy", ["Emperor"])
    for role in ("Owner", "Authenticated", "Anonymous"):
        with pytest.raises(BadRequest):
            users.add_user("ben", "password", [role])
    with pytest.raises(BadRequest):
        users["amy"].edit(roles=["Emperor"])
    with pytest.raises(BadRequest):
        users.set_password("amy", "")
    with pytest.raises(NotFound):
        users.set_password("ben", "password")
    assert users.getUserIdList().count("ben") == 0


class TestTokens:
    def test_a_token_stands_for_its_user(self, users: Any) -> None:
        users.add_user("amy", None, [AUTHOR])
        token = users.create_token("amy", "for the gateway")
        assert users.authenticate_token(token) == users.get_user("amy")
        (known,) = users.list_tokens("amy")
        assert (known.title, known.expires) == ("for the gateway", None)
        assert token.rpartition("_")[2] not in repr(known)

    def test_others_do_not(self, users: Any) -> None:
        users.add_user("amy")
        token = users.create_token("amy")
        for wrong in ("", "_", token[:-1], token + "x", token.replace("wendelin", "other"), "wendelin_0_0", "é"):
            assert users.authenticate_token(wrong) is None

    def test_it_ends(self, users: Any) -> None:
        users.add_user("amy")
        token = users.create_token("amy", expires=datetime.now(UTC) + timedelta(hours=1))
        assert users.authenticate_token(token)
        (known,) = users.list_tokens()
        users._tokens[known.id] = type(known)(**{**vars(known), "expires": datetime.now(UTC)})
        assert users.authenticate_token(token) is None

    def test_it_can_be_revoked(self, users: Any) -> None:
        users.add_user("amy")
        token, other = users.create_token("amy"), users.create_token("amy")
        users.revoke_token(users.list_tokens()[0].id)
        assert [users.authenticate_token(one) is None for one in (token, other)] == [True, False]
        with pytest.raises(NotFound):
            users.revoke_token("nothing")

    def test_it_goes_with_its_user(self, users: Any) -> None:
        users.add_user("amy")
        token = users.create_token("amy")
        users.del_user("amy")
        users.add_user("amy")
        assert users.authenticate_token(token) is None

    def test_what_cannot_be(self, users: Any) -> None:
        users.add_user("amy")
        with pytest.raises(NotFound):
            users.create_token("ben")
        for expires in (datetime.now(UTC), datetime(2100, 1, 1)):
            with pytest.raises(BadRequest):
                users.create_token("amy", expires=expires)


def test_users_change_their_own_password(users: Any) -> None:
    users.add_user("amy", "old one")
    with as_user(users.get_user("amy")):
        with pytest.raises(Unauthorized):
            users.changeOwnPassword("wrong", "new one")
        users.changeOwnPassword("old one", "new one")
    assert users.authenticate("amy", "new one")
    with as_user(ANONYMOUS), pytest.raises(Unauthorized):
        users.changeOwnPassword("", "new one")


def test_only_managers_look_at_users(users: Any) -> None:
    users.add_user("amy", "password", [AUTHOR])
    assert check_permission(MANAGE_USERS, users, User("m", frozenset({MANAGER})))
    with as_user(users.get_user("amy")):
        for name in ("getUserIdList", "amy", "newContent", "objectValues"):
            with pytest.raises(Unauthorized):
                require_attribute(users, name)
        require_attribute(users, "changeOwnPassword")
    with as_user(User("m", frozenset({MANAGER}))):
        for name in ("authenticate", "set_password", "create_token", "_tokens", "get_session_stamp"):
            with pytest.raises(Unauthorized):
                require_attribute(users, name)


def test_find_user(site: Any, users: Any) -> None:
    users.add_user("amy")
    assert find_user(site, "amy") == users.get_user("amy")
    assert (find_user(site, SYSTEM.id), find_user(site, ANONYMOUS.id)) == (SYSTEM, ANONYMOUS)
    assert find_user(site, "ben") is None
