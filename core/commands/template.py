"""``wendelin template``: list, install and uninstall business templates."""

from __future__ import annotations

import argparse

from ZODB.Connection import Connection

from wendelin.core import business_templates
from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.core.launcher.database_server import instance_database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

HELP = "list, install and uninstall business templates"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three actions and what each is about."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list what is installed and what can be")
    install = actions.add_parser("install", help="install templates, and what they depend on")
    install.add_argument("titles", nargs="+", metavar="TITLE")
    uninstall = actions.add_parser("uninstall", help="remove a template and all that it brought")
    uninstall.add_argument("title", metavar="TITLE")
    uninstall.add_argument(
        "--remove-user-data", action="store_true", help="also delete what users made in its modules or of its types"
    )
    for each in (listing, install, uninstall):
        add_var(each, again=True)


def act(connection: Connection, arguments: argparse.Namespace) -> None:
    """One action on the site."""
    site = get_site(connection)
    if arguments.action == "install":
        new = business_templates.install(site, arguments.titles, install_dependency=True)
        print(f"installed: {', '.join(new)}" if new else "nothing to do: installed already")
    elif arguments.action == "uninstall":
        business_templates.uninstall(site, arguments.title, arguments.remove_user_data)
        print(f"uninstalled: {arguments.title}")
    else:
        for template in business_templates.available(site):
            version = template.installed_version or template.version
            summary = template.description.partition("\n")[0]
            print(f"{template.state:<8} {template.title:<32} {version:<8} {summary}")


def run(arguments: argparse.Namespace) -> int:
    """Do the action in one transaction."""
    with instance_database(get_instance(arguments)) as database, as_user(SYSTEM):
        database.run(
            lambda connection: act(connection, arguments),
            user=SYSTEM.id,
            description=f"wendelin template {arguments.action}",
        )
    return 0
