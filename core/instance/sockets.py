"""Unix sockets of an instance: in ``var/run``, or in a short private folder when that path is too long for one.

What listens on such a socket trusts everybody who can connect: ZEO has no passwords. So the folder that the socket
stands in is open to its owner alone, and nothing of an instance listens on TCP for want of a short path.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from wendelin.core.errors import LauncherError

# sun_path holds 108 bytes with the closing zero; supervisord appends ".<pid>" while it binds.
SOCKET_PATH_LIMIT = 107 - len(".4194304")


def choose_socket(run_folder: Path, name: str) -> str:
    """The path of a socket of the instance whose folder ``run`` is given; the same at every call.

    :raises LauncherError: there is no folder that is short enough and private.
    """
    path = str(run_folder / name)
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    folder = _short_folder(run_folder)
    path = str(folder / name)
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise LauncherError(
            f"{run_folder} and {folder} are both too long for the path of a socket ({SOCKET_PATH_LIMIT} bytes): "
            "choose a shorter --var, or a shorter TMPDIR"
        )
    _make_private(folder)
    return path


def _short_folder(run_folder: Path) -> Path:
    """A folder of this user and this instance among the temporary files."""
    digest = hashlib.sha256(os.fsencode(run_folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"wendelin-{os.getuid()}-{digest}"


def _make_private(folder: Path) -> None:
    """Make the folder, or take one that is a real folder, ours, and closed to others.

    Anybody may make folders among the temporary files: one that somebody else made first must not be used.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise LauncherError(f"{folder}, for the sockets of this instance, cannot be made: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise LauncherError(
            f"{folder} was made by somebody else, or is open to others, so the sockets of this instance "
            "would not be private there: remove it, or choose a shorter --var"
        )
