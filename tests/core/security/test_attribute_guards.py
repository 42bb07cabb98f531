"""Which permission guards what a script or a URL may name on a document."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.errors import AttributeNotFound, Unauthorized
from wendelin.core.model.objects.copying import walk
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.scripting.restricted.access import guarded_getattr, guarded_getitem
from wendelin.core.security import (
    ACCESS,
    ADD,
    ANONYMOUS,
    AUDITOR,
    CHANGE_LOCAL_ROLES,
    DELETE,
    MANAGE,
    MANAGE_USERS,
    MANAGER,
    MODIFY,
    OWNER,
    PERMISSIONS,
    PUBLIC,
    ROLES,
    SET_OWN_PASSWORD,
    VIEW,
    User,
    as_user,
    attribute_permission,
    check_attribute,
    check_permission,
    declared_permission,
    find_guard,
    private,
    protected,
    public,
    require_attribute,
)

NOBODY = User("nobody")
READER = User("reader", frozenset({AUDITOR}))


class Machine(Folder):
    """A document class with every kind of declaration."""

    attribute_permissions = {"maker": VIEW, "serial": None}
    maker = "us"
    serial = 7
    speed = 3

    @protected(MODIFY)
    def accelerate(self) -> None:
        self.speed += 1

    @public
    def greet(self) -> str:
        return "hello"

    @private
    def explode(self) -> None: ...

    def undeclared(self) -> None: ...

    @property
    @protected(VIEW)
    def colour(self) -> str:
        return "red"

    @property
    def weight(self) -> int:
        return 9

    def attribute_permission_of(self, name: str) -> str | None:
        return VIEW if name == "made_up" else None


class Better(Machine):
    """Overrides without declaring."""

    def accelerate(self) -> None:
        self.speed += 10

    def explode(self) -> None: ...

    @protected(MANAGE)
    def greet(self) -> str:
        return "welcome"


@pytest.fixture
def machine(site: Any, add_type: Any, add_sheet: Any) -> Any:
    add_sheet(
        "Machine",
        property=[
            {"id": "speed", "type": "integer"},
            {"id": "label"},
            {"id": "secret", "read_permission": MANAGE, "write_permission": MANAGE},
        ],
    )
    add_type(
        "Machine",
        module="machine_module",
        type_class=f"{__name__}.Better",
        property_sheet_list=["Machine"],
        allowed_content_type_list=["Machine"],
        workflow_list=["validation_workflow"],
    )
    machine = site.machine_module.newContent(portal_type="Machine", label="x")
    machine.newContent(id="part", portal_type="Machine")
    return machine


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("maker", VIEW),
        ("serial", None),
        ("colour", VIEW),
        ("weight", None),
        ("undeclared", None),
        ("made_up", VIEW),
        ("accelerate", MODIFY),
        ("explode", None),
        ("greet", MANAGE),
        ("speed", ACCESS),
        ("label", ACCESS),
        ("getLabel", ACCESS),
        ("setLabel", MODIFY),
        ("secret", MANAGE),
        ("getSecret", MANAGE),
        ("setSecret", MANAGE),
        ("_setLabel", None),
        ("_owner", None),
        ("__class__", None),
        ("workflow_history", None),
        ("uid", None),
        ("__parent__", None),
        ("getValidationState", ACCESS),
        ("validate", PUBLIC),
        ("part", ACCESS),
        ("newContent", ADD),
        ("manage_delObjects", DELETE),
        ("manage_setLocalRoles", CHANGE_LOCAL_ROLES),
        ("getId", PUBLIC),
        ("nothing_of_that_name", None),
    ],
)
def test_what_guards_a_name(machine: Any, name: str, permission: str | None) -> None:
    assert attribute_permission(machine, name) == permission


def test_a_child_is_guarded_by_its_own_permission(machine: Any) -> None:
    part = machine["part"]
    guard = find_guard(machine, "part")
    assert guard is not None and guard.document is part
    part.permission_map = {}
    part.validate()
    part.invalidate()
    part.delete()
    with as_user(READER):
        require_attribute(machine["part"].getParentValue(), "getLabel")
        with pytest.raises(Unauthorized, match="'part'"):
            require_attribute(machine, "part")


def test_what_is_acquired_is_guarded_where_it_is(machine: Any, site: Any) -> None:
    guard = find_guard(machine, "portal_preferences")
    assert guard is not None and guard.document is site.portal_preferences
    with as_user(READER):
        assert check_attribute(machine, "portal_catalog")
        assert not check_attribute(machine, "acl_users")


def test_a_skin_method_needs_view_of_its_context(machine: Any) -> None:
    name = "Document_archiveOlderVersions"
    guard = find_guard(machine, name)
    assert guard == (machine, VIEW)
    with as_user(NOBODY), pytest.raises(Unauthorized):
        require_attribute(machine, name)


def test_a_skin_method_comes_before_what_is_acquired(machine: Any, site: Any) -> None:
    name = "Document_archiveOlderVersions"
    site.machine_module.newContent(id=name, portal_type="Machine")
    assert find_guard(machine, name) == (machine, VIEW)
    assert find_guard(site.machine_module, name) == (site.machine_module[name], ACCESS)


def test_what_only_the_instance_has_is_private(machine: Any) -> None:
    machine.noted = 1
    assert find_guard(machine, "noted") == (machine, None)
    assert find_guard(machine["part"], "noted") == (machine, None)
    with as_user(User("m", frozenset({MANAGER}))):
        assert not check_attribute(machine, "noted")


@pytest.mark.parametrize("name", ["id", "roles", "is_anonymous", "getId", "getUserName", "getRoles", "has_role"])
def test_scripts_may_ask_a_user_who_it_is(name: str) -> None:
    assert declared_permission(User, name) == PUBLIC


@pytest.mark.parametrize("name", ["is_system", "effective_roles", "__init__"])
def test_the_rest_of_a_user_is_private(name: str) -> None:
    assert declared_permission(User, name) not in PERMISSIONS and declared_permission(User, name) != PUBLIC


def test_refusals_name_user_attribute_and_document(machine: Any) -> None:
    with as_user(READER):
        with pytest.raises(Unauthorized, match=r"'reader'.*'setLabel'.*/erp5/machine_module/1.*Modify portal content"):
            require_attribute(machine, "setLabel")
        with pytest.raises(Unauthorized, match="private"):
            require_attribute(machine, "explode")
        with pytest.raises(AttributeNotFound, match="nothing_of_that_name"):
            require_attribute(machine, "nothing_of_that_name")
        assert not check_attribute(machine, "nothing_of_that_name")


def test_roles_decide(machine: Any) -> None:
    with as_user(READER):
        assert check_attribute(machine, "getLabel") and not check_attribute(machine, "setLabel")
    with as_user(User("m", frozenset({MANAGER}))):
        assert check_attribute(machine, "setLabel") and not check_attribute(machine, "explode")


#: What users with roles may do to the tools, beyond naming and reading them.
GIVEN = {("portal_preferences", ADD)}


def test_only_managers_change_the_site_and_its_tools(site: Any) -> None:
    worker = User("worker", frozenset(ROLES) - {MANAGER, OWNER})
    for tool in [site, *site.objectValues()]:
        if tool is site or tool.getId().startswith(("portal_", "acl_")):
            for permission in (MODIFY, ADD, DELETE, CHANGE_LOCAL_ROLES, MANAGE):
                allowed = (tool.getId(), permission) in GIVEN
                assert check_permission(permission, tool, worker) is allowed, (tool, permission)


SERVICES = {"portal_catalog", "portal_membership", "portal_workflow", "portal_preferences", "portal_activities"}


@pytest.mark.parametrize("user", [ANONYMOUS, NOBODY], ids=lambda user: user.id)
def test_without_roles_nothing_in_a_fresh_site_is_to_be_had(site: Any, machine: Any, user: User) -> None:
    for document in walk(site):
        for permission in (*PERMISSIONS, "Any other"):
            if permission == SET_OWN_PASSWORD or (permission == ACCESS and document.getId() in SERVICES):
                continue  # one's own account; tools that scripts of everybody name, and that check for themselves
            assert not check_permission(permission, document, user), (document, permission)


@pytest.mark.parametrize("user", [ANONYMOUS, NOBODY], ids=lambda user: user.id)
def test_without_roles_no_method_that_changes_anything_is_reached(site: Any, machine: Any, user: User) -> None:
    changing = ("set", "edit", "new", "manage_", "delete", "copyContent", "activate", "install", "reindex")
    with as_user(user):
        for document in walk(site):
            for name in dir(type(document)):
                if name.startswith(changing):
                    allowed = check_attribute(document, name)
                    # These check for themselves: they change nothing that is not the user's own.
                    assert not allowed or (document.getId(), name) == ("portal_preferences", "setPreference"), name


def test_managers_manage_users(site: Any) -> None:
    assert check_permission(MANAGE_USERS, site.acl_users, User("m", frozenset({MANAGER})))


class TestPropertiesByName:
    """What takes names of properties asks for the permission of each property; scripts call it as `guarded_getattr`."""

    def test_reading(self, machine: Any) -> None:
        machine._edit(secret="s")
        machine.manage_setLocalRoles("ada", ["Auditor"])
        with as_user(User("ada")):
            assert guarded_getattr(machine, "getProperty")("label") == "x"
            for name in ("getProperty", "hasProperty"):
                with pytest.raises(Unauthorized, match="may not read the property 'secret'"):
                    guarded_getattr(machine, name)("secret")
        with as_user(User("zoe", frozenset({"Manager"}))):
            assert guarded_getattr(machine, "getProperty")("secret") == "s"

    def test_changing(self, machine: Any) -> None:
        machine.manage_setLocalRoles("ada", ["Assignor"])
        with as_user(User("ada")):
            guarded_getattr(machine, "edit")(label="y", title="t")
            for call in (
                lambda: guarded_getattr(machine, "edit")(label="z", secret="s"),
                lambda: guarded_getattr(machine, "setProperty")("secret", "s"),
                lambda: guarded_getattr(machine, "newContent")(portal_type="Machine", secret="s"),
            ):
                with pytest.raises(Unauthorized, match="may not change the property 'secret'"):
                    call()
            guarded_getattr(machine, "newContent")(portal_type="Machine", label="s")
        assert machine.label == "y" and machine.getProperty("secret") is None

    def test_through_a_relation(self, machine: Any, site: Any) -> None:
        site.portal_types.Machine.edit(base_category_list=("source",))
        other = machine.newContent(portal_type="Machine", secret="s", label="o")
        machine.edit(source_value=other)
        machine.manage_setLocalRoles("ada", ["Auditor"])
        with as_user(User("ada")):
            read = guarded_getattr(machine, "getSourceProperty")
            assert read("label") == "o"
            with pytest.raises(Unauthorized):
                read("secret")


def test_only_what_may_be_deleted_is(machine: Any, site: Any) -> None:
    site.machine_module.manage_setLocalRoles("ada", ["Assignor"])
    machine.part.permission_map = {DELETE: frozenset({"Manager"})}
    machine.newContent("other", portal_type="Machine")
    with as_user(User("ada")), pytest.raises(Unauthorized):
        machine.manage_delObjects(["other", "part"])
    assert {"other", "part"} <= set(machine)


def test_copies_are_put_only_where_one_may_add(machine: Any, site: Any) -> None:
    machine.manage_setLocalRoles("ada", ["Assignor"])
    with as_user(User("ada")):
        assert guarded_getattr(machine, "copyContent")(["part"])[0].getParentValue() is machine
        with pytest.raises(Unauthorized):
            guarded_getattr(machine, "copyContent")(["part"], target=site.machine_module)
        with pytest.raises(Unauthorized):
            guarded_getattr(machine, "Base_createCloneDocument")()


def test_a_type_may_ask_for_more_than_adding(machine: Any, site: Any) -> None:
    site.portal_types.Machine.edit(permission=MANAGE)
    site.machine_module.manage_setLocalRoles("ada", ["Assignor"])
    with as_user(User("ada")), pytest.raises(Unauthorized):
        site.machine_module.newContent(portal_type="Machine")


def test_a_temporary_copy_shows_children_with_their_own_rights(machine: Any) -> None:
    machine.manage_setLocalRoles("ada", ["Auditor"])
    with as_user(User("ada")):
        copy = guarded_getattr(machine, "asContext")(label="z")
        assert guarded_getitem(copy, "part") is machine.part
    copy.newContent("more", portal_type="Machine")
    copy.manage_delObjects(["part"])
    assert list(machine) == ["part"] and machine.label == "x"
