"""The argument parsers of ``wendelin``, as they are: reached through the command itself, stopped before it acts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from unittest import mock

from wendelin.core.cli import CORE_COMMANDS, dispatch
from wendelin.core.registry import get_registry


class Parsed(Exception):
    """A parser has taken its arguments; ``parser`` and ``values`` are what it is and found."""

    def __init__(self, parser: argparse.ArgumentParser, values: argparse.Namespace) -> None:
        super().__init__(parser.prog)
        self.parser, self.values = parser, values


def command_names() -> list[str]:
    """Every subcommand, core's first."""
    return [*CORE_COMMANDS, *get_registry().get("command")]


def parse_command(arguments: list[str]) -> Parsed:
    """Let ``wendelin ARGUMENTS`` parse, and go no further. `SystemExit` for arguments that it does not take."""
    names = [word for word in arguments if not word.startswith("-")]
    if arguments[:1] in (["--help"], ["--var"]):
        return Parsed(argparse.ArgumentParser(), argparse.Namespace())
    if names[0] not in command_names():
        raise KeyError(f"there is no command {names[0]!r}")
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser: argparse.ArgumentParser, args: list[str] | None = None) -> None:
        raise Parsed(parser, parse(parser, args))

    with mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop):
        try:
            dispatch(arguments)
        except Parsed as parsed:
            return parsed
    raise AssertionError(f"wendelin {names[0]} does not parse its arguments with argparse")


def find_parser(name: str) -> argparse.ArgumentParser:
    """The parser of a subcommand, without giving it arguments."""

    def stop(parser: argparse.ArgumentParser, args: list[str] | None = None) -> None:
        raise Parsed(parser, argparse.Namespace())

    with mock.patch.object(argparse.ArgumentParser, "parse_args", stop):
        try:
            dispatch([name])
        except Parsed as parsed:
            return parsed.parser
    raise AssertionError(f"wendelin {name} does not parse its arguments with argparse")


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The long options, or the only short one, of a parser and of its subcommands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield name
                yield from options_of(child)
        elif action.option_strings and action.dest not in ("help", "var"):
            yield max(action.option_strings, key=len)
