"""The command ``wendelin``: finds the subcommand, gives it its arguments, says errors in one sentence.

Subcommands of core are modules of `wendelin.core.commands`; plugins add theirs with ``config.add_command(name,
function, help)``, where ``function(argv)`` returns the exit status and finds the instance in ``$WENDELIN_VAR``.

A package of its own, because it stands above all that it calls, and `core` itself below.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType

from wendelin.core.errors import WendelinError
from wendelin.core.instance.var_folder import VAR_VARIABLE
from wendelin.core.instance.var_option import add_var
from wendelin.core.registry import get_registry

CORE_COMMANDS = (
    "standalone",
    "show",
    "configure",
    "serve",
    "worker",
    "shell",
    "user",
    "template",
    "backup",
    "restore",
    "pack",
)


def core_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one subcommand; only that one's module is imported, so that ``show`` answers at once."""
    module = importlib.import_module(f"wendelin.core.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"wendelin {name}", description=describe(module))
    add_var(parser)
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)
    return parser


def describe(module: ModuleType) -> str:
    """What stands after the command's name in the docstring of its module."""
    return (module.__doc__ or "").partition(":")[2].strip()


def find_help() -> dict[str, str]:
    """``{subcommand: one line}``, core's first."""
    lines = {name: importlib.import_module(f"wendelin.core.commands.{name}").HELP for name in CORE_COMMANDS}
    return lines | {name: entry.options["help"] for name, entry in get_registry().get("command").items()}


def print_help() -> None:
    """What ``wendelin --help`` prints."""
    print("usage: wendelin COMMAND [--var DIR] [...]\n\ncommands:")
    lines = find_help()
    width = max(map(len, lines))
    for name, line in lines.items():
        print(f"  {name:<{width}}  {line}")
    print("\n'wendelin COMMAND --help' explains one. --var names the folder of the instance (default: ./var).")


def split_var(arguments: list[str]) -> tuple[str | None, list[str]]:
    """``--var DIR`` or ``--var=DIR`` before the subcommand, and the rest."""
    if arguments[:1] == ["--var"] and len(arguments) > 1:
        return arguments[1], arguments[2:]
    if arguments and arguments[0].startswith("--var="):
        return arguments[0][6:], arguments[1:]
    return None, arguments


def take_var(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The last ``--var`` among the arguments of a plugin's command, and the rest; what follows ``--`` is left alone.

    So every command takes it, also one whose parser does not know it.
    """
    found, rest, left = None, [], list(arguments)
    while left and left[0] != "--":
        value, after = split_var(left)
        if value is None:
            rest.append(left[0])
            after = left[1:]
        found, left = value or found, after
    return found, rest + left


def dispatch(arguments: list[str]) -> int:
    """Run a subcommand; its exit status. 2 for one that does not exist, as argparse does."""
    var, arguments = split_var(arguments)
    use_var(var)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print_help()
        return 0 if arguments else 2
    name, *rest = arguments
    if name in CORE_COMMANDS:
        parsed = core_parser(name).parse_args(rest)
        return int(parsed.run(parsed))
    command: Callable[[list[str]], int] | None = get_registry().value("command", name)
    if command is None:
        print(f"wendelin: there is no command {name!r}; 'wendelin --help' lists them", file=sys.stderr)
        return 2
    var, rest = take_var(rest)
    use_var(var)
    return command(rest)


def use_var(folder: str | None) -> None:
    """Let this process, and all that it starts, take that folder for the instance."""
    if folder:
        os.environ[VAR_VARIABLE] = os.path.abspath(folder)


def main(arguments: list[str] | None = None) -> int:
    """The entry point; errors raised on purpose become one sentence on stderr and status 1."""
    try:
        return dispatch(sys.argv[1:] if arguments is None else arguments)
    except WendelinError as error:
        print(f"wendelin: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("wendelin: interrupted", file=sys.stderr)
    return 1
