"""The subcommands against a running instance, and some against one that is stopped."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.core.launcher.instances import RunningInstance, processes_of, wendelin
from wendelin.core.cli import CORE_COMMANDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory):
    """The folder of an instance that runs."""
    instance = RunningInstance(tmp_path_factory.mktemp("instance") / "var")
    yield instance.var
    assert instance.stop(signal.SIGINT) == 0
    assert not processes_of(instance.var)


@pytest.mark.parametrize("name", CORE_COMMANDS)
def test_every_command_explains_itself(name: str, tmp_path: Path) -> None:
    result = wendelin(tmp_path, name, "--help")
    assert result.returncode == 0, result.stderr
    assert "--var DIR" in result.stdout and result.stdout.startswith(f"usage: wendelin {name}")


def test_a_folder_without_an_instance_is_one_sentence(tmp_path: Path) -> None:
    for command in (("show",), ("shell", "-c", "1"), ("user", "list"), ("pack",), ("serve",), ("worker",)):
        result = wendelin(tmp_path / "none", *command)
        assert result.returncode == 1, command
        assert result.stderr.startswith("wendelin: there is no instance in "), result.stderr
        assert len(result.stderr.splitlines()) == 1


# -- shell


def test_shell_commits_at_the_end(var: Path) -> None:
    assert wendelin(var, "shell", "-c", "context.title = 'Mine'").returncode == 0
    assert wendelin(var, "shell", "-c", "print(context.title)").stdout == "Mine\n"


def test_shell_keeps_nothing_when_an_exception_escapes(var: Path) -> None:
    result = wendelin(var, "shell", "-c", "context.description = 'lost'\n1 / 0")
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Traceback") and lines[-1] == "ZeroDivisionError: division by zero"
    assert "1 / 0" in result.stderr and "shell.py" not in result.stderr
    assert wendelin(var, "shell", "-c", "print(context.getProperty('description'))").stdout != "lost\n"


def test_shell_runs_a_file_and_what_it_commits_stays(var: Path, tmp_path: Path) -> None:
    script = tmp_path / "fix.py"
    script.write_text(
        "import transaction\n"
        "context.short_title = 'kept'\n"
        "transaction.commit()\n"
        "context.short_title = 'lost'\n"
        "def fail():\n    raise KeyError('stop')\n"
        "fail()\n"
    )
    result = wendelin(var, "shell", str(script))
    assert result.returncode == 1 and f'File "{script}", line 7' in result.stderr
    assert wendelin(var, "shell", "-c", "print(context.short_title)").stdout == "kept\n"


def test_shell_reads_a_program_from_standard_input(var: Path) -> None:
    assert (
        wendelin(var, "shell", stdin="print(context.getPath(), transaction.__name__)").stdout == "/erp5 transaction\n"
    )


def test_shell_passes_on_an_exit_status(var: Path) -> None:
    assert wendelin(var, "shell", "-c", "import sys; sys.exit(3)").returncode == 3
    assert wendelin(var, "shell", "-c", "raise SystemExit").returncode == 0


def test_shell_syntax_errors_are_shown(var: Path) -> None:
    result = wendelin(var, "shell", "-c", "def")
    assert result.returncode == 1 and "SyntaxError" in result.stderr


def test_shell_with_a_user_checks_rights(var: Path) -> None:
    assert wendelin(var, "user", "add", "nobody", "--random").returncode == 0
    code = "from wendelin.core.security import check_permission, VIEW; print(check_permission(VIEW, context))"
    assert wendelin(var, "shell", "--user", "nobody", "-c", code).stdout == "False\n"
    assert wendelin(var, "shell", "-c", code).stdout == "True\n"
    result = wendelin(var, "shell", "--user", "ghost", "-c", code)
    assert result.returncode == 1 and result.stderr == "wendelin: there is no user 'ghost'\n"


def test_an_interactive_shell(var: Path) -> None:
    """On a real terminal: what is typed runs, an error does not end it, leaving commits."""
    import os
    import pty
    import subprocess
    import sys

    main, child = pty.openpty()
    command = [sys.executable, "-m", "wendelin.core.cli", "shell", "--var", str(var)]
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, close_fds=True)
    os.close(child)
    os.write(main, b"1/0\ncontext.short_title = 'typed'\nexit()\n")
    output = b""
    try:
        while block := os.read(main, 4096):
            output += block
    except OSError:  # the terminal is closed when the process has ended
        pass
    assert process.wait(60) == 0, output
    assert b"ZeroDivisionError" in output and b"`context` is the site /erp5" in output
    assert wendelin(var, "shell", "-c", "print(context.short_title)").stdout == "typed\n"


# -- user


def test_users_are_added_changed_and_listed(var: Path) -> None:
    added = wendelin(var, "user", "add", "ada", "--role", "Author", "--stdin", stdin="first password\n")
    assert added.returncode == 0, added.stderr
    assert wendelin(var, "user", "roles", "ada").stdout == "ada: Author\n"
    assert wendelin(var, "user", "roles", "ada", "Auditor", "Assignor").returncode == 0
    assert "ada: Assignor Auditor\n" in wendelin(var, "user", "list").stdout
    changed = wendelin(var, "user", "password", "ada", "--random")
    password = re.fullmatch(r"password: (\S{16})\n", changed.stdout)[1]
    code = "import sys; print(context.acl_users.authenticate('ada', sys.stdin.read()) is not None)"
    assert wendelin(var, "shell", "-c", code, stdin=password).stdout == "True\n"
    assert wendelin(var, "shell", "-c", code, stdin="first password").stdout == "False\n"


def test_wrong_uses_of_user_are_one_sentence(var: Path) -> None:
    for command in (("roles", "ghost", "Manager"), ("password", "ghost", "--random"), ("add", "x", "--stdin")):
        result = wendelin(var, "user", *command)
        assert result.returncode == 1 and len(result.stderr.splitlines()) == 1, command


def test_a_random_password_is_printed_only_when_it_is_somebody_s(var: Path) -> None:
    assert wendelin(var, "user", "add", "rose", "--random").stdout.startswith("password: ")
    for command in (("add", "rose", "--random"), ("password", "ghost", "--random")):
        result = wendelin(var, "user", *command)
        assert result.returncode == 1 and result.stdout == "", command


# -- template, pack, backup


def test_templates_are_listed_installed_and_uninstalled(var: Path) -> None:
    assert re.search(r"New +erp5_wendelin ", wendelin(var, "template", "list").stdout)
    installed = wendelin(var, "template", "install", "erp5_wendelin")
    assert installed.returncode == 0, installed.stderr
    assert re.search(r"Present +erp5_wendelin ", wendelin(var, "template", "list").stdout)
    removed = wendelin(var, "template", "uninstall", "erp5_wendelin")
    assert removed.returncode == 0, removed.stderr
    assert re.search(r"New +erp5_wendelin ", wendelin(var, "template", "list").stdout)
    unknown = wendelin(var, "template", "install", "no_such_template")
    assert unknown.returncode == 1 and "no_such_template" in unknown.stderr


def test_pack_says_what_it_saved(var: Path) -> None:
    result = wendelin(var, "pack", "--days", "0")
    assert result.returncode == 0, result.stderr
    assert re.match(r"packed: [\d.]+ MB before, [\d.]+ MB after", result.stdout)


def test_a_backup_becomes_a_new_instance(var: Path, tmp_path: Path) -> None:
    """Made while the first one runs. Of the stopped one, each command starts a database server for its own time."""
    assert wendelin(var, "shell", "-c", "context.title = 'Backed up'").returncode == 0
    made = wendelin(var, "backup", str(tmp_path / "backup"))
    assert made.returncode == 0 and made.stdout.startswith("full backup")
    new = tmp_path / "new"
    restored = wendelin(new, "restore", str(tmp_path / "backup"))
    assert restored.returncode == 0, restored.stderr
    before = wendelin(new, "shell", "-c", "print(context.title)")
    assert before.stdout == "Backed up\n", before.stderr
    assert RunningInstance(new).stop() == 0
    shown = wendelin(new, "show")
    assert shown.returncode == 0 and "Stopped" in shown.stdout
    assert "those of the restored site" in shown.stdout and "(as of the first start)" not in shown.stdout
    assert wendelin(new, "shell", "-c", "print(context.title)").stdout == "Backed up\n"
    assert not processes_of(new)
    again = wendelin(new, "restore", str(tmp_path / "backup"))
    assert again.returncode == 1 and "exists" in again.stderr
