"""Where the sockets of an instance stand: private, whatever the length of its path."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from wendelin.core.errors import LauncherError
from wendelin.core.instance.sockets import choose_socket
from wendelin.core.instance.var_folder import Instance

LONG = Path("/srv") / ("x" * 100) / "run"


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_a_short_path_is_in_var() -> None:
    assert Instance("/srv/var").choose_zeo_address() == "/srv/var/run/zeo.sock"


def test_a_long_one_is_in_a_private_folder_that_can_be_bound(temporary: Path) -> None:
    path = choose_socket(LONG, "zeo.sock")
    assert path == choose_socket(LONG, "zeo.sock") != choose_socket(LONG.with_name("other"), "zeo.sock")
    folder = Path(path).parent
    assert folder.parent == temporary and folder.stat().st_mode & 0o777 == 0o700
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path + ".4194304")


def test_a_folder_that_others_can_enter_is_refused(temporary: Path) -> None:
    Path(choose_socket(LONG, "zeo.sock")).parent.chmod(0o711)
    with pytest.raises(LauncherError, match="open to others"):
        choose_socket(LONG, "zeo.sock")


def test_a_link_to_a_folder_is_refused(temporary: Path) -> None:
    folder = Path(choose_socket(LONG, "zeo.sock")).parent
    folder.rename(temporary / "elsewhere")
    folder.symlink_to(temporary / "elsewhere")
    with pytest.raises(LauncherError, match="somebody else"):
        choose_socket(LONG, "zeo.sock")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of somebody else")
def test_a_folder_of_somebody_else_is_refused(temporary: Path) -> None:
    folder = Path(choose_socket(LONG, "zeo.sock")).parent
    os.chown(folder, 65534, 65534)
    with pytest.raises(LauncherError, match="somebody else"):
        choose_socket(LONG, "zeo.sock")


def test_without_a_short_folder_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "y" * 100)
    with pytest.raises(LauncherError, match="both too long"):
        choose_socket(LONG, "zeo.sock")
