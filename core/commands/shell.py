"""``wendelin shell``: Python with the site at hand.

``context`` is the site and ``transaction`` the module: ``transaction.commit()`` does what it says at any time. At the
end everything is committed, unless an exception escaped.
"""

from __future__ import annotations

import argparse
import code
import linecache
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import transaction

from wendelin.core.database import Database, sign_transaction
from wendelin.core.errors import NotFound
from wendelin.core.instance.var_option import get_instance
from wendelin.core.launcher.database_server import instance_database
from wendelin.core.model.objects.site import Site, get_site
from wendelin.core.security import SYSTEM, User, as_user

HELP = "run Python with the site as `context`; commits at the end unless an exception escapes"
BANNER = """Python {version}. `context` is the site {path}, you are {user}.
What you change is kept when you leave (Ctrl-D) or call transaction.commit(); transaction.abort() drops it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose rights, and what to run."""
    parser.add_argument("--user", metavar="ID", help="with that user's rights (default: nothing is checked)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("-c", dest="code", metavar="CODE", help="run this")
    source.add_argument("file", nargs="?", metavar="FILE", help="run this file (default: ask line by line)")


def run(arguments: argparse.Namespace) -> int:
    """Run the program or the lines; 1 when an exception escaped, and nothing is kept then."""
    source = read_source(arguments)
    with instance_database(get_instance(arguments)) as database, bound_site(database) as site:
        user = find_user(site, arguments.user)
        with as_user(user):
            names = {"__name__": "__main__", "context": site, "transaction": transaction}
            status = interact(site, user, names) if source is None else execute(*source, names)
            if status == 0:
                sign_transaction(transaction.get(), user.id, "wendelin shell")
                transaction.commit()
            return status


def read_source(arguments: argparse.Namespace) -> tuple[str, str] | None:
    """``(text, file name)`` of what to run; None to ask line by line. Standard input that is no terminal is a file."""
    if arguments.code is not None:
        return arguments.code, "<command>"
    if arguments.file is not None:
        path = Path(arguments.file)
        if not path.is_file():
            raise NotFound(f"there is no file {path}")
        return path.read_text("utf-8"), str(path)
    return None if sys.stdin.isatty() else (sys.stdin.read(), "<stdin>")


@contextmanager
def bound_site(database: Database) -> Iterator[Site]:
    """The site in a connection that follows the thread's own transaction, so that ``import transaction`` works."""
    manager = transaction.manager.manager
    with database.connect(manager) as connection:
        yield get_site(connection)


def find_user(site: Site, user_id: str | None) -> User:
    """The user of ``--user``, or the one whom nothing is refused."""
    if user_id is None:
        return SYSTEM
    user: User | None = site.acl_users.get_user(user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id!r}")
    return user


def execute(text: str, name: str, names: dict[str, Any]) -> int:
    """Run a program; its exit status. An exception that escapes is printed, without our own frames, and gives 1."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    try:
        exec(_compile(text, name), names)
    except SystemExit as request:
        return exit_status(request)
    except BaseException as error:
        skipped = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, skipped)
        return 1
    return 0


def _compile(text: str, name: str) -> CodeType:
    # without this module's `from __future__ import annotations`
    return compile(text, name, "exec", dont_inherit=True)


def exit_status(request: SystemExit) -> int:
    """As Python itself reads ``sys.exit(x)``: nothing is 0, a number is itself, a text is printed and 1."""
    if request.code is None or isinstance(request.code, int):
        return request.code or 0
    print(request.code, file=sys.stderr)
    return 1


def interact(site: Site, user: User, names: dict[str, Any]) -> int:
    """Line by line, with completion and history of lines where the terminal has them; ``exit()`` leaves as Ctrl-D."""
    try:
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
    except ImportError:  # a Python without readline: typing still works
        pass
    banner = BANNER.format(version=sys.version.split()[0], path=site.getPath(), user=user.id)
    try:
        code.interact(banner=banner, local=names, exitmsg="")
    except SystemExit as request:
        return exit_status(request)
    return 0
