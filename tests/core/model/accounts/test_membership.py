"""What scripts of the site learn about the current user."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.errors import Unauthorized
from wendelin.core.security import ANONYMOUS, AUDITOR, AUTHOR, OWNER, User, as_user

AMY = User("amy", frozenset({AUTHOR}))


@pytest.fixture
def run(site: Any) -> Any:
    """``run(expression)``: what a script that returns it gives."""

    def run(expression: str) -> Any:
        site.portal_skins.layer("custom").put_file("Base_ask.py", f"return {expression}\n".encode())
        return site.Base_ask()

    return run


def test_who_is_asking(run: Any, site: Any) -> None:
    site.permission_map = {"View": ("Anonymous",)}
    member = "context.portal_membership.getAuthenticatedMember()"
    with as_user(AMY):
        assert run(f"{member}.getUserName()") == run(f"{member}.getId()") == "amy"
        assert run(f"{member}.getRoles()") == [AUTHOR]
        assert run("context.portal_membership.isAnonymousUser()") is False
    with as_user(ANONYMOUS):
        assert run(f"{member}.getUserName()") == "Anonymous User"
        assert run("context.portal_membership.isAnonymousUser()") is True


def test_roles(site: Any) -> None:
    with as_user(AMY):
        document = site.portal_preferences.newContent(portal_type="Preference")
    assert AMY.has_role(AUTHOR) and AMY.has_role([AUDITOR, AUTHOR]) and not AMY.has_role(OWNER)
    assert AMY.has_role(OWNER, document) and not AMY.has_role(AUDITOR, document)


def test_what_one_may_do(run: Any, site: Any) -> None:
    with as_user(AMY):
        assert run("context.portal_membership.checkPermission('View', context)") is True
        assert run("context.portal_membership.checkPermission('Manage portal', context)") is False
        assert run("context.Base_checkPermission('portal_preferences', 'Add portal content')") is True
        assert run("context.Base_checkPermission('acl_users', 'View')") is False
        assert run("context.Base_checkPermission('no/where', 'View')") is False


def test_the_tool_tells_nothing_about_others(run: Any) -> None:
    with as_user(AMY), pytest.raises(Unauthorized):
        run("context.portal_membership.newContent(portal_type='User')")
