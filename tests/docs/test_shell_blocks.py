"""What the documentation lets readers type into a shell.

Commands of the platform are given to the real parsers. Python is run, and so is curl, against a server of the test.
Commands that would change the machine (apt-get, pip, git, ...) are known by name, and their syntax is checked.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest import MonkeyPatch

from tests.docs.code_blocks import ROOT, Block, blocks_of
from tests.docs.page_names import TESTED_ELSEWHERE
from tests.docs.parsers import parse_command
from tests.web_fixtures import PASSWORD, Server
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

BLOCKS = blocks_of("shell")
SHELL_PYTHON = [block for block in BLOCKS if "wendelin shell -c" in block.text and block.page not in TESTED_ELSEWHERE]
#: Commands of other programs, which are not run: they install, or stay in the foreground.
OTHER_PROGRAMS = {"apt-get", "git", "cd", "export", "pip", "bash", "chmod"}


def commands_of(block: Block) -> list[list[str]]:
    """The words of each command; lines that end with a backslash go on, comments do not count."""
    lines = block.text.replace("\\\n", " ").splitlines()
    commands = [shlex.split(line.replace("&&", "\n&&").partition("\n")[0], comments=True) for line in lines]
    commands += [shlex.split(line.partition("&&")[2], comments=True) for line in lines if "&&" in line]
    return [words for words in commands if words]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_the_syntax_is_right(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_commands_take_these_arguments(block: Block) -> None:
    for words in commands_of(block):
        program = Path(words[0]).name
        if program == "wendelin":
            parse_command(words[1:])
        elif words[:2] == ["bash", "wendelin-standalone"]:
            parse_command(["standalone", *words[2:]])
        elif words[:2] == ["bash", "wendelin-test"] or words[1:3] == ["-m", "pytest"]:
            check_tests([word for word in words[2:] if word.startswith("tests/")])
        elif program.startswith("python"):
            check_python(words[1:])
        elif program not in {"curl", "ruff", "mypy"}:
            assert program in OTHER_PROGRAMS, program


def check_tests(places: list[str]) -> None:
    """Files and folders of tests, and single tests after ``::``, are there."""
    for place in places:
        path, _, name = place.partition("::")
        assert (ROOT / path).exists(), place
        assert not name or f"def {name}(" in (ROOT / path).read_text("utf-8"), place


def check_python(arguments: list[str]) -> None:
    """A program of the sources is there; what stands after ``-c`` compiles."""
    if arguments[0] == "-c":
        compile(arguments[1], "<documentation>", "exec")
    elif arguments[0] != "-m":
        assert (ROOT / arguments[0]).is_file(), arguments


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: MonkeyPatch) -> Path:
    """The working folder of somebody who follows the documentation, with the files that it speaks of."""
    from tests.plugins.ingestion.conftest import pack

    (tmp_path / "sound.wav").write_bytes(bytes(2000))
    for name in ("chunk", "chunk.msgpack"):
        (tmp_path / name).write_bytes(pack(b"one", b"two"))
    (tmp_path / "part").write_bytes(bytes(1000))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: apt-get install curl")
@pytest.mark.parametrize("block", [block for block in BLOCKS if "curl" in block.text], ids=str)
def test_curl_is_answered(block: Block, server: Server, folder: Path) -> None:
    """Runs the block as it stands, but for the address and the password."""
    prepare_stream(server)
    text = block.text.replace("http://127.0.0.1:5080", server.url).replace("http://HOST:5080", server.url)
    text = text.replace("PASSWORD", shlex.quote(PASSWORD))
    lines = [line for line in text.splitlines() if " -m pip " not in line]
    program = 'set -e\ncurl() { command curl --silent --show-error --fail "$@"; }\n' + "\n".join(lines)
    subprocess.run(["bash", "-c", program], cwd=folder, check=True, timeout=60)


def prepare_stream(server: Server) -> None:
    """A stream of 1000 bytes, a policy, and the sensor's account."""
    with as_user(SYSTEM), server.database.transaction() as connection:
        site = get_site(connection)
        site.data_stream_module.newContent("1", portal_type="Data Stream").appendData(bytes(1000))
        site.acl_users.add_user("sensor-7", PASSWORD, [])
        site.portal_ingestion_policies["pydata"].manage_setLocalRoles("sensor-7", ["Author"])


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if "wendelin shell -c" in block.text and block.page not in TESTED_ELSEWHERE],
    ids=str,
)
def test_python_for_the_shell_runs(block: Block, site: Any) -> None:
    for user in ("sensor-7", "forwarder", "mqtt"):
        site.acl_users.add_user(user, PASSWORD, [])
    for words in commands_of(block):
        if words[1:3] == ["shell", "-c"]:
            exec(compile(words[3], str(block), "exec"), {"context": site})


def test_an_argument_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(SystemExit):
        parse_command(["user", "add", "amy", "--colour", "red"])
    with pytest.raises(KeyError):
        parse_command(["usr"])
