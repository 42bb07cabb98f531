"""``wendelin user``: add a user, change a password or roles, list users."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys

from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.core.launcher.database_server import instance_database
from wendelin.core.model.accounts.users import UserFolder
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

HELP = "add a user, change a password or roles, list users"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four actions and what each is about."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a user")
    add.add_argument("id")
    add.add_argument("--role", action="append", dest="roles", default=[], help="a role; may be repeated")
    add_password(add)
    password = actions.add_parser("password", help="set a user's password; all sessions of the user end")
    password.add_argument("id")
    add_password(password)
    roles = actions.add_parser("roles", help="replace a user's roles; without ROLE, print them")
    roles.add_argument("id")
    roles.add_argument("roles", nargs="*", metavar="ROLE")
    listing = actions.add_parser("list", help="list users with their roles")
    for each in (add, password, roles, listing):
        add_var(each, again=True)


def add_password(parser: argparse.ArgumentParser) -> None:
    """How a password is given: never as an argument, which every user of the machine could read."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--random", action="store_true", help="make one, and print it")
    choice.add_argument("--stdin", action="store_true", help="read it from standard input (default: ask)")


def read_password(arguments: argparse.Namespace) -> str:
    """As the options say; `BadRequest` when it is empty or was typed differently the second time."""
    if arguments.random:
        password = secrets.token_urlsafe(12)  # `run` prints it, once it is the user's
    elif arguments.stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise BadRequest("the two passwords differ")
    if not password:
        raise BadRequest("the password is empty")
    return password


def act(users: UserFolder, arguments: argparse.Namespace, password: str | None) -> None:
    """One action on the user folder of a site."""
    if arguments.action == "list":
        for user_id in users.getUserIdList():
            print_user(users, user_id)
        return
    if arguments.action == "add":
        users.add_user(arguments.id, password, tuple(arguments.roles))
        return
    if users.get_user(arguments.id) is None:
        raise NotFound(f"there is no user {arguments.id!r}")
    if arguments.action == "password":
        users.set_password(arguments.id, password)
    elif arguments.roles:
        users.set_roles(arguments.id, tuple(arguments.roles))
    else:
        print_user(users, arguments.id)


def print_user(users: UserFolder, user_id: str) -> None:
    """A line with the roles that were given; Authenticated and Anonymous come with every login."""
    user = users.get_user(user_id)
    roles = sorted(user.roles - {"Authenticated", "Anonymous"}) if user is not None else []
    print(f"{user_id}: {' '.join(roles) or '-'}")


def run(arguments: argparse.Namespace) -> int:
    """Read a password where one is needed, and do the action in one transaction."""
    password = read_password(arguments) if arguments.action in ("add", "password") else None
    with instance_database(get_instance(arguments)) as database, as_user(SYSTEM):
        database.run(
            lambda connection: act(get_site(connection).acl_users, arguments, password),
            user=SYSTEM.id,
            description=f"wendelin user {arguments.action}",
        )
    if password is not None and arguments.random:
        print(f"password: {password}")
    return 0
