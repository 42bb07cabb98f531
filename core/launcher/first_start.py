"""``python -m wendelin.core.launcher.first_start VAR``: brings the database of an instance up to date.

An empty database gets the site, the first user and the business templates that every site starts with; one of an
older version gets its evolution steps. Each step is one transaction and looks first whether it was done, so that a
start that was interrupted goes on where it stopped, also when the database server was started again meanwhile. Runs as
a process of its own: the launcher itself stays small.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ZODB.Connection import Connection

from wendelin.core.business_templates import bootstrap, install
from wendelin.core.database import OUTAGE, Database, open_database
from wendelin.core.errors import WendelinError
from wendelin.core.instance.var_folder import Credentials, Instance
from wendelin.core.model.objects.site import SITE_ID, create_site, evolve, get_site, pending_evolution
from wendelin.core.security import SYSTEM, as_user

FIRST_TEMPLATE = "erp5_wendelin_configurator"
FIRST_ROLES = ("Manager", "Member", "Author", "Auditor", "Assignor", "Assignee", "Associate")


def create_bare_site(connection: Connection) -> bool:
    """The site with erp5_core; False when it is there."""
    if SITE_ID in connection.root():
        return False
    bootstrap(create_site(connection.root()))
    return True


def has_users(connection: Connection) -> bool:
    """Whether anybody can log in to the site."""
    return SITE_ID in connection.root() and bool(get_site(connection).acl_users.getUserIdList())


def create_first_user(connection: Connection, credentials: Credentials) -> bool:
    """The user that the operator logs in with; False when it is there, whatever its password became."""
    users = get_site(connection).acl_users
    if users.get_user(credentials.user) is not None:
        return False
    users.add_user(credentials.user, credentials.password, FIRST_ROLES)
    return True


def install_first_template(connection: Connection) -> bool:
    """The configurator, from which all else is installed; False when it is there."""
    site = get_site(connection)
    if FIRST_TEMPLATE in site.portal_templates.getInstalledBusinessTemplateTitleList():
        return False
    install(site, FIRST_TEMPLATE, install_dependency=True)
    return True


def run_evolution(database: Database) -> Iterator[str]:
    """Run the evolution steps that the site lacks, a transaction each; yields what was done."""
    with database.connect() as connection:
        pending = pending_evolution(get_site(connection))
    for step in pending:
        name = f"Evolution step {step.options['number']} of {step.plugin}"
        with database.transaction(SYSTEM.id, name) as connection:
            evolve(get_site(connection), step)
        yield f"{name}: {step.options['description']}"


def bring_up_to_date(database: Database, instance: Instance) -> Iterator[str]:
    """All of the above, in order; yields a line for each thing that was done."""
    steps: list[tuple[str, Callable[[Connection], bool]]] = [
        ("Created the site erp5", create_bare_site),
        (f"Installed {FIRST_TEMPLATE}", install_first_template),
    ]
    with database.connect() as connection:
        is_new = not has_users(connection)
    if is_new:  # a restored site has its users already: no password that is made here would be theirs
        credentials = instance.make_credentials()
        steps.insert(
            1, (f"Created the user {credentials.user}", lambda connection: create_first_user(connection, credentials))
        )
    with as_user(SYSTEM):
        for description, step in steps:
            if database.run(step, user=SYSTEM.id, description=description):
                yield description
        yield from run_evolution(database)


def main(var: str) -> int:
    """Print a line for each step; 1 and one sentence on stderr when a step cannot be done."""
    instance = Instance(var).require()

    def work() -> None:
        with open_database(instance.database_config) as database:
            for line in bring_up_to_date(database, instance):
                print(line, flush=True)

    def tell(attempt: int, error: Exception) -> None:
        print(f"wendelin: waiting for the database: {error}", file=sys.stderr, flush=True)

    try:
        OUTAGE.call(work, tell=tell)
    except WendelinError as error:
        print(f"wendelin: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
