"""How the command line finds its subcommands, those of plugins included."""

from __future__ import annotations

import os

import pytest

from wendelin.core import cli
from wendelin.core.errors import BadRequest
from wendelin.core.registry import PluginConfig, Registry


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A plugin with commands; nothing else is registered."""
    registry = Registry()
    config = PluginConfig(registry, "test")

    def fail(arguments: list[str]) -> int:
        raise BadRequest("that cannot be")

    config.add_command("hello", lambda arguments: print("hello", *arguments) or 7, "greets")
    config.add_command("fail", fail, "fails")
    monkeypatch.setattr(cli, "get_registry", lambda: registry)
    monkeypatch.setenv("WENDELIN_VAR", "before")
    return registry


def test_help_lists_the_commands_of_core_and_of_plugins(registry: Registry, capsys) -> None:
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    for name in (*cli.CORE_COMMANDS, "hello"):
        assert f"\n  {name} " in printed
    assert "greets" in printed


def test_no_command_is_a_wrong_use(registry: Registry) -> None:
    assert cli.main([]) == 2


def test_an_unknown_command_is_a_wrong_use(registry: Registry, capsys) -> None:
    assert cli.main(["nonsense"]) == 2
    assert "no command 'nonsense'" in capsys.readouterr().err


def test_a_plugin_s_command_gets_its_arguments_and_gives_the_status(registry: Registry, capsys) -> None:
    assert cli.main(["hello", "a", "--b"]) == 7
    assert capsys.readouterr().out == "hello a --b\n"


@pytest.mark.parametrize("words", [["--var", "there"], ["--var=there"]])
def test_var_before_the_command_is_an_environment_variable(registry: Registry, words: list[str]) -> None:
    cli.main([*words, "hello"])
    assert os.environ["WENDELIN_VAR"] == os.path.abspath("there")


@pytest.mark.parametrize("words", [["--var", "there"], ["--var=there"], ["--var", "here", "--var=there"]])
def test_var_after_a_plugin_s_command_is_the_same(registry: Registry, words: list[str], capsys) -> None:
    """The parser of the command need not know it; what follows ``--`` is the command's own."""
    assert cli.main(["hello", "a", *words, "--b", "--", "--var", "c"]) == 7
    assert os.environ["WENDELIN_VAR"] == os.path.abspath("there")
    assert capsys.readouterr().out == "hello a --b -- --var c\n"


def test_a_var_without_a_folder_is_left_to_the_command(registry: Registry, capsys) -> None:
    assert cli.main(["hello", "--var"]) == 7
    assert capsys.readouterr().out == "hello --var\n" and os.environ["WENDELIN_VAR"] == "before"


def test_help_is_aligned_whatever_the_names(registry: Registry, capsys) -> None:
    PluginConfig(registry, "test").add_command("a-very-long-name", lambda arguments: 0, "AAA")
    cli.main(["--help"])
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert lines["a-very-long-name"].index("AAA") == lines["hello"].index("greets")


def test_an_error_is_one_sentence(registry: Registry, capsys) -> None:
    assert cli.main(["fail"]) == 1
    assert capsys.readouterr().err == "wendelin: that cannot be\n"


def test_an_interruption_is_no_traceback(registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def interrupt(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    PluginConfig(registry, "test").add_command("wait", interrupt, "waits")
    assert cli.main(["wait"]) == 1
    assert capsys.readouterr().err == "wendelin: interrupted\n"
