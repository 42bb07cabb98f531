"""Every rule by which a user has a permission, or has not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.security import (
    ACCESS,
    ADD,
    ANONYMOUS,
    ANONYMOUS_ROLE,
    ASSIGNABLE_ROLES,
    ASSIGNEE,
    ASSIGNOR,
    AUDITOR,
    AUTHENTICATED,
    AUTHOR,
    CHANGE_LOCAL_ROLES,
    DELETE,
    MANAGE,
    MANAGER,
    MANAGER_PERMISSION_MAP,
    MODIFY,
    OWNER,
    PERMISSIONS,
    PUBLIC,
    ROLES,
    SERVICE_PERMISSION_MAP,
    SET_OWN_PASSWORD,
    SYSTEM,
    VIEW,
    User,
    allowed_principals,
    allowed_roles,
    as_user,
    check_permission,
    get_user,
    principals_of,
    private,
    protected,
    proxy_roles,
    public,
    require_permission,
    roles_in_context,
    set_local_roles,
    set_user,
)


class Place:
    """The least that security asks of a document."""

    def __init__(self, parent: Place | None = None, **attributes: Any) -> None:
        self.__parent__ = parent
        self.__dict__.update(attributes)

    def getPath(self) -> str:
        return "/here"


AMY = User("amy", frozenset({ASSIGNEE}))
NOBODY = User("nobody", frozenset({AUTHENTICATED}))


def test_the_current_user_is_the_system_until_someone_says_otherwise() -> None:
    with as_user(SYSTEM):
        assert get_user() is SYSTEM
        with as_user(AMY):
            assert get_user() is AMY
            set_user(ANONYMOUS)
            assert get_user() is ANONYMOUS
        assert get_user() is SYSTEM


def test_the_user_comes_back_after_an_error() -> None:
    with as_user(SYSTEM):
        with pytest.raises(ZeroDivisionError), as_user(AMY):
            _ = 1 / 0
        assert get_user() is SYSTEM


@pytest.mark.parametrize("permission", PERMISSIONS)
@pytest.mark.parametrize("user", [ANONYMOUS, User("nobody"), NOBODY], ids=lambda user: user.id)
def test_who_has_no_role_is_refused_by_default(permission: str, user: User) -> None:
    own_account = permission == SET_OWN_PASSWORD and not user.is_anonymous
    assert check_permission(permission, Place(), user) is own_account


@pytest.mark.parametrize("permission", [*PERMISSIONS, "Something that nobody lists"])
def test_a_manager_may_by_default_do_everything(permission: str) -> None:
    manager = User("m", frozenset({MANAGER}))
    assert check_permission(permission, Place(), manager)
    assert check_permission(permission, Place(), SYSTEM)


def test_defaults_of_the_other_roles() -> None:
    place = Place()
    auditor, author = User("u", frozenset({AUDITOR})), User("v", frozenset({AUTHOR}))
    assert check_permission(VIEW, place, auditor) and not check_permission(ADD, place, auditor)
    assert check_permission(ADD, place, author) and not check_permission(MODIFY, place, author)
    assert check_permission(MODIFY, place, AMY) and not check_permission(DELETE, place, AMY)
    assert not check_permission(MANAGE, place, AMY)


def test_public_is_for_all_and_private_for_the_system_alone() -> None:
    assert check_permission(PUBLIC, Place(permission_map=MANAGER_PERMISSION_MAP), ANONYMOUS)
    assert not check_permission(None, Place(), User("m", frozenset(ROLES)))
    assert check_permission(None, Place(), SYSTEM)


def test_the_nearest_map_answers_first() -> None:
    site = Place(permission_map={VIEW: (AUDITOR,)})
    folder = Place(site, permission_map={MODIFY: (AUTHOR,)})
    document = Place(folder, permission_map={VIEW: (ANONYMOUS_ROLE,)})
    assert allowed_roles(VIEW, document) == {ANONYMOUS_ROLE}
    assert allowed_roles(MODIFY, document) == {AUTHOR}
    assert allowed_roles(VIEW, folder) == {AUDITOR}
    assert allowed_roles(MODIFY, site) == allowed_roles(MODIFY, Place())


def test_a_map_may_answer_for_every_other_permission() -> None:
    tool = Place(Place(), permission_map=SERVICE_PERMISSION_MAP)
    assert check_permission(ACCESS, tool, ANONYMOUS)
    assert allowed_roles(VIEW, tool) == allowed_roles("Anything", tool) == {MANAGER}


def test_the_class_may_have_the_map() -> None:
    class Tool(Place):
        permission_map = MANAGER_PERMISSION_MAP

    assert not check_permission(VIEW, Tool(), AMY)
    assert check_permission(VIEW, Tool(permission_map={VIEW: (ASSIGNEE,)}), AMY)


def test_what_anonymous_may_do_everybody_may() -> None:
    published = Place(permission_map={VIEW: (ANONYMOUS_ROLE,)})
    assert all(check_permission(VIEW, published, user) for user in (ANONYMOUS, NOBODY, AMY, User("plain")))


def test_authenticated_is_not_anonymous() -> None:
    place = Place(permission_map={VIEW: (AUTHENTICATED,)})
    assert check_permission(VIEW, place, User("plain"))
    assert not check_permission(VIEW, place, ANONYMOUS)


def test_ownership_and_local_roles_come_down_from_containers() -> None:
    site = Place(_local_roles={"amy": (AUDITOR,)})
    folder = Place(site, _owner="amy")
    document = Place(folder, _local_roles={"amy": (ASSIGNOR,), "ben": (MANAGER,)})
    assert roles_in_context(AMY, document) >= {ASSIGNEE, AUDITOR, OWNER, ASSIGNOR}
    assert MANAGER not in roles_in_context(AMY, document)
    assert OWNER not in roles_in_context(AMY, site)
    assert check_permission(MANAGE, document, User("ben"))
    assert not check_permission(MANAGE, folder, User("ben"))


def test_a_document_can_stop_local_roles_from_coming_down() -> None:
    folder = Place(_owner="amy")
    assert OWNER not in roles_in_context(AMY, Place(Place(folder, acquire_local_roles=False)))


def test_principals_are_found_up_to_where_local_roles_stop() -> None:
    site = Place(_owner="eve", permission_map={VIEW: (OWNER, AUDITOR)})
    folder = Place(site, _owner="amy", _local_roles={"ben": (AUDITOR,), "cat": (AUTHOR,)})
    document = Place(folder, _owner="dan")
    assert allowed_principals(VIEW, document) == (AUDITOR, OWNER, "user:amy", "user:ben", "user:dan", "user:eve")
    folder.acquire_local_roles = False  # type: ignore[attr-defined]
    assert allowed_principals(VIEW, document) == (AUDITOR, OWNER, "user:amy", "user:ben", "user:dan")


def test_a_user_has_a_role_by_the_account_or_on_a_document() -> None:
    folder = Place(_local_roles={"amy": (AUTHOR,)})
    assert AMY.has_role(ASSIGNEE) and AMY.has_role(ASSIGNEE, folder)
    assert AMY.has_role(AUTHENTICATED) and not ANONYMOUS.has_role(AUTHENTICATED)
    assert not AMY.has_role(AUTHOR) and AMY.has_role(AUTHOR, folder)
    assert AMY.has_role([MANAGER, ASSIGNEE]) and not AMY.has_role([MANAGER, AUDITOR], folder)
    assert AMY.has_role((MANAGER, AUTHOR), folder)


def test_nobody_owns_anonymously() -> None:
    place = Place(_owner=ANONYMOUS.id, _local_roles={ANONYMOUS.id: (MANAGER,)})
    assert roles_in_context(ANONYMOUS, place) == {ANONYMOUS_ROLE}
    assert f"user:{ANONYMOUS.id}" not in allowed_principals(VIEW, place)


def test_require_says_who_what_and_where() -> None:
    with pytest.raises(Unauthorized, match=r"'amy'.*/here.*'Manage portal'"):
        require_permission(MANAGE, Place(), AMY)
    with pytest.raises(Unauthorized, match="private"):
        require_permission(None, Place(), AMY)
    require_permission(VIEW, Place(), AMY)


def test_proxy_roles_add_to_those_of_the_user() -> None:
    with as_user(AMY):
        with proxy_roles([MANAGER]) as user:
            assert (user.id, user.roles) == ("amy", {ASSIGNEE, MANAGER})
            assert check_permission(MANAGE, Place())
        assert not check_permission(MANAGE, Place())


def test_declarations() -> None:
    @protected(MODIFY)
    def change() -> None: ...

    @public
    def tell() -> None: ...

    @private
    def hide() -> None: ...

    assert (change.__permission__, tell.__permission__, hide.__permission__) == (MODIFY, PUBLIC, None)  # type: ignore[attr-defined]


class TestLocalRoles:
    def test_a_manager_gives_and_takes(self) -> None:
        place = Place()
        with as_user(User("m", frozenset({MANAGER}))):
            set_local_roles(place, "ben", [ASSIGNOR, ASSIGNEE, ASSIGNEE])
            assert place._local_roles == {"ben": (ASSIGNEE, ASSIGNOR)}
            set_local_roles(place, "ben", [])
        assert place._local_roles == {}

    def test_others_need_the_permission(self) -> None:
        with as_user(AMY), pytest.raises(Unauthorized, match=CHANGE_LOCAL_ROLES):
            set_local_roles(Place(), "ben", [ASSIGNEE])

    def test_nobody_gives_more_than_they_have(self) -> None:
        with as_user(User("a", frozenset({ASSIGNOR}))):
            with pytest.raises(Unauthorized, match="without having it"):
                set_local_roles(Place(), "a", [MANAGER])
            set_local_roles(Place(), "ben", [ASSIGNOR])

    def test_roles_of_logging_in_cannot_be_given(self) -> None:
        with as_user(SYSTEM), pytest.raises(BadRequest, match=AUTHENTICATED):
            set_local_roles(Place(), "ben", [AUTHENTICATED])


USER_IDS = ("amy", "ben", "eve", ANONYMOUS.id)
role_lists = st.lists(st.sampled_from(ROLES), max_size=3).map(tuple)
permission_names = st.sampled_from([VIEW, MODIFY, MANAGE, "Run notebooks"])


@st.composite
def places(draw: st.DrawFn) -> Place:
    place = None
    for _ in range(draw(st.integers(1, 4))):
        attributes: dict[str, Any] = {"_owner": draw(st.sampled_from(("", *USER_IDS)))}
        attributes["_local_roles"] = draw(st.dictionaries(st.sampled_from(USER_IDS), role_lists, max_size=2))
        attributes["permission_map"] = draw(
            st.dictionaries(st.sampled_from([VIEW, MODIFY, "*"]), role_lists, max_size=2)
        )
        if draw(st.booleans()):
            attributes["acquire_local_roles"] = False
        place = Place(place, **attributes)
    assert place is not None
    return place


@st.composite
def users(draw: st.DrawFn) -> User:
    user_id = draw(st.sampled_from(USER_IDS))
    if user_id == ANONYMOUS.id:
        return ANONYMOUS
    return User(user_id, draw(st.frozensets(st.sampled_from(ASSIGNABLE_ROLES), max_size=2)))


@given(places(), users(), permission_names)
def test_principals_agree_with_the_decision(place: Place, user: User, permission: str) -> None:
    visible = not principals_of(user).isdisjoint(allowed_principals(permission, place))
    assert visible == check_permission(permission, place, user)


@given(places(), users(), permission_names)
def test_the_decision_is_that_the_roles_meet(place: Place, user: User, permission: str) -> None:
    met = not roles_in_context(user, place).isdisjoint(allowed_roles(permission, place))
    assert met == check_permission(permission, place, user)
